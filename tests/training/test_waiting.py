"""Nothing in an epoch asks a device for a value, which would be to wait for it.

PyTorch's device `meta` has shapes and no values: who asks a tensor there for one gets an error, and
so does who mixes it with tensors that forgot to move.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from smalti import device, names, transfer
from smalti.recipes import resolve
from smalti.training.feeding import Fed, Feeder
from smalti.training.muon import Muon
from smalti.training.objective import Objective
from smalti.training.optimizers import make_capturable, set_learning_rate
from smalti.training.placement import Batch, PlacedPart
from smalti.training.trainer import Trainer, _Totals
from tests.datasets import tiny_dataset

META = torch.device("meta")


class NoBlockingCopies(TorchDispatchMode):
    """Fails where tensors of the CPU go to the device in a copy that waits."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        result = function(*args, **(kwargs or {}))
        sources = {a.device.type for a in args if isinstance(a, torch.Tensor)}
        if isinstance(result, torch.Tensor) and result.device == META and "cpu" in sources:
            assert (kwargs or {}).get("non_blocking"), f"{function} waits"
        return result


@pytest.fixture
def as_to_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the one way to the device not wait, as it does not on the way to a GPU."""

    def send(values: torch.Tensor, to: torch.device) -> torch.Tensor:
        return values.to(to, non_blocking=True)

    for entry in names.AUGMENTATIONS.values():
        if entry.place:
            entry.load()
    known = transfer.send
    for module in list(sys.modules.values()):
        if vars(module).get("send") is known:
            monkeypatch.setattr(module, "send", send)


def test_a_copy_that_waits_is_caught():
    with NoBlockingCopies(), pytest.raises(AssertionError, match="waits"):
        torch.arange(3).to(META)


def batch(n: int = 6, side: int = 12, channels: int = 3) -> Batch:
    pixels = torch.empty(n, side, side, channels, dtype=torch.uint8, device=META)
    labels = torch.empty(n, dtype=torch.int64, device=META)
    return Batch(pixels.permute(0, 3, 1, 2), labels, torch.arange(n))


def test_the_device_without_values_tells_who_asks_for_one():
    with pytest.raises(RuntimeError):
        batch().labels.sum().item()
    with pytest.raises(NotImplementedError):
        batch().labels.cpu()


CHANGES = {
    **{f"policy {name}": {"augmentation.policy": name} for name in names.AUGMENTATIONS},
    "whole pixels": {
        "augmentation.policy": "affine",
        "augmentation.rotation": 0.0,
        "augmentation.zoom": 0.0,
        "augmentation.shift": 0.2,
        "augmentation.horizontal_flip": True,
    },
    "turned": {
        "augmentation.policy": "affine",
        "augmentation.rotation": 10.0,
        "augmentation.horizontal_flip": True,
    },
    "alternating": {"augmentation.alternating_flip": True},
    "erased": {"augmentation.erasing": 0.5},
    "mixed": {"augmentation.mixup": 0.3},
    "cut": {"augmentation.cutmix": 1.0},
    "either": {"augmentation.mixup": 0.3, "augmentation.cutmix": 1.0},
    "scaled": {"training.image_sizes": (8,), "model.pooling": "average"},
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.usefixtures("as_to_a_gpu")
def test_feeding_waits_for_no_value(change, channels):
    feeder = Feeder(resolve("cnn", "tiny", CHANGES[change]), 6)
    draws = torch.Generator().manual_seed(0)
    for _ in range(8):
        with NoBlockingCopies():
            fed = feeder.feed(batch(channels=channels), 1, draws)
        assert fed.pictures.device == META
        assert fed.labels.device == META


@pytest.mark.parametrize("name", names.MODELS)
@pytest.mark.parametrize("mixed", [False, True])
def test_a_step_up_to_its_gradients_waits_for_no_value(name, mixed):
    data = tiny_dataset(side=16, channels=3)
    trainer = Trainer(
        resolve(name, "tiny", {"training.batch_size": 6, "training.label_smoothing": 0.1}),
        data,
        device.choose("cpu", "float32", threads=1),
    )
    model = trainer.model.to(META).train()
    shown = batch(side=16)
    pictures = shown.pictures.float()
    fed = Fed(pictures, shown.labels)
    if mixed:
        fed = Fed(pictures, shown.labels, shown.labels, torch.empty(6, device=META))
    logits = model(pictures)
    loss = Objective(trainer.recipe.training, None).loss(logits, fed)
    loss.backward()
    totals = _Totals(META)
    totals.add(logits.detach(), fed.labels, loss.detach())
    with pytest.raises(RuntimeError):
        totals.loss()


@pytest.mark.usefixtures("as_to_a_gpu")
def test_batches_are_gathered_without_waiting():
    placed = PlacedPart(tiny_dataset().part("train"), META)
    with NoBlockingCopies():
        batches = list(placed.shuffled(20, torch.Generator().manual_seed(0)))
    for shown in batches:
        assert shown.pictures.device == shown.labels.device == META
        assert shown.positions.device.type == "cpu"


@pytest.mark.parametrize("unit_weights", [False, True])
def test_muons_step_waits_for_no_value(unit_weights):
    weight = nn.Parameter(torch.empty(4, 3, 3, 3, device=META))
    weight.grad = torch.empty_like(weight)
    bias = nn.Parameter(torch.empty(2, device=META))
    bias.grad = torch.empty_like(bias)
    others = [{"params": [bias], "weight_decay": 0.01, "rate_factor": 0.5}]
    optimizer = Muon([weight], others, 0.1, 0.01, 0.9, unit_weights)
    make_capturable(optimizer, META)
    with NoBlockingCopies():
        for _ in range(2):
            set_learning_rate(optimizer, 0.2)
            optimizer.step()
    assert optimizer.state[bias]["step"].device == META
