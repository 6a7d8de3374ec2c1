"""Every network by its name: shapes, parameters, and the sizes that the seeds name."""

import pytest
import torch

from smalti import names
from smalti.errors import SmaltiError
from smalti.models.building import build, count_parameters, describe
from smalti.recipes import ModelConfig, resolve
from smalti.recipes.resolve import fit_to_pictures

SHAPES = [(28, 28, 1), (32, 32, 3), (8, 8, 1), (24, 40, 3), (64, 64, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", names.MODELS)
def test_a_network_takes_any_shape_and_any_number_of_classes(name, shape):
    recipe = fit_to_pictures(resolve("cnn", "", {"model.name": name}), shape)
    for classes in (2, 7):
        model = build(recipe.model, shape, classes)
        pictures = torch.randn(4, shape[2], shape[0], shape[1])
        logits = model(pictures)
        assert logits.shape == (4, classes)
        logits.sum().backward()
        assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("activation", names.ACTIVATIONS)
def test_every_activation_works_in_every_network(activation):
    for name in names.MODELS:
        config = ModelConfig(name=name, filters=(4, 4), hidden=(8,), activation=activation)
        assert build(config, (12, 12, 1), 3)(torch.zeros(2, 1, 12, 12)).isfinite().all()


@pytest.mark.parametrize(
    ("row", "recipe", "data", "shape", "options", "parameters"),
    [
        ("A1", "dense", "mnist", (28, 28, 1), {}, 118_282),
        ("A2", "dense", "cifar10", (32, 32, 3), {}, 1_708_810),
        ("C1", "simple-cnn", "mnist", (28, 28, 1), {"model.batch_norm": False}, 1_199_882),
        ("C1", "simple-cnn", "cifar10", (32, 32, 3), {"model.batch_norm": False}, 1_626_442),
        ("D1", "cnn", "mnist", (28, 28, 1), {}, 198_122),
        ("D1", "cnn", "fashion-mnist", (28, 28, 1), {}, 198_122),
        ("D2", "cnn", "cifar10", (32, 32, 3), {}, 815_530),
    ],
)
def test_the_recipes_are_the_rows_layer_for_layer(row, recipe, data, shape, options, parameters):
    model = build(resolve(recipe, data, options).model, shape, 10)
    assert count_parameters(model) == parameters, row


def test_the_order_is_convolution_activation_batch_norm():
    model = build(resolve("cnn", "mnist", {}).model, (28, 28, 1), 10)
    assert [type(layer).__name__ for layer in model] == [
        *["Conv2d", "ReLU", "BatchNorm2d"] * 2, "MaxPool2d", "Dropout",
        *["Conv2d", "ReLU", "BatchNorm2d"] * 2, "MaxPool2d", "Dropout",
        "Flatten", "Linear", "ReLU", "BatchNorm1d", "Dropout", "Linear",
    ]  # fmt: skip


def test_no_hidden_layer_is_a_linear_classifier():
    model = build(ModelConfig(name="dense", hidden=()), (8, 8, 1), 10)
    assert count_parameters(model) == 64 * 10 + 10


def test_a_picture_that_vanishes_is_refused():
    config = ModelConfig(name="cnn", filters=(8, 8, 8), padding="valid")
    with pytest.raises(SmaltiError, match=r"12×12 pixels are too small"):
        build(config, (12, 12, 1), 3)
    with pytest.raises(SmaltiError, match="too small"):
        build(ModelConfig(name="simple-cnn", filters=(8,), padding="valid"), (3, 9, 1), 3)


def test_the_description_counts_what_pytorch_counts():
    shape = (32, 32, 3)
    model = build(resolve("cnn", "cifar10", {}).model, shape, 10)
    layers = describe(model, shape)
    assert sum(layer.parameters for layer in layers) == count_parameters(model)
    assert layers[-1].output == (10,)
    # 3×3×3 taps, two operations each, 32 filters on 32×32 places.
    assert layers[0].flop == 2 * 27 * 32 * 32 * 32
    assert model.training
