"""Files of Keras 2 and 3 give what the Keras that wrote them gave."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from smalti.classifier.keras.classifier import KerasFile, open_file
from smalti.classifier.keras.names_inside import layer_name, names_from
from smalti.errors import SmaltiError
from smalti.metrics import softmax
from tests.classifier.keras_made import (
    dense_h5,
    dense_layers,
    dense_weights,
    expected_logits,
    sequential,
    write_h5,
)
from tests.support import shapes

FILES = Path(__file__).parent / "keras_files"
EXPECTED = json.loads((FILES / "expected.json").read_text())


def inputs(shape):
    spec = importlib.util.spec_from_file_location("make", FILES / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.inputs(shape)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_of_another_version_gives_what_it_gave_there(name):
    file = KerasFile(FILES / name)
    outputs = np.array(EXPECTED[name])
    found = file.logits(inputs(file.facts["input"][1:]))
    if file.facts["output_kind"] == "softmax":
        found, outputs = np.exp(found), outputs
    np.testing.assert_allclose(found, outputs, atol=2e-6)


def test_every_file_kept_is_tested():
    kept = {path.name for path in FILES.iterdir() if path.suffix in (".h5", ".keras")}
    assert kept == set(EXPECTED)


@pytest.mark.parametrize(("scale", "factor"), [("0-1", 1 / 255), ("0-255", 1), ("-1-1", 2 / 255)])
def test_logits_follow_the_scale_that_is_said(tmp_path, scale, factor):
    path, weights = dense_h5(tmp_path / "a.h5", 5, 3, activation="linear")
    images, _ = shapes(7)
    pixels = images.astype(np.float32) * factor - (1 if scale == "-1-1" else 0)
    found = open_file(path, scale).logits(images)
    np.testing.assert_allclose(found, expected_logits(weights, pixels), rtol=1e-4, atol=1e-4)


def test_probabilities_become_log_probabilities(tmp_path):
    path, weights = dense_h5(tmp_path / "a.h5", 3)
    images, _ = shapes(6)
    logits = expected_logits(weights, images.astype(np.float32) / 255)
    classifier = open_file(path, "0-1")
    np.testing.assert_allclose(np.exp(classifier.logits(images)), softmax(logits), atol=1e-6)
    assert classifier.predict(images)[0].label == str(logits[0].argmax())


def test_sigmoids_are_compared_with_each_other(tmp_path):
    path, weights = dense_h5(tmp_path / "a.h5", 3, activation="sigmoid")
    images, _ = shapes(6)
    each = 1 / (1 + np.exp(-expected_logits(weights, images.astype(np.float32) / 255)))
    found = open_file(path, "0-1").predict_proba(images)
    np.testing.assert_allclose(found, each / each.sum(axis=1, keepdims=True), atol=1e-6)


def test_one_sigmoid_tells_two_classes_apart(tmp_path):
    path, weights = dense_h5(tmp_path / "a.h5", 1, activation="sigmoid")
    images, _ = shapes(6)
    second = 1 / (1 + np.exp(-expected_logits(weights, images.astype(np.float32) / 255)))
    found = open_file(path, "0-1").predict_proba(images)
    np.testing.assert_allclose(found, np.hstack([1 - second, second]), atol=1e-6)


def test_leftovers_of_old_versions_are_dropped(tmp_path):
    config = {
        "name": "lstm",
        "batch_input_shape": [None, 12, 12],
        "units": 1,
        "time_major": False,
        "implementation": 2,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "kernel_initializer": {"class_name": "VarianceScaling", "config": {"dtype": "float32"}},
    }
    layers = [
        {"class_name": "LSTM", "config": config},
        {"class_name": "Dense", "config": {"name": "dense_0", "units": 3, "activation": "softmax"}},
    ]
    weights = {"dense_0": [np.zeros((1, 3), np.float32), np.log(np.float32([1, 2, 1]))]}
    path = tmp_path / "lstm.h5"
    write_h5(path, sequential(layers), weights, names=("dense_0",))
    with pytest.raises(SmaltiError, match="Layer count mismatch"):
        KerasFile(path)  # without the recurrent weights
    import h5py

    with h5py.File(path, "a") as file:
        group = file["model_weights"]
        group.attrs["layer_names"] = [b"lstm", b"dense_0"]
        inner = group.create_group("lstm")
        parts = {"kernel": (12, 4), "recurrent": (1, 4), "bias": (4,)}
        inner.attrs["weight_names"] = [name.encode() for name in parts]
        for name, shape in parts.items():
            inner[name] = np.zeros(shape, np.float32)
    images, _ = shapes(2)
    np.testing.assert_allclose(
        open_file(path, "0-1").predict_proba(images), [[0.25, 0.5, 0.25]] * 2, atol=1e-6
    )


def test_depthwise_convolutions_may_say_groups_of_one(tmp_path):
    layers = [
        {
            "class_name": "DepthwiseConv2D",
            "config": {
                "name": "depthwise",
                "batch_input_shape": [None, 12, 12, 1],
                "kernel_size": [12, 12],
                "groups": 1,
                "use_bias": False,
                "depthwise_initializer": {"class_name": "Zeros", "config": {}},
                "kernel_initializer": {"class_name": "Zeros", "config": {}},
            },
        },
        {"class_name": "Flatten", "config": {"name": "flatten"}},
        {"class_name": "Dense", "config": {"name": "dense", "units": 3}},
    ]
    ones = np.ones((12, 12, 1, 1), np.float32)
    dense = [np.float32([[1, 2, 3]]), np.float32([0, 0, 1])]
    path = tmp_path / "depthwise.h5"
    write_h5(path, sequential(layers), {"depthwise": [ones], "dense": dense})
    images, _ = shapes(3)
    total = images.reshape(3, -1).sum(axis=1, keepdims=True) / 255
    found = open_file(path, "0-1").logits(images)
    np.testing.assert_allclose(found, total @ dense[0] + dense[1], rtol=1e-4)


def test_a_layer_that_scales_means_0_to_255(tmp_path):
    opening = {
        "class_name": "Rescaling",
        "config": {
            "name": "rescaling",
            "batch_input_shape": [None, 12, 12],
            "scale": 1 / 255,
            "offset": 0.0,
        },
    }
    flat, dense = dense_layers(3)
    del flat["config"]["batch_input_shape"]
    weights = dense_weights(144, 3)
    path = write_h5(tmp_path / "a.h5", sequential([opening, flat, dense]), weights)
    images, _ = shapes(4)
    logits = expected_logits(weights, images.astype(np.float32) / 255)
    np.testing.assert_allclose(open_file(path).predict_proba(images), softmax(logits), atol=1e-6)


def test_without_a_word_on_scaling_it_has_to_be_said(tmp_path):
    path, _ = dense_h5(tmp_path / "a.h5", 3)
    with pytest.raises(SmaltiError, match="does not say how its pixels are scaled") as caught:
        open_file(path)
    assert "--scale" in caught.value.hint
    assert "--data mnist" in caught.value.hint
    with pytest.raises(SmaltiError, match="mean and deviation of the training pictures"):
        open_file(path, "standardised")


@pytest.mark.parametrize("names", [("0", "1"), ("a b", "ü/x", ""), ("x_x2E_", ".", "-")])
def test_class_names_survive_in_a_layer_name(names):
    name = layer_name(names)
    assert names_from({}, ["first", name]) == list(names)
    assert name.replace(".", "").replace("-", "").replace("_", "").isalnum()
    assert name.isascii()
