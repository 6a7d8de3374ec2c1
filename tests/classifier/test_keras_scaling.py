"""How pixels are scaled is found out on validation pictures, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from smalti.classifier.files import fitted_to
from smalti.classifier.keras.classifier import open_for
from smalti.classifier.keras.form import Form, find_form
from smalti.classifier.keras.scaling import Scaling, candidates, find
from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError
from smalti.models.preprocessing import channel_statistics
from tests.classifier.keras_made import dense_layers, sequential, write_h5
from tests.datasets import tiny_dataset


def statistics(dataset):
    part = dataset.part("train")
    return channel_statistics(part.images, part.rows)


def written_for(path, dataset, scaling, flat=True):
    """Write a network that is right only for pixels of one scaling.

    Least squares, and a term for the brightness of the two last rows, which never hold a shape: on
    another scale it is far from the usual and drowns the rest.
    """
    part = dataset.part("train")
    inputs = scaling(part.pictures())
    if scaling.planes_first:
        inputs = inputs.transpose(0, 3, 1, 2)
    inputs = inputs.reshape(len(part), -1).astype(np.float64)
    centre = inputs.mean(axis=0)
    kernel, *_ = np.linalg.lstsq(inputs - centre, np.eye(3)[part.labels] - 1 / 3, rcond=1e-3)
    images = np.zeros((1, *dataset.image_shape), bool)
    images[:, -2:] = True
    background = images.transpose(0, 3, 1, 2) if scaling.planes_first else images
    level = background.reshape(-1) / background.sum()
    kernel += 0.3 * np.outer(level / (inputs @ level).std(), [1, 0, -1])
    weights = {"dense_0": [kernel.astype(np.float32), (-centre @ kernel).astype(np.float32)]}
    shape = (inputs.shape[1],) if flat else dataset.image_shape
    layers = dense_layers(3, activation="linear", shape=shape)
    return write_h5(path, sequential(layers), weights)


def all_scalings(channels):
    dataset = tiny_dataset(channels=channels)
    return candidates(*statistics(dataset), channels, flat=channels == 3)


@pytest.mark.parametrize("scaling", all_scalings(1), ids=str)
def test_each_scaling_of_grey_pictures_is_found(tmp_path, caplog, scaling):
    caplog.set_level("INFO", "smalti")
    dataset = tiny_dataset(n=300, validation=90)
    scaling = replace(scaling, **dict(zip(("mean", "std"), statistics(dataset), strict=True)))
    path = written_for(tmp_path / "a.h5", dataset, scaling)
    classifier, _ = open_for(path, dataset)
    assert classifier.scaling == scaling
    assert f"scaled to {scaling}, found out on 90 validation pictures" in caplog.text
    right = classifier.logits_of(dataset.part("test")).argmax(1) == dataset.part("test").labels
    assert right.mean() > 0.8


@pytest.mark.parametrize("scaling", all_scalings(3), ids=str)
def test_each_scaling_and_order_of_colour_pictures_is_found(tmp_path, scaling):
    dataset = tinted(tiny_dataset(n=300, validation=90, channels=3))
    scaling = replace(scaling, **dict(zip(("mean", "std"), statistics(dataset), strict=True)))
    path = written_for(tmp_path / "a.h5", dataset, scaling)
    classifier, _ = open_for(path, dataset)
    assert classifier.scaling == scaling


def tinted(dataset: Dataset) -> Dataset:
    """Give the channels different brightness, so that their order matters."""
    parts = {}
    for name, part in dataset.parts.items():
        images = (part.images * np.array([1.0, 0.7, 0.4])).astype(np.uint8)
        parts[name] = replace(part, images=images)
    return replace(dataset, parts=parts)


def test_nothing_that_chooses_sees_the_test_pictures(tmp_path):
    dataset = tiny_dataset()
    path = written_for(tmp_path / "a.h5", dataset, Scaling("0-1"))

    class Closed(Dataset):
        def part(self, name):
            assert name != "test"
            return super().part(name)

    closed = Closed(**{key: getattr(dataset, key) for key in dataset.__dataclass_fields__})
    assert open_for(path, closed)[0].scaling.name == "0-1"


def test_a_scaling_that_is_said_is_not_searched(tmp_path, caplog):
    caplog.set_level("INFO", "smalti")
    dataset = tiny_dataset()
    path = written_for(tmp_path / "a.h5", dataset, Scaling("0-1"))
    assert open_for(path, dataset, "0-255")[0].scaling.name == "0-255"
    assert "found out" not in caplog.text


def test_where_accuracies_are_alike_the_loss_decides():
    """Without biases a ReLU network gives the same answers at any scale, only more surely."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 200)
    logits = 2 * np.eye(3)[labels] + random.normal(size=(200, 3))
    factors = {"0-1": 1.0, "0-255": 255.0, "-1-1": 0.01}
    tried = [Scaling(name) for name in ("0-255", "0-1", "-1-1")]
    found = find(lambda scaling: logits * factors[scaling.name], labels, tried)
    assert found.best.accuracy == found.second.accuracy
    assert found.scaling.name == "0-1"
    assert "0-1, found out on 200 validation pictures" in found.sentence()


