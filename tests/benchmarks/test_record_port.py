"""The port of the record is the network, the steps, the pictures and the views it says it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from benchmarks import record_port
from benchmarks.record_port import Feed, Muon, Optimizers, Plan, RecordNet
from smalti import device
from smalti.models.building import count_parameters, describe
from tests.support import process_environment, shapes

TINY = Plan(widths=(32, 32, 32), epochs=4, batch_size=30, whitening_epochs=1)


def pictures(n: int) -> torch.Tensor:
    return torch.from_numpy(shapes(n, side=32, channels=3)[0]).permute(0, 3, 1, 2)


def test_the_network_has_the_published_size() -> None:
    model = RecordNet()
    assert count_parameters(model) == pytest.approx(1.97e6, rel=0.005)
    layers = describe(model, (32, 32, 3))
    multiplying = sum(layer.flop for layer in layers if layer.kind in ("Conv2d", "Linear"))
    assert multiplying == pytest.approx(236e6, rel=0.005)


def test_only_scales_and_whitening_filters_are_never_trained() -> None:
    model = RecordNet()
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    scales = {f"groups.{place}.{norm}.weight" for place in (1, 2, 3) for norm in (2, 5)}
    assert frozen == scales | {"whitening.weight"}
    assert float(model.head.weight.detach().std()) == pytest.approx(1)


def test_the_first_filters_hand_their_input_on() -> None:
    layer = record_port._convolution(4, 6)
    maps = torch.randn(2, 4, 5, 5)
    assert torch.equal(layer(maps)[:, :4], maps)


def test_whitening_gives_uncorrelated_answers_of_unit_variance() -> None:
    random = torch.Generator().manual_seed(0)
    mixing = torch.randn(3, 3, generator=random)
    inputs = torch.einsum("ij,njhw->nihw", mixing, torch.randn(200, 3, 16, 16, generator=random))
    filters = record_port.whitening_filters(inputs)
    assert filters.shape == (24, 3, 2, 2)
    assert torch.equal(filters[12:], -filters[:12])
    answers = torch.nn.functional.conv2d(inputs, filters[:12]).transpose(0, 1).flatten(1)
    assert torch.allclose(answers @ answers.T / answers.shape[1], torch.eye(12), atol=0.02)


def test_every_picture_is_flipped_every_other_epoch() -> None:
    feed = Feed(pictures(100), torch.zeros(100, dtype=torch.int64), batch_size=10)
    epochs = [feed.mirrored(epoch) for epoch in range(4)]
    assert 20 < int(epochs[0].sum()) < 80
    for before, after in pairwise(epochs):
        assert torch.equal(after, ~before)


def test_an_epoch_shows_every_picture_once_in_whole_batches() -> None:
    feed = Feed(pictures(25), torch.arange(25), batch_size=10)
    batches = list(feed.epoch(0))
    assert [len(labels) for _, labels in batches] == [10, 10]
    assert len(torch.cat([labels for _, labels in batches]).unique()) == 20
    assert batches[0][0].shape == (10, 3, 32, 32)
    assert batches[0][0].dtype == torch.float32


def test_shifted_pictures_reflect_at_the_border() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(8.0).expand(400, 1, 8, 8)
    rows = {tuple(row.tolist()) for row in record_port.shifted(ramp)[:, 0, 0]}
    assert rows == {
        (2, 1, 0, 1, 2, 3, 4, 5),
        (1, 0, 1, 2, 3, 4, 5, 6),
        (0, 1, 2, 3, 4, 5, 6, 7),
        (1, 2, 3, 4, 5, 6, 7, 6),
        (2, 3, 4, 5, 6, 7, 6, 5),
    }


def test_six_views_are_weighted_and_mirrored() -> None:
    inputs = torch.randn(2, 3, 32, 32)
    seen: list[torch.Tensor] = []

    def logits(view: torch.Tensor) -> torch.Tensor:
        seen.append(view)
        return torch.full((2, 1), float(len(seen)))

    answer = record_port.six_views(logits, inputs)
    assert answer[0, 0] == pytest.approx(0.25 * (1 + 2) + 0.125 * (3 + 4 + 5 + 6))
    centre, up_left, down_right = seen[::2]
    assert torch.equal(centre, inputs)
    assert torch.equal(up_left[..., 1:, 1:], inputs[..., :-1, :-1])
    assert torch.equal(down_right[..., :-1, :-1], inputs[..., 1:, 1:])
    for view, mirror_image in zip(seen[::2], seen[1::2], strict=True):
        assert torch.equal(mirror_image, view.flip(3))


def test_an_orthogonalised_step_has_nearly_equal_singular_values() -> None:
    torch.manual_seed(0)
    singular = torch.linalg.svdvals(record_port.orthogonalised(torch.randn(16, 144)))
    assert 0.5 < float(singular.min()) <= float(singular.max()) < 1.5


def test_a_kernel_is_brought_back_to_unit_filters_before_its_step() -> None:
    kernel = torch.nn.Parameter(5 * torch.randn(8, 4, 3, 3))
    kernel.grad = torch.randn_like(kernel)
    Muon([kernel], lr=0.0, momentum=0.6).step()
    assert float(kernel.detach().norm()) == pytest.approx(8**0.5, rel=1e-4)


def test_rates_fall_to_zero_and_the_whitening_bias_stops_first() -> None:
    model = RecordNet(TINY.widths)
    optimizers = Optimizers(model, TINY, steps=8, whitening_steps=2)
    rates = []
    for number in range(8):
        optimizers.step(number)
        rates.append([group["lr"] for group in optimizers._all])
    whitening, biases, head, kernels = zip(*rates, strict=True)
    assert whitening[:3] == (TINY.bias_rate, TINY.bias_rate / 2, 0)
    assert biases[4] == pytest.approx(TINY.bias_rate / 2)
    assert head[0] == TINY.head_rate
    assert kernels[7] == pytest.approx(TINY.filter_rate / 8)
    optimizers.step(0)
    decays = [group["lr"] * group["weight_decay"] for group in optimizers._all[:3]]
    assert decays == pytest.approx([2e-6 * TINY.batch_size] * 3)


def test_tiny_pictures_are_learned_and_the_same_seed_repeats() -> None:
    images, labels = shapes(120, side=32, channels=3)
    test_images, test_labels = shapes(60, side=32, channels=3, seed=1)
    hardware = device.choose("cpu", precision="float32", threads=1)

    def once() -> record_port.Result:
        return record_port.train(
            images, labels, test_images, test_labels, seed=3, plan=TINY, hardware=hardware
        )

    first, second = once(), once()
    assert first.pictures == 480
    assert first.six_views > 0.8
    assert (first.one_view, first.six_views) == (second.one_view, second.six_views)
    assert first.seconds > 0


def test_less_than_a_batch_is_refused() -> None:
    images, labels = shapes(20, side=32, channels=3)
    with pytest.raises(ValueError, match="at least 30 pictures, not 20"):
        record_port.train(images, labels, images, labels, plan=TINY)


@pytest.mark.slow
def test_on_its_own_it_prints_one_line_of_json(npz: Callable[..., Path]) -> None:
    data = npz(60, 30, side=32, channels=3)
    options = ["--epochs", "1", "--batch-size", "30", "--threads", "1", "--seed", "1"]
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.record", str(data), *options],
        capture_output=True, text=True, check=True, env=process_environment(),
    )  # fmt: skip
    told = json.loads(finished.stdout)
    assert told["n"] == 30
    assert told["epochs"] == 1
    assert set(told["accuracy"]) == {"1", "6"}
    assert told["seconds"] > 0
    assert told["threads"] == 1
