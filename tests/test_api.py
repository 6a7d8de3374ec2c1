"""The Python face, as the README and notebooks use it."""

import importlib.util
import logging

import numpy as np
import pytest

import smalti
from smalti.classifier.onnx.classifier import OnnxClassifier
from smalti.errors import SmaltiError
from smalti.formats.onnx import OnnxWriter
from smalti.training.progress import Listener
from tests.support import shapes

SMALL = {"model.hidden": (8,), "training.batch_size": 16}


def test_the_whole_story_in_five_lines(npz, tmp_path):
    data = smalti.load_data(npz(90, 30))
    run = smalti.train(data, "dense", seed=2, epochs=2, set=SMALL, out=tmp_path / "runs")
    assert run.name == "tiny-dense-2"
    result = smalti.evaluate(run)
    assert result.n == 30
    assert result.interval[0] <= result.accuracy <= result.interval[1]
    model = smalti.load(run.path)
    images = data.part("test").pictures()
    probabilities = model.predict_proba(images)
    assert np.mean(probabilities.argmax(1) == data.part("test").labels) == result.accuracy
    assert [answer.label for answer in model.predict(images)] == [
        data.class_names[best] for best in probabilities.argmax(1)
    ]
    assert smalti.report(run).name == "report.html"
    # Importing the report's code must not hide the function of that name.
    assert callable(smalti.report)


def test_arrays_can_be_trained_and_measured_but_have_to_be_given_again(tmp_path):
    arrays = (*shapes(60), *shapes(30, seed=1))
    run = smalti.train(arrays, "dense", epochs=1, set=SMALL, out=tmp_path, listener=Listener())
    with pytest.raises(SmaltiError, match="arrays in memory"):
        smalti.evaluate(run)
    assert smalti.evaluate(run, data=arrays).n == 30


def test_a_loaded_set_keeps_its_division_in_the_config(npz, tmp_path):
    data = smalti.load_data(npz(90, 30), validation=0, split_seed=3)
    run = smalti.train(data, "dense", epochs=1, set=SMALL, out=tmp_path)
    assert run.config()["data"]["validation"] == 0
    assert run.config()["data"]["split_seed"] == 3
    with pytest.raises(SmaltiError, match=r"comes too late.*load_data\(…, validation=0.2\)"):
        smalti.train(data, "dense", set={"data.validation": 0.2}, out=tmp_path)


def test_an_unfinished_run_is_resumed(npz, tmp_path):
    class Stop(Listener):
        def finished_epoch(self, row, best):
            raise KeyboardInterrupt

    path = npz(90, 30)
    with pytest.raises(KeyboardInterrupt):
        smalti.train(path, "dense", epochs=3, set=SMALL, out=tmp_path, listener=Stop())
    run = smalti.resume(tmp_path / "tiny-dense-0")
    assert len(run.history()) == 3


def trained(npz, folder):
    """Return a run of one epoch, and what was said aloud meanwhile."""
    return smalti.train(npz(90, 30), "dense", epochs=1, set=SMALL, out=folder, listener=Listener())


def test_a_training_ends_with_an_onnx_file_of_its_weights(npz, tmp_path, caplog):
    run = trained(npz, tmp_path)
    assert isinstance(smalti.load(run, quickest=True), OnnxClassifier)
    assert not [path for path in run.path.rglob("*") if path.name.endswith(".tmp")]
    assert caplog.text == ""


def test_a_resumed_training_ends_with_an_onnx_file_too(npz, tmp_path):
    class Stop(Listener):
        def finished_epoch(self, row, best):
            raise KeyboardInterrupt

    options = {"epochs": 3, "set": SMALL, "out": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        smalti.train(npz(90, 30), "dense", listener=Stop(), **options)
    run = smalti.Run(tmp_path / "tiny-dense-0")
    assert not run.exported_file("onnx").exists()
    smalti.resume(run)
    assert isinstance(smalti.load(run, quickest=True), OnnxClassifier)


def test_without_the_extra_a_training_says_nothing_of_it(npz, tmp_path, monkeypatch, caplog):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "onnx" else found(name)
    )
    run = trained(npz, tmp_path)
    assert not run.exported_file("onnx").exists()
    assert caplog.text == ""


def test_a_failing_export_does_not_fail_the_training(npz, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(OnnxWriter, "answer", lambda self, draft, pictures: np.zeros((1, 3)))
    run = trained(npz, tmp_path)
    assert smalti.evaluate(run).n == 30
    assert not run.exported_file("onnx").exists()
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert "The run is finished, but without" in warning.getMessage()


def test_a_finished_run_needs_no_data_to_say_so(npz, tmp_path, caplog):
    path = npz(90, 30)
    run = smalti.train(path, "dense", epochs=1, set=SMALL, out=tmp_path)
    path.unlink()
    logging.getLogger("smalti").propagate = True
    with caplog.at_level(logging.INFO, "smalti"):
        assert smalti.resume(run) is run
    assert "nothing to resume" in caplog.text


def test_a_run_trained_elsewhere_finds_its_data(npz, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    npz(90, 30)
    run = smalti.train("tiny.npz", "dense", epochs=1, set=SMALL, out="runs")
    path = run.path.resolve()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert smalti.evaluate(path).n == 30


def test_public_names_are_listed_and_nothing_else():
    assert set(smalti.__all__) <= set(dir(smalti))
    for name in smalti.__all__:
        assert getattr(smalti, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        smalti.trian  # noqa: B018


def test_a_mistyped_option_is_refused_before_data_are_read(tmp_path):
    logging.getLogger("smalti").setLevel(logging.INFO)
    with pytest.raises(SmaltiError, match=r"Did you mean 'optimizer\.name'"):
        smalti.train("digits", set={"optimizer.nam": "sgd"}, out=tmp_path)
    assert list(tmp_path.iterdir()) == []
