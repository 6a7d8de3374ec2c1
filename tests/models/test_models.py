"""Every network by its name: shapes, parameters, and the sizes that the seeds name."""

import pytest
import torch
from torch.nn import functional

from smalti import names
from smalti.errors import SmaltiError
from smalti.models.building import build, count_parameters, describe
from smalti.recipes import ModelConfig, resolve
from smalti.recipes.resolve import fit_to_pictures

SHAPES = [(28, 28, 1), (32, 32, 3), (8, 8, 1), (24, 40, 3), (64, 64, 3)]


def network(name, shape, classes):
    """The network of the model's own recipe for pictures of no named set, as it is trained."""
    torch.manual_seed(0)
    recipe = fit_to_pictures(resolve(None, "", {"model.name": name}), shape)
    return build(recipe.model, shape, classes)


def pictures(n, shape):
    height, width, channels = shape
    return torch.randn(n, channels, height, width, generator=torch.Generator().manual_seed(1))


def trained(model):
    """Return the parameters that training moves: some are fixed by the pictures, or by design."""
    return {key: value for key, value in model.named_parameters() if value.requires_grad}


@pytest.mark.parametrize("classes", [2, 100])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", names.MODELS)
def test_a_network_learns_from_two_pictures_of_any_shape_and_class_count(name, shape, classes):
    model = network(name, shape, classes)
    assert all(module.training for module in model.modules())
    logits = model(pictures(2, shape))
    assert logits.shape == (2, classes)
    functional.cross_entropy(logits, torch.tensor([0, classes - 1])).backward()
    assert all(parameter.grad.isfinite().all() for parameter in trained(model).values())


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("name", names.MODELS)
def test_the_gradient_reaches_every_parameter(name, batch_norm):
    shape, options = (16, 16, 3), {"model.name": name, "model.batch_norm": batch_norm}
    torch.manual_seed(0)
    model = build(fit_to_pictures(resolve(None, "", options), shape).model, shape, 5)
    labels = torch.arange(20) % 5
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(2):  # layers that begin at zero hold back the first gradient of those before
        optimizer.zero_grad()
        functional.cross_entropy(model(pictures(20, shape)), labels).backward()
        optimizer.step()
    starved = [key for key, value in trained(model).items() if not value.grad.abs().sum() > 0]
    assert starved == []


@pytest.mark.parametrize("name", names.MODELS)
def test_bfloat16_and_channels_last_change_nothing_but_the_last_digits(name):
    shape = (32, 32, 3)
    model = network(name, shape, 10).eval()
    inputs = pictures(4, shape)
    expected = model(inputs)
    last = model.to(memory_format=torch.channels_last)
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(last(inputs), expected, rtol=1e-4, atol=1e-4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = last(inputs)
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), expected, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("name", names.MODELS)
def test_what_is_stored_gives_the_same_answers_in_a_new_network(name):
    shape = (28, 28, 1)
    model = network(name, shape, 10)
    model(pictures(8, shape))  # moves the running statistics
    torch.manual_seed(99)
    recipe = fit_to_pictures(resolve(None, "", {"model.name": name}), shape)
    other = build(recipe.model, shape, 10)
    other.load_state_dict(model.state_dict())
    inputs = pictures(3, shape)
    assert torch.equal(other.eval()(inputs), model.eval()(inputs))


@pytest.mark.parametrize("activation", names.ACTIVATIONS)
def test_every_activation_works_in_every_network(activation):
    for name in names.MODELS:
        config = ModelConfig(name=name, filters=(4, 4), hidden=(8,), activation=activation, depth=1)
        assert build(config, (12, 12, 1), 3)(torch.zeros(2, 1, 12, 12)).isfinite().all()


@pytest.mark.parametrize(
    ("row", "recipe", "data", "shape", "options", "parameters"),
    [
        ("A1", "dense", "mnist", (28, 28, 1), {}, 118_282),
        ("A2", "dense", "cifar10", (32, 32, 3), {}, 1_708_810),
        ("C1", "simple-cnn", "mnist", (28, 28, 1), {"model.batch_norm": False}, 1_199_882),
        ("C1", "simple-cnn", "cifar10", (32, 32, 3), {"model.batch_norm": False}, 1_626_442),
        ("D1", "cnn", "mnist", (28, 28, 1), {}, 198_122),
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


@pytest.mark.parametrize(
    ("config", "shape", "advice"),
    [
        (ModelConfig(name="cnn", padding="same"), (1, 40, 1), "--recipe dense"),
        (ModelConfig(name="cnn", padding="same", filters=(4, 4, 4)), (5, 5, 1), "fewer entries"),
        (ModelConfig(name="simple-cnn", padding="valid"), (4, 4, 1), "padding=same"),
    ],
)
def test_the_advice_for_too_small_pictures_is_one_that_helps(config, shape, advice):
    with pytest.raises(SmaltiError) as caught:
        build(config, shape, 3)
    assert advice in caught.value.hint
    assert ("padding=same" in caught.value.hint) == (config.padding == "valid")


@pytest.mark.parametrize("name", names.MODELS)
def test_the_description_counts_what_pytorch_counts(name):
    shape = (32, 32, 3)
    model = network(name, shape, 10)
    layers = describe(model, shape)
    assert sum(layer.parameters for layer in layers) == count_parameters(model)
    assert layers[-1].output == (10,)
    assert len({layer.name for layer in layers}) == len(layers)
    assert all(module.training for module in model.modules())


def test_operations_are_counted_by_taps_and_places():
    shape = (32, 32, 3)
    cnn = describe(build(ModelConfig(name="cnn"), shape, 10), shape)
    # 3×3×3 taps, two operations each, 32 filters on 32×32 places.
    assert cnn[0].flop == 2 * 27 * 32 * 32 * 32
    separable = describe(build(ModelConfig(name="separable", filters=(16,)), shape, 10), shape)
    flops = {layer.name: layer.flop for layer in separable}
    assert flops["stage1_block1.body.depthwise"] == 2 * 9 * 16 * 32 * 32
    assert flops["stage1_block1.body.pointwise"] == 2 * 16 * 16 * 32 * 32