def test_a_clearly_better_accuracy_is_worth_more_than_a_smaller_loss():
    labels = np.arange(200) % 2
    sure = 50 * np.eye(2)[labels]
    sure[:10] = 50 * np.eye(2)[1 - labels[:10]]
    timid = np.eye(2)[labels] * 2
    timid[:40] = np.eye(2)[1 - labels[:40]] * 0.01
    outputs = {"0-1": sure, "0-255": timid}
    found = find(lambda s: outputs[s.name], labels, [Scaling("0-255"), Scaling("0-1")])
    assert found.scaling.name == "0-1"
    assert found.best.loss > found.second.loss


def test_a_network_that_only_guesses_is_said_to(tmp_path, caplog):
    dataset = tiny_dataset()
    zeros = {"dense_0": [np.zeros((144, 3), np.float32), np.float32([1, 0, 0])]}
    open_for(write_h5(tmp_path / "a.h5", sequential(dense_layers(3)), zeros), dataset)
    assert "No scaling makes a.h5 better than guessing on tiny" in caplog.text


def test_classes_are_matched_by_name(tmp_path):
    dataset = tiny_dataset()
    path = written_for(tmp_path / "a.h5", dataset, Scaling("0-1"))
    import h5py

    with h5py.File(path, "a") as file:
        file.attrs["smalti"] = '{"class_names": ["ring", "bar", "column"], "scale": "0-1"}'
    part = dataset.part("test")
    in_order, _ = open_for(path, replace(dataset, class_names=("ring", "bar", "column")))
    by_name, _ = open_for(path, dataset)
    assert by_name.class_names == dataset.class_names
    np.testing.assert_array_equal(by_name.logits_of(part), in_order.logits_of(part)[:, [1, 2, 0]])


@pytest.mark.parametrize(
    ("shape", "first", "data", "expected"),
    [
        ([28, 28, 1], False, None, Form((28, 28, 1), "last")),
        ([3, 32, 30], False, None, Form((32, 30, 3), "first")),
        ([3, 3, 3], True, None, Form((3, 3, 3), "first")),
        ([28, 28], False, None, Form((28, 28, 1), "none")),
        ([784], False, None, Form((28, 28, 1), "flat")),
        ([3072], False, None, Form((32, 32, 3), "flat")),
        ([30], False, (5, 6, 1), Form((5, 6, 1), "flat")),
        ([None, None, 3], False, (9, 8, 1), Form((9, 8, 3), "last")),
        ([None, None, 1], False, (9, 8, 3), Form((9, 8, 1), "last")),
    ],
)
def test_the_form_is_read_off_the_input(shape, first, data, expected):
    facts = {"input": [None, *shape], "channels_first": first}
    assert find_form(facts, data, "a.h5") == expected


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ([5], "vectors of 5 numbers"),
        ([28, 28, 2], "2 channels; expected 1 or 3"),
        ([2, 3, 4, 5], "which are not pictures"),
        ([None, None, 3], "pictures of any size"),
    ],
)
def test_forms_that_are_no_pictures(shape, said):
    with pytest.raises(SmaltiError, match=said):
        find_form({"input": [None, *shape], "channels_first": False}, None, "a.h5")


def test_arranging_puts_values_where_they_belong():
    pixels = np.arange(24, dtype=np.float32).reshape(1, 2, 4, 3)
    shape = (2, 4, 3)
    assert Form(shape, "first").arranged(pixels)[0, 2, 1, 3] == pixels[0, 1, 3, 2]
    np.testing.assert_array_equal(Form(shape, "flat").arranged(pixels)[0], np.arange(24))
    planes = Form(shape, "flat").arranged(pixels, planes_first=True)[0]
    np.testing.assert_array_equal(planes[:8], pixels[0, ..., 0].ravel())


def test_fitting_keeps_brightness():
    grey = np.full((2, 8, 8, 1), 200, np.uint8)
    assert fitted_to(grey, (16, 16, 3)).shape == (2, 16, 16, 3)
    assert (fitted_to(grey, (16, 16, 3)) == 200).all()
    assert (fitted_to(np.full((1, 8, 8, 3), 90, np.uint8), (8, 8, 1)) == 90).all()
