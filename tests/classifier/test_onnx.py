"""A classifier from an ONNX file: it answers like its run, and refuses others' files."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import onnx
import pytest
from onnx import external_data_helper

import smalti
from smalti import api
from smalti.classifier import loading
from smalti.classifier.loading import load_quickest
from smalti.classifier.native import NativeClassifier
from smalti.classifier.onnx.classifier import OnnxClassifier
from smalti.classifier.onnx.metadata import sealed
from smalti.data.load import load_data
from smalti.errors import SmaltiError
from tests.formats.untrained import untrained_run
from tests.support import shapes


@pytest.fixture
def run(tmp_path):
    """Return an untrained run with the ONNX file of its weights."""
    run = untrained_run(tmp_path, {"model.filters": (3,), "model.hidden": (4,)})
    api.export(run, "onnx")
    return run


@pytest.fixture
def file(run):
    return run.exported_file("onnx")


def with_metadata(file, change):
    """Rewrite what a file says of itself; ``change`` gets and returns the JSON object."""
    model = onnx.load(file)
    content = json.loads(model.metadata_props[0].value)
    onnx.helper.set_model_props(model, {"smalti": json.dumps(change(content))})
    file.write_bytes(sealed(model.SerializeToString()))


def test_a_file_without_a_seal_is_refused(file):
    model = onnx.load(file)
    content = json.loads(model.metadata_props[0].value)
    del content["sha256"]
    onnx.helper.set_model_props(model, {"smalti": json.dumps(content)})
    onnx.save(model, file)
    with pytest.raises(SmaltiError, match="was not written by smalti"):
        smalti.load(file)


def without_seal(model, file):
    """Save a model as somebody else's program would, without smalti's metadata."""
    onnx.helper.set_model_props(model, {})
    onnx.save(model, file)


def test_it_speaks_the_classifier_protocol(run, file):
    images, _ = shapes(130, channels=3)
    model, native = smalti.load(file), api.load(run)
    assert isinstance(model, OnnxClassifier)
    assert model.class_names == native.class_names
    assert model.input_shape == native.input_shape
    np.testing.assert_allclose(model.logits(images), native.logits(images), atol=1e-4)
    np.testing.assert_allclose(model.predict_proba(images), native.predict_proba(images), atol=1e-5)
    assert model.logits(images[:0]).shape == (0, 3)
    # Mirrored arrays run backwards.
    np.testing.assert_allclose(
        model.logits(images[:, :, ::-1]), native.logits(images[:, :, ::-1]), atol=1e-4
    )


def test_a_fresh_file_answers_for_its_run(run):
    assert isinstance(load_quickest(run), OnnxClassifier)
    assert isinstance(api.load(run, quickest=True), OnnxClassifier)
    assert isinstance(api.load(run), NativeClassifier)
    assert isinstance(load_quickest(run, "auto"), NativeClassifier)


def test_a_gpu_is_left_to_pytorch_for_many_pictures(run, monkeypatch):
    monkeypatch.setattr(loading, "nvidia_gpu", lambda: "/dev/nvidia0")
    assert isinstance(loading.load_quickest(run, many=True), NativeClassifier)
    assert isinstance(loading.load_quickest(run), OnnxClassifier)


def other_weights(run):
    weights, epoch = run.read_model()
    run.write_model({key: array * 2 for key, array in weights.items()}, epoch)


def other_views(run):
    run.write_classifier({**run.classifier(), "views": 3})


def other_names(run):
    run.write_classifier({**run.classifier(), "class_names": ["a", "b", "c"]})


def damaged_file(run):
    run.exported_file("onnx").write_bytes(b"damaged")


def no_file(run):
    run.exported_file("onnx").unlink()


@pytest.mark.parametrize("change", [other_weights, other_views, other_names, damaged_file, no_file])
def test_a_file_that_is_stale_never_answers(run, change):
    change(run)
    assert isinstance(load_quickest(run), NativeClassifier)


def test_without_the_extra_a_run_answers_through_pytorch(run, file, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert isinstance(load_quickest(run), NativeClassifier)
    with pytest.raises(SmaltiError, match="onnxruntime, which is not installed") as caught:
        smalti.load(file)
    assert "pip install 'smalti[onnx]'" in caught.value.hint


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not an ONNX file",
        lambda content: content[: len(content) // 2],
        lambda content: content[:40] + b"\xff" * 40 + content[80:],
        lambda content: content[:1000] + bytes([content[1000] ^ 1]) + content[1001:],
    ],
    ids=["empty", "text", "half", "overwritten", "one bit"],
)
def test_a_damaged_file_is_one_sentence(file, damage, capfd):
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(SmaltiError, match=r"is damaged(, or no ONNX file|: its content does not)"):
        smalti.load(file)
    assert capfd.readouterr() == ("", "")


def test_text_that_is_no_text_is_damage_too(file, capfd):
    content = file.read_bytes()
    seal = json.loads(onnx.load(file).metadata_props[0].value)["sha256"].encode()
    file.write_bytes(content.replace(b"bar", b"\xff\xfe\xfd").replace(b'"sha256": "' + seal, b'"x'))
    with pytest.raises(SmaltiError, match="is damaged, or no ONNX file"):
        smalti.load(file)
    assert capfd.readouterr() == ("", "")


def test_a_foreign_file_is_refused(file):
    model = onnx.load(file)
    without_seal(model, file)
    with pytest.raises(SmaltiError, match="was not written by smalti") as caught:
        smalti.load(file)
    assert "smalti export RUN --format onnx" in caught.value.hint


@pytest.mark.parametrize(
    ("entry", "value", "said"),
    [
        ("class_names", ["a", "b"], "was changed"),
        ("input_shape", [12, 12, 1], "was changed"),
        ("input_shape", [12, "x", 1], "not written by smalti"),
        ("class_names", ["a", "b", "\x1b[2J"], "not written by smalti"),
        ("class_names", "abc", "not written by smalti"),
        ("views", 0, "not written by smalti"),
    ],
    ids=["classes", "shape", "no-shape", "controls", "text", "views"],
)
def test_a_file_that_belies_itself_is_refused(file, entry, value, said):
    with_metadata(file, lambda content: {**content, entry: value})
    with pytest.raises(SmaltiError, match=said):
        smalti.load(file)


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_metadata_of_another_form_are_refused(file, text):
    model = onnx.load(file)
    onnx.helper.set_model_props(model, {"smalti": text})
    file.write_bytes(model.SerializeToString())
    with pytest.raises(SmaltiError, match="not written by smalti"):
        smalti.load(file)


def test_weights_in_other_files_are_not_loaded(file, monkeypatch):
    model = onnx.load(file)
    external_data_helper.convert_model_to_external_data(
        model, location="weights.bin", size_threshold=0
    )
    without_seal(model, file)
    assert file.with_name("weights.bin").is_file()
    monkeypatch.chdir(file.parent)
    with pytest.raises(SmaltiError, match="is damaged, or no ONNX file"):
        smalti.load(file)


def test_operators_of_others_are_not_run(file):
    model = onnx.load(file)
    model.graph.node[0].domain = "somebody.else"
    model.opset_import.append(onnx.helper.make_opsetid("somebody.else", 1))
    without_seal(model, file)
    with pytest.raises(SmaltiError, match="that ONNX Runtime can run"):
        smalti.load(file)


def test_classes_are_matched_by_name(file, npz, tmp_path):
    dataset = load_data(npz(channels=3))
    _, fitted = api.load_for(file, dataset)
    assert fitted is dataset
    # The numbers 0 to 2 are other names: by number.
    classifier, _ = api.load_for(file, dataset)
    assert classifier.class_names == dataset.class_names
    images, labels = shapes(60, channels=3)
    with_metadata(file, lambda content: {**content, "class_names": ["2", "0", "1"]})
    turned, _ = api.load_for(file, load_data((images, labels)))
    np.testing.assert_array_equal(turned.logits(images), classifier.logits(images)[:, [1, 2, 0]])


def test_pictures_of_another_size_need_fit(file, npz):
    path = npz(side=16, channels=1)
    with pytest.raises(SmaltiError, match="takes 12×12 colour pictures") as caught:
        smalti.load(file, data=path)
    assert "--fit" in caught.value.hint
    classifier = smalti.load(file, data=path, fit=True)
    assert classifier.predict(shapes(2, side=16)[0])[0].label in ("0", "1", "2")


def test_another_number_of_classes_is_refused(file, npz):
    with pytest.raises(SmaltiError, match="tells 3 classes apart"):
        smalti.load(file, data=npz(channels=3, classes=2))


def test_what_only_other_classifiers_take_is_refused(run, file):
    with pytest.raises(SmaltiError, match="--scale is for Keras files"):
        smalti.load(file, scale="0-1")
    with pytest.raises(SmaltiError, match="--precision is for runs"):
        smalti.load(file, precision="bfloat16")
    with pytest.raises(SmaltiError, match="There is no file"):
        smalti.load(file.with_name("none.onnx"))
