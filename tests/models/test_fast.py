"""The network of the speed recipes: sizes as published, white patches, a start that passes on."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from smalti.errors import SmaltiError
from smalti.models.building import Prepared, build, count_parameters, describe, takes_any_size
from smalti.models.fast import whitening_filters
from smalti.recipes import ModelConfig, resolve
from smalti.recipes.resolve import fit_to_pictures

CIFAR = (32, 32, 3)


def fast(shape=CIFAR, classes=10, **fields):
    return build(
        ModelConfig(**{"name": "fast", "filters": (64, 256, 256), **fields}), shape, classes
    )


def pictures(n=64, side=12, channels=3):
    """Return float32 pictures whose neighbours are alike and whose channels are, too."""
    noise = torch.randn(n, channels, side + 2, side + 2)
    smooth = nn.functional.avg_pool2d(noise, 3, stride=1)
    return smooth + smooth.mean(1, keepdim=True)


def test_it_has_the_parameters_and_the_operations_of_the_record():
    model = fast()
    # By hand: whitening, convolutions, two values a norm (its scale is fixed, but stored), output.
    convolutions = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256)
    norms = 2 * (2 * 64 + 4 * 256)
    assert count_parameters(model) == 24 * 12 + 24 + convolutions + norms + 2560
    flop = sum(layer.flop for layer in describe(model, CIFAR))
    assert flop == pytest.approx(236e6, rel=0.02)


def test_whitened_patches_have_no_correlation_and_the_variance_that_was_asked_for():
    filters = whitening_filters(pictures(400)).double()
    patches = nn.functional.conv2d(pictures(400).double(), filters).permute(0, 2, 3, 1)
    patches = patches.reshape(-1, 12)
    covariance = patches.T @ patches / len(patches)
    off = covariance - covariance.diagonal().diag()
    assert off.abs().max() < 0.1
    assert (covariance.diagonal() - 1).abs().max() < 0.1


def test_the_sign_of_a_direction_is_settled():
    filters = whitening_filters(pictures()).flatten(1)
    assert (filters.gather(1, filters.abs().argmax(1, keepdim=True)) > 0).all()


@pytest.mark.parametrize(
    ("patch", "shape", "filters", "side"),
    [(2, CIFAR, 24, 31), (3, CIFAR, 48, 30), (4, CIFAR, 48, 16), (4, (28, 28, 1), 32, 14)],
)
def test_patches_of_another_size(patch, shape, filters, side):
    model = fast(shape, patch=patch, filters=(8,))
    seen = pictures(40, shape[0], shape[2])
    model.prepare(seen)
    white = model.whitening(seen)
    assert white.shape == (40, filters, side, side)
    inner = white[:, : filters // 2, 1:-1, 1:-1]  # without what the border's zeros have touched
    assert inner.var((0, 2, 3)).detach().numpy() == pytest.approx(1, abs=0.15)


def test_pictures_of_one_grey_have_nothing_to_whiten():
    assert whitening_filters(torch.ones(8, 1, 6, 6)).isfinite().all()


def test_the_first_layer_takes_the_directions_and_their_negatives_and_is_not_trained():
    model = fast()
    assert isinstance(model, Prepared)
    seen = pictures()
    model.prepare(seen)
    directions = whitening_filters(seen)
    torch.testing.assert_close(model.whitening.weight.data, torch.cat([directions, -directions]))
    assert not model.whitening.weight.requires_grad
    assert model.whitening.bias.requires_grad


def test_without_whitening_the_first_layer_is_an_ordinary_one():
    model = fast(whitening=False, filters=(4, 6), identity_init=False)
    before = [parameter.clone() for parameter in model.parameters()]
    model.prepare(pictures())
    for parameter, same in zip(model.parameters(), before, strict=True):
        assert torch.equal(parameter, same)
    assert model[0].in_channels == 3


@pytest.mark.parametrize("identity", [True, False])
def test_a_convolution_begins_by_passing_its_inputs_on(identity):
    model = fast(filters=(30, 8), identity_init=identity)
    inputs = torch.randn(2, 24, 5, 5)
    passed = model.stage1_conv1(inputs)[:, :24]
    assert torch.allclose(passed, inputs, atol=1e-6) == identity
    narrow = model.stage2_conv1(torch.randn(1, 30, 5, 5))
    assert narrow.shape[1] == 8


def test_a_stage_pools_before_it_normalises():
    names = [name for name, _ in fast(filters=(4,)).named_children()]
    assert names == [
        "whitening", "whitening_activation",
        "stage1_conv1", "stage1_pool", "stage1_conv1_norm", "stage1_conv1_activation",
        "stage1_conv2", "stage1_conv2_norm", "stage1_conv2_activation",
        "largest", "flatten", "output",
    ]  # fmt: skip


def test_the_convolutions_behind_the_first_can_add_to_what_comes_in():
    model = fast(filters=(6,), depth=3, residual=True).eval()
    names = [name for name, _ in model.stage1_block.body.named_children()]
    assert names == ["conv2", "conv2_norm", "conv2_activation", "conv3", "conv3_norm"]
    inputs = torch.randn(2, 6, 5, 5)
    expected = nn.functional.relu(model.stage1_block.body(inputs) + inputs)
    assert torch.equal(model.stage1_block(inputs.clone()), expected)
    assert count_parameters(model) == count_parameters(fast(filters=(6,), depth=3))
    plain, residual = (fast(filters=(6, 8), depth=1, residual=it) for it in (False, True))
    assert list(plain.state_dict()) == list(residual.state_dict())


def test_the_scale_of_a_norm_stays_one():
    norms = [module for module in fast().modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 6
    assert all(not norm.weight.requires_grad and norm.bias.requires_grad for norm in norms)


def test_any_size_that_leaves_a_pixel_is_taken():
    model = fast(filters=(4, 4, 4))
    assert takes_any_size(model, CIFAR, (9, 20, 32, 48))
    assert not takes_any_size(model, CIFAR, (8,))
    assert not takes_any_size(build(ModelConfig(name="dense"), CIFAR, 10), CIFAR, (20,))


def test_small_pictures_get_fewer_stages():
    for patch, side, stages in ((2, 8, 2), (4, 8, 2), (4, 28, 3), (2, 28, 4), (2, 16, 3)):
        options = {"model.patch": patch, "model.filters": "4,4,4,4,4"}
        shape = (side, side, 1)
        model = fit_to_pictures(resolve("fast", "", options), shape).model
        assert len(model.filters) == stages, (patch, side)
        build(model, shape, 10)  # and one more would not fit
        with pytest.raises(SmaltiError, match="too small for this network"):
            build(replace(model, filters=(4,) * (stages + 1)), shape, 10)
    with pytest.raises(SmaltiError, match="4×4 pixels are too small"):
        fast((4, 4, 1))
