"""The residual network: sizes from the papers, and a structure that can be walked through."""

import pytest
import torch
from torch import nn

from smalti.models.building import build, count_parameters, describe
from smalti.models.residual import ResidualBlock
from smalti.recipes import ModelConfig, resolve

CIFAR = (32, 32, 3)


def resnet(shape=CIFAR, classes=10, **fields):
    return build(
        ModelConfig(**{"name": "resnet", "filters": (16, 32, 64), **fields}), shape, classes
    )


def blocks(model):
    return [module for module in model.modules() if isinstance(module, ResidualBlock)]


def test_three_blocks_a_stage_are_the_resnet_20_of_the_paper():
    model = resnet(depth=3)
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    in_bodies = [m for m in layers if not isinstance(m, nn.Conv2d) or m.kernel_size == (3, 3)]
    assert len(in_bodies) == 20
    # 0.27 million by the paper (He et al. 2016, table 6), whose shortcuts have no weights; ours
    # are 16·32 and 32·64 with two values a channel for their norms.
    assert count_parameters(model) == 269_722 + (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)


def test_every_stage_but_the_first_halves_the_sides_rounding_up():
    model = resnet((30, 27, 1), filters=(4, 6, 8), depth=2)
    outputs = {layer.name: layer.output for layer in describe(model, (30, 27, 1))}
    ends = [outputs[f"stage{stage}_block2.activation"] for stage in (1, 2, 3)]
    assert ends == [(4, 30, 27), (6, 15, 14), (8, 8, 7)]


@pytest.mark.parametrize(("width", "expected"), [(2.0, [32, 64, 128]), (0.25, [4, 8, 16])])
def test_width_is_a_factor_on_the_filters(width, expected):
    widths = [block.body.conv2.out_channels for block in blocks(resnet(depth=1, width=width))]
    assert widths == expected
    assert resnet(depth=1, width=0.01).stem.out_channels == 1


def test_a_block_is_the_activation_of_body_plus_shortcut():
    for block in blocks(resnet(depth=2).eval()):
        channels = block.body.conv1.in_channels
        features = torch.randn(2, channels, 8, 8)
        expected = torch.relu(block.body(features) + block.shortcut(features))
        torch.testing.assert_close(block(features), expected)
        assert [name for name, _ in block.named_children()] == [
            "body", "shortcut", "add", "activation",
        ]  # fmt: skip


def test_only_a_change_of_shape_puts_weights_into_a_shortcut():
    kinds = [type(block.shortcut).__name__ for block in blocks(resnet(depth=2))]
    assert kinds == ["Identity", "Identity", "Sequential", "Identity", "Sequential", "Identity"]


def test_dropout_stands_between_the_convolutions_and_before_the_output():
    model = resnet(depth=1, dropout=0.2, head_dropout=0.3)
    assert [name for name, _ in blocks(model)[0].body.named_children()] == [
        "conv1", "conv1_norm", "conv1_activation", "dropout", "conv2", "conv2_norm",
    ]  # fmt: skip
    assert [layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)] == [
        0.2, 0.2, 0.2, 0.3,
    ]  # fmt: skip


def test_convolutions_have_a_bias_only_where_no_batch_norm_takes_it_away():
    with_norm, without = resnet(), resnet(batch_norm=False)
    assert not any(m.bias is not None for m in with_norm.modules() if isinstance(m, nn.Conv2d))
    assert all(m.bias is not None for m in without.modules() if isinstance(m, nn.Conv2d))
    assert not any(isinstance(m, nn.BatchNorm2d) for m in without.modules())


def test_values_neither_vanish_nor_grow_in_a_deep_network_without_batch_norm():
    model = resnet((16, 16, 3), depth=20, batch_norm=False)
    logits = model(torch.randn(4, 3, 16, 16))
    assert logits.isfinite().all()
    assert 0.01 < logits.abs().max() < 10


@pytest.mark.parametrize(
    ("data", "filters", "width"),
    [
        ("mnist", (16, 32, 64), 1.0),
        ("digits", (16, 32, 64), 1.0),
        ("cifar10", (16, 32, 64), 2.0),
        ("cifar100", (16, 32, 64), 2.0),
        ("", (16, 32, 64, 128), 1.0),
    ],
)
def test_the_recipe_suits_the_pictures(data, filters, width):
    model = resolve("resnet", data, {}).model
    assert (model.name, model.filters, model.depth, model.width) == ("resnet", filters, 2, width)
