"""Dropout is that of the textbooks, whatever the type and the layout; PyTorch's is the measure."""

import pytest
import torch

from smalti.models.dropout import Dropout


def layer(part):
    torch.manual_seed(0)
    return Dropout(part).train()


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("part", [0.1, 0.25, 0.5, 0.999])
def test_the_part_dropped_is_the_one_asked_for_and_the_mean_is_kept(part, kind):
    n = 400_000
    values = layer(part)(torch.ones(n, dtype=kind))
    kept = values != 0
    deviation = (part * (1 - part) / n) ** 0.5
    assert abs(1 - kept.double().mean() - part) < 4 * deviation
    scale = torch.tensor(1 / (1 - part), dtype=kind)
    assert (values[kept] == scale).all()
    assert values.dtype == kind


def test_the_gradient_goes_where_the_value_went():
    inputs = torch.randn(3, 5, 7, 2, requires_grad=True)
    outputs = layer(0.5)(inputs)
    outputs.sum().backward()
    dropped = outputs == 0
    assert 0 < dropped.sum() < dropped.numel()
    assert (inputs.grad[dropped] == 0).all()
    assert (inputs.grad[~dropped] == 2).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.contiguous(memory_format=torch.channels_last),
        lambda x: x[:, :, ::2],
        lambda x: x.transpose(1, 3),
        lambda x: x[:1].expand(4, -1, -1, -1),
        lambda x: x[:0],
        lambda x: x[0, 0, 0, 0],
    ],
    ids=["channels last", "with gaps", "transposed", "expanded", "empty", "a single value"],
)
def test_any_layout_keeps_its_shape_and_its_values(change):
    inputs = change(torch.rand(2, 3, 6, 5) + 1)
    outputs = layer(0.5)(inputs)
    assert outputs.shape == inputs.shape
    kept = outputs != 0
    torch.testing.assert_close(outputs[kept], 2 * inputs[kept])
    if inputs.numel() > 1:
        assert 0 < kept.sum() < kept.numel()


def test_neighbours_are_dropped_independently():
    kept = (layer(0.5)(torch.ones(200_000)) != 0).double()
    for distance in (1, 2, 3, 4, 8):
        both = (kept[distance:] * kept[:-distance]).mean()
        assert abs(both - 0.25) < 0.005


def test_the_seed_decides_whatever_the_number_of_threads():
    inputs, before = torch.ones(5, 1000), torch.get_num_threads()
    first = layer(0.3)(inputs)
    torch.set_num_threads(1)
    try:
        again = layer(0.3)(inputs)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(first, again)


def test_in_evaluation_and_with_nothing_to_drop_nothing_happens():
    inputs = torch.randn(4, 4)
    assert layer(0.5).eval()(inputs) is inputs
    assert layer(0.0)(inputs) is inputs


def test_elsewhere_it_is_pytorchs_own():
    inputs = torch.ones(8, 8, device="meta")
    assert layer(0.5)(inputs).device.type == "meta"
