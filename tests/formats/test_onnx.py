"""Runs as ONNX files: the same answers, everything inside, one file."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import onnx
import onnxruntime
import pytest

import smalti
from smalti import api, calibration, names
from smalti.errors import SmaltiError
from smalti.formats.exporting import RANDOM_PICTURES
from smalti.formats.onnx import OnnxWriter
from smalti.metrics import softmax
from smalti.version import __version__
from tests.formats.untrained import untrained_run
from tests.support import shapes


@pytest.fixture
def run(tmp_path):
    return untrained_run(tmp_path, {"model.filters": (3,), "model.hidden": (4,)})


def answers(path, images):
    """Return both outputs of a file as ONNX Runtime gives them to anybody."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["logits", "probabilities"], {"pictures": images})


@pytest.mark.parametrize("model", names.MODELS)
def test_every_network_of_our_own_can_be_exported(tmp_path, model):
    recipe = model if model in names.RECIPES else "cnn"
    options = {"recipe": recipe, "model.name": model}
    if "filters" in names.MODELS[model].fields:
        options["model.filters"] = (4, 6)
    run = untrained_run(tmp_path, options)
    done = api.export(run, "onnx")
    assert done.path == run.path / "model.onnx"
    assert done.largest_difference < 1e-5
    assert done.pictures == RANDOM_PICTURES
    images, _ = shapes(20, channels=3)
    logits, probabilities = answers(done.path, images)
    native = api.load(run)
    np.testing.assert_allclose(logits, native.logits(images), atol=1e-4)
    np.testing.assert_allclose(probabilities, native.predict_proba(images), atol=1e-5)


@pytest.mark.parametrize("model", names.MODELS)
def test_every_network_can_be_exported_with_each_activation(tmp_path, model):
    for activation in names.ACTIVATIONS:
        options = {"model.name": model, "model.activation": activation}
        run = untrained_run(tmp_path, options, shape=(9, 9, 1), name=activation)
        assert api.export(run, "onnx").largest_difference < 1e-5


def test_everything_that_using_the_file_needs_is_inside(run):
    file = api.export(run, "onnx").path
    assert [path.name for path in run.path.iterdir() if "onnx" in path.name] == ["model.onnx"]
    model = onnx.load(file, load_external_data=False)
    assert not any(weight.external_data for weight in model.graph.initializer)
    (entry,) = model.metadata_props
    content = json.loads(entry.value)
    assert entry.key == "smalti"
    assert content["smalti"] == __version__
    assert content["class_names"] == ["bar", "column", "ring"]
    assert content["input_shape"] == [12, 12, 3]
    assert content["weights"] == run.weights_fingerprint()
    assert content["data"] == "tiny"
    (given,) = onnxruntime.InferenceSession(file).get_inputs()
    assert (given.name, given.type, given.shape) == ("pictures", "tensor(uint8)", ["N", 12, 12, 3])


@pytest.mark.parametrize("views", [2, 3, 6])
def test_averaged_views_are_in_the_file(run, views):
    images, _ = shapes(20, channels=3)
    single = api.load(run).predict_proba(images)
    run.write_classifier({**run.classifier(), "views": views})
    done = api.export(run, "onnx")
    assert f"averages {views} views" in done.notes[0]
    _, probabilities = answers(done.path, images)
    np.testing.assert_allclose(probabilities, api.load(run).predict_proba(images), atol=1e-5)
    assert np.abs(probabilities - single).max() > 1e-4


@pytest.mark.parametrize("views", [1, 3])
def test_probabilities_are_by_the_runs_temperature_and_logits_are_not(run, views):
    images, labels = shapes(20, channels=3)
    run.write_classifier({**run.classifier(), "views": views})
    logits = api.load(run).logits(images)
    found = calibration.fit(logits, labels)
    assert found.temperature != pytest.approx(1, abs=0.2)
    run.write_calibration(found)
    file = api.export(run, "onnx").path
    stored, probabilities = answers(file, images)
    np.testing.assert_allclose(stored, logits, atol=1e-5)
    np.testing.assert_allclose(probabilities, softmax(logits / found.temperature), atol=1e-5)
    opened = api.load(file)
    assert opened.calibration == found
    np.testing.assert_allclose(opened.predict_proba(images), probabilities, atol=1e-5)


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    first = smalti.export(run, to=tmp_path / "a.onnx").path.read_bytes()
    assert smalti.export(run, to=tmp_path / "b.onnx").path.read_bytes() == first


def test_a_file_that_predicts_otherwise_is_not_written(run, monkeypatch):
    right = OnnxWriter.answer
    monkeypatch.setattr(OnnxWriter, "answer", lambda *_: right(*_) + np.float32(2e-4))
    with pytest.raises(SmaltiError, match=r"was not written: .* would differ by 0\.0002"):
        api.export(run, "onnx")
    assert not run.exported_file("onnx").exists()


def test_without_the_extra_nothing_is_begun(run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SmaltiError, match="need onnx and onnxruntime") as caught:
        api.export(run, "onnx")
    assert "pip install 'smalti[onnx]'" in caught.value.hint


def test_a_file_that_is_there_is_kept_unless_told(run, tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_text("three weeks of work")
    with pytest.raises(SmaltiError, match="exists already"):
        api.export(run, to=path)
    assert path.read_text() == "three weeks of work"
    assert api.export(run, to=path, replace=True).path == path


@pytest.mark.parametrize("change", [{"input_shape": [8, 8]}, {"input_shape": 3}, {"model": []}])
@pytest.mark.parametrize("kind", ["onnx", "keras"])
def test_a_description_that_was_changed_is_one_sentence(run, kind, change):
    run.write_classifier({**run.classifier(), **change})
    with pytest.raises(SmaltiError):
        api.export(run, kind)
