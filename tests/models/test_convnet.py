"""The convolutional networks without shortcuts, held against the same layers written out."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from smalti.errors import SmaltiError
from smalti.models.building import build, count_parameters
from smalti.recipes import ModelConfig, resolve


def convolution(name, channels, filters, padding, norm=True):
    layers = [(name, nn.Conv2d(channels, filters, 3, padding=padding))]
    layers.append((f"{name}_activation", nn.ReLU(inplace=True)))
    return layers + ([(f"{name}_norm", nn.BatchNorm2d(filters))] if norm else [])


def hidden(number, width, wide, norm=True):
    layers = [
        (f"hidden{number}", nn.Linear(width, wide)),
        (f"hidden{number}_activation", nn.ReLU(inplace=True)),
    ]
    return layers + ([(f"hidden{number}_norm", nn.BatchNorm1d(wide))] if norm else [])


def row_a1():
    yield ("flatten", nn.Flatten())
    yield from hidden(1, 784, 128, norm=False)
    yield from hidden(2, 128, 128, norm=False)
    yield ("output", nn.Linear(128, 10))


def row_c1():
    yield from convolution("conv1", 1, 32, 0, norm=False)
    yield ("conv1_dropout", nn.Dropout(0.25))
    yield from convolution("conv2", 32, 64, 0, norm=False)
    yield ("pool", nn.MaxPool2d(2))
    yield ("conv2_dropout", nn.Dropout(0.25))
    yield ("flatten", nn.Flatten())
    yield from hidden(1, 64 * 12 * 12, 128, norm=False)
    yield ("hidden1_dropout", nn.Dropout(0.5))
    yield ("output", nn.Linear(128, 10))


def stages(channels, widths, padding):
    for number, filters in enumerate(widths, 1):
        yield from convolution(f"stage{number}_conv1", channels, filters, padding)
        yield from convolution(f"stage{number}_conv2", filters, filters, padding)
        yield (f"stage{number}_pool", nn.MaxPool2d(2))
        yield (f"stage{number}_dropout", nn.Dropout(0.25))
        channels = filters
    yield ("flatten", nn.Flatten())


def row_d1():
    yield from stages(1, (32, 64), 0)
    yield from hidden(1, 64 * 4 * 4, 128)
    yield ("hidden1_dropout", nn.Dropout(0.5))
    yield ("output", nn.Linear(128, 10))


def row_d2():
    yield from stages(3, (32, 64, 128), 1)
    yield from hidden(1, 128 * 4 * 4, 256)
    yield ("hidden1_dropout", nn.Dropout(0.5))
    yield ("output", nn.Linear(256, 10))


@pytest.mark.parametrize(
    ("written", "recipe", "data", "shape", "options"),
    [
        (row_a1, "dense", "mnist", (28, 28, 1), {}),
        (row_c1, "simple-cnn", "mnist", (28, 28, 1), {"model.batch_norm": False}),
        (row_d1, "cnn", "mnist", (28, 28, 1), {}),
        (row_d2, "cnn", "cifar10", (32, 32, 3), {}),
    ],
    ids=["A1", "C1", "D1", "D2"],
)
def test_a_row_keeps_its_names_layers_and_first_weights(written, recipe, data, shape, options):
    torch.manual_seed(5)
    expected = nn.Sequential(OrderedDict(written()))
    torch.manual_seed(5)
    model = build(resolve(recipe, data, options).model, shape, 10)
    # Strings: kind and settings of every layer, by name. Stored runs are loaded by these names.
    assert {n: str(m) for n, m in model.named_children()} == {
        n: str(m) for n, m in expected.named_children()
    }
    ours, theirs = model.state_dict(), expected.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("depth", [1, 3])
def test_depth_is_the_number_of_convolutions_a_stage(depth):
    model = build(ModelConfig(name="cnn", filters=(4, 6), depth=depth), (16, 16, 3), 5)
    sizes = [(m.in_channels, m.out_channels) for m in model if isinstance(m, nn.Conv2d)]
    assert sizes == [(3, 4), *[(4, 4)] * (depth - 1), (4, 6), *[(6, 6)] * (depth - 1)]
    assert f"stage2_conv{depth}" in dict(model.named_children())
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in model) == 2


def test_depth_counts_in_what_valid_padding_cuts():
    config = ModelConfig(name="cnn", filters=(4, 4), padding="valid", depth=4)
    with pytest.raises(SmaltiError, match=r"20×20 pixels are too small.*smaller model.depth"):
        build(config, (20, 20, 1), 3)
    build(config, (30, 30, 1), 3)


@pytest.mark.parametrize("name", ["cnn", "simple-cnn"])
def test_average_pooling_gives_the_mean_of_each_map(name):
    shape = (12, 12, 1)
    config = ModelConfig(name=name, filters=(4, 6), hidden=(8,), pooling="average")
    model = build(config, shape, 3).eval()
    pictures = torch.randn(2, 1, 12, 12)
    layers = list(model.named_children())
    before = [name for name, _ in layers].index("average_pool")
    maps = nn.Sequential(OrderedDict(layers[:before]))(pictures)
    vector = nn.Sequential(OrderedDict(layers[: before + 2]))(pictures)
    torch.testing.assert_close(vector, maps.mean((2, 3)))
    assert model.hidden1.in_features == 6
    everything = build(ModelConfig(name=name, filters=(4, 6), hidden=(8,)), shape, 3)
    assert count_parameters(model) < count_parameters(everything)


def test_head_dropout_stands_before_the_output_without_hidden_layers_too():
    config = ModelConfig(name="cnn", hidden=(), pooling="average", head_dropout=0.4)
    model = build(config, (16, 16, 3), 3)
    assert isinstance(model[-2], nn.Dropout)
    assert model[-2].p == 0.4
