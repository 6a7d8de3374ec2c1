"""Exported runs: the same answers, everything inside, and nothing written where they differ."""

from __future__ import annotations

import importlib.util
import os
import zipfile

import h5py
import numpy as np
import pytest

import smalti
from smalti import api, calibration, names
from smalti.classifier.keras.classifier import open_file
from smalti.errors import SmaltiError
from smalti.formats.exporting import RANDOM_PICTURES, format_of
from smalti.formats.keras import KerasWriter
from smalti.metrics import softmax
from tests.formats.untrained import untrained_run
from tests.support import shapes

FORMATS = ("keras", "h5")


@pytest.fixture
def run(tmp_path):
    return untrained_run(tmp_path, {"model.filters": (3,), "model.hidden": (4,)})


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("model", names.MODELS)
def test_every_network_of_our_own_can_be_exported(tmp_path, model, file_format):
    recipe = model if model in names.RECIPES else "cnn"
    options = {"recipe": recipe, "model.name": model}
    if "filters" in names.MODELS[model].fields:
        options["model.filters"] = (4, 6)
    run = untrained_run(tmp_path, options)
    done = api.export(run, file_format)
    assert done.path == run.path / f"model.{file_format}"
    assert os.fspath(done) == str(done.path)
    assert done.largest_difference < 1e-5
    images, _ = shapes(20, channels=3)
    np.testing.assert_allclose(
        open_file(done).predict_proba(images), api.load(run).predict_proba(images), atol=1e-5
    )


@pytest.mark.parametrize("file_format", FORMATS)
def test_class_names_are_inside_twice(tmp_path, file_format):
    class_names = ("a cat", "ü/ö", "no.2")
    run = untrained_run(tmp_path, {"model.filters": (3,)}, class_names=class_names)
    path = tmp_path / f"epic_num_reader.{file_format}"
    smalti.export(run.path, to=path)
    assert open_file(path).class_names == class_names
    # Whoever loads and saves it again loses smalti's own entry, not the layer's name.
    if file_format == "h5":
        with h5py.File(path, "a") as file:
            del file.attrs["smalti"]
    else:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members["metadata.json"] = b'{"keras_version": "3.0.0"}'
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    assert open_file(path).class_names == class_names


def test_a_file_that_predicts_otherwise_is_not_written(run, monkeypatch):
    right = KerasWriter.answer

    def off(*arguments):
        return right(*arguments) + np.float32(2e-4)

    monkeypatch.setattr(KerasWriter, "answer", off)
    with pytest.raises(SmaltiError, match=r"was not written: .* would differ by 0\.0002"):
        api.export(run)
    assert not run.exported_file("keras").exists()
    monkeypatch.setattr(KerasWriter, "answer", lambda *_: right(*_) * np.nan)
    with pytest.raises(SmaltiError, match="was not written"):
        api.export(run)


def test_sample_pictures_are_compared_too(run):
    assert api.export(run).pictures == RANDOM_PICTURES
    pictures, _ = shapes(5, channels=3)
    run.write_samples("right", list(pictures), [{} for _ in pictures])
    (run.samples_folder / "right-03.png").write_bytes(b"damaged")
    assert api.export(run).pictures == RANDOM_PICTURES + 4


@pytest.mark.parametrize("views", [2, 3, 6])
@pytest.mark.parametrize("file_format", FORMATS)
def test_averaged_views_are_in_the_file(run, file_format, views):
    images, _ = shapes(20, channels=3)
    single = api.load(run).predict_proba(images)
    run.write_classifier({**run.classifier(), "views": views})
    done = api.export(run, file_format)
    assert f"averages {views} views" in done.notes[0]
    answers = open_file(done).predict_proba(images)
    np.testing.assert_allclose(answers, api.load(run).predict_proba(images), atol=1e-5)
    assert np.abs(answers - single).max() > 1e-4
    assert open_file(done).class_names == tuple(run.classifier()["class_names"])


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("file_format", FORMATS)
def test_the_temperature_is_in_the_file(run, file_format, views):
    images, labels = shapes(20, channels=3)
    run.write_classifier({**run.classifier(), "views": views})
    logits = api.load(run).logits(images)
    run.write_calibration(calibration.fit(logits, labels))
    own = api.load(run).predict_proba(images)
    assert np.abs(own - softmax(logits)).max() > 1e-3
    found = open_file(api.export(run, file_format)).predict_proba(images)
    np.testing.assert_allclose(found, own, atol=1e-5)


def test_another_preprocessing_is_refused(run):
    description = run.classifier()
    description["preprocessing"]["whitening"] = [1.0]
    run.write_classifier(description)
    with pytest.raises(SmaltiError, match="in a way that no exported file does: whitening"):
        api.export(run)


def test_what_is_no_network_of_our_own_is_refused(run):
    run.write_classifier({**run.classifier(), "kind": "ensemble"})
    with pytest.raises(SmaltiError, match="not a network of smalti's own but ensemble"):
        api.export(run)


def test_weights_of_another_network_are_refused(run):
    run.write_model({"a": np.zeros(1, np.float32)}, 1)
    with pytest.raises(SmaltiError, match="one of them was changed"):
        api.export(run)


def test_without_the_extra_nothing_is_begun(run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SmaltiError, match="keras and h5py, which are not installed"):
        api.export(run)


@pytest.mark.parametrize(
    ("to", "said", "expected"),
    [
        (None, None, "keras"),
        (None, "h5", "h5"),
        ("a.keras", None, "keras"),
        ("a.b/c.H5", None, "h5"),
        ("a.h5", "h5", "h5"),
        ("a.onnx", None, "onnx"),
    ],
)
def test_the_ending_says_the_format(to, said, expected):
    assert format_of(to, said) == expected


@pytest.mark.parametrize(
    ("to", "said", "problem"),
    [
        ("a.onnnx", None, "does not end in the ending of a format"),
        ("a", None, "does not end in the ending of a format"),
        ("a.h5", "keras", r"a\.h5 does not end in \.keras"),
        ("a.onnx", "keras", r"a\.onnx does not end in \.keras"),
        (None, "kera", "Did you mean 'keras'"),
    ],
)
def test_endings_that_say_nothing(to, said, problem):
    with pytest.raises(SmaltiError, match=problem):
        format_of(to, said)
