"""The depthwise-separable network."""

import torch
from torch import nn
from torch.nn import functional

from smalti.models.building import build, count_parameters
from smalti.models.dropout import Dropout
from smalti.models.residual import ResidualBlock
from smalti.recipes import ModelConfig


def separable(**fields):
    config = ModelConfig(**{"name": "separable", "filters": (8, 16), "depth": 2, **fields})
    return build(config, (16, 16, 3), 5)


def convolutions(model):
    return [module for module in model.modules() if isinstance(module, nn.Conv2d)]


def test_a_block_filters_each_map_by_itself_and_then_mixes_them():
    stem, *others = convolutions(separable())
    assert (stem.in_channels, stem.groups) == (3, 1)
    for depthwise, pointwise in zip(others[::2], others[1::2], strict=True):
        assert depthwise.groups == depthwise.in_channels == depthwise.out_channels
        assert depthwise.kernel_size == (3, 3)
        assert (pointwise.kernel_size, pointwise.groups) == ((1, 1), 1)
        assert pointwise.in_channels == depthwise.out_channels
    assert len(others) == 2 * 2 * 2


def test_the_first_block_of_a_later_stage_halves_the_sides():
    strides = [m.stride[0] for m in convolutions(separable(filters=(8, 16, 16), depth=2))]
    assert strides == [1, *[1, 1] * 2, *[1, 2], *[1, 1], *[1, 2], *[1, 1]]


def test_a_stride_in_the_1x1_convolution_gives_the_places_of_one_in_the_3x3():
    block = separable(batch_norm=False).stage2_block1
    features = torch.randn(2, 8, 9, 9)
    depthwise = block.depthwise
    strided = functional.conv2d(
        features, depthwise.weight, depthwise.bias, stride=2, padding=1, groups=depthwise.groups
    )
    pointwise = functional.conv2d(strided.relu(), block.pointwise.weight, block.pointwise.bias)
    torch.testing.assert_close(block(features), pointwise.relu())


def test_a_shortcut_is_there_where_the_block_keeps_the_shape():
    model = separable(filters=(8, 16, 16))
    assert {
        name: isinstance(m, ResidualBlock) for name, m in model.named_children() if "_block" in name
    } == {
        "stage1_block1": True,
        "stage1_block2": True,
        "stage2_block1": False,
        "stage2_block2": True,
        "stage3_block1": False,
        "stage3_block2": True,
    }
    kinds = {type(m.shortcut) for m in model.modules() if isinstance(m, ResidualBlock)}
    assert kinds == {nn.Identity}


def test_it_has_far_fewer_parameters_than_plain_convolutions():
    filters, shape = (32, 64, 128), (32, 32, 3)
    plain = build(ModelConfig(name="cnn", filters=filters, pooling="average"), shape, 10)
    ours = build(ModelConfig(name="separable", filters=filters), shape, 10)
    assert count_parameters(ours) < count_parameters(plain) / 5


def test_dropout_stands_between_the_two_convolutions():
    block = next(m for m in separable(dropout=0.1).modules() if isinstance(m, ResidualBlock))
    assert [type(layer) for layer in block.body] == [
        nn.Conv2d, nn.BatchNorm2d, nn.ReLU, Dropout, nn.Conv2d, nn.BatchNorm2d,
    ]  # fmt: skip


def test_width_is_a_factor_on_the_filters():
    assert separable(width=1.5).output.in_features == 24
    assert torch.is_tensor(separable(width=0.1)(torch.randn(2, 3, 16, 16)))
