"""What is refused before Keras sees it: each with its reason, and nothing of it runs."""

from __future__ import annotations

import json
import struct
import zipfile

import h5py
import numpy as np
import pytest

from smalti.classifier.keras.classifier import open_file, open_for
from smalti.errors import SmaltiError
from tests.classifier.keras_made import (
    dense_h5,
    dense_layers,
    dense_weights,
    sequential,
    write_h5,
    write_keras,
)
from tests.datasets import tiny_dataset


def refusal(path):
    """Return the one sentence with which a file is refused."""
    with pytest.raises(SmaltiError) as caught:
        open_file(path, "0-1")
    assert path.name in caught.value.problem
    assert "\n" not in caught.value.problem
    return f"{caught.value.problem} {caught.value.hint}"


def with_layer(path, kind, config=None, **entry):
    """Write a file with one more layer, as ``.h5`` or ``.keras``."""
    odd = {"class_name": kind, "config": {"name": "odd", **(config or {})}, **entry}
    model = sequential([*dense_layers(3), odd])
    if path.suffix == ".keras":
        return write_keras(path, model)
    return write_h5(path, model, dense_weights(144, 3))


def test_a_random_hdf5(tmp_path):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["measurements"] = np.arange(10)
    assert "is an HDF5 file but no Keras model: it has no model_config" in refusal(path)


def test_weights_without_their_model(tmp_path):
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
    assert "holds weights only" in refusal(path)
    assert "model.save(" in refusal(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + b"x" * 99, b"PK\x03\x04x"]
)
def test_what_is_no_such_file_at_all(tmp_path, content):
    path = tmp_path / "file.h5"
    path.write_bytes(content)
    assert refusal(path)


def test_a_truncated_file(tmp_path):
    path, _ = dense_h5(tmp_path / "a.h5", 3)
    path.write_bytes(path.read_bytes()[:5000])
    assert refusal(path)


def test_an_archive_bomb(tmp_path):
    path = write_keras(tmp_path / "bomb.keras", {}, {"assets/zeros": bytes(70 << 20)})
    assert path.stat().st_size < 1 << 20
    assert "is an archive bomb" in refusal(path)


def test_a_bomb_that_lies_about_its_size(tmp_path):
    path = write_keras(tmp_path / "bomb.keras", sequential(dense_layers(3)))
    content = bytearray(path.read_bytes())
    # The size of every member in the table at the end, made one byte.
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        content[place + 24 : place + 28] = struct.pack("<I", 1)
        place = content.find(b"PK\x01\x02", place + 4)
    path.write_bytes(content)
    assert refusal(path)


def test_an_hdf5_bomb(tmp_path):
    path, _ = dense_h5(tmp_path / "bomb.h5", 3)
    with h5py.File(path, "a") as file:
        file.create_dataset("zeros", shape=(1 << 30,), dtype="f8", chunks=(1 << 20,))
    assert "is an archive bomb" in refusal(path)


@pytest.mark.parametrize("listed", ["layer_names", "weight_names"])
def test_one_array_listed_often_is_not_copied_often(tmp_path, listed):
    path, _ = dense_h5(tmp_path / "often.h5", 3)
    with h5py.File(path, "a") as file:
        weights = file["model_weights"]
        group = weights if listed == "layer_names" else weights[weights.attrs["layer_names"][-1]]
        group.attrs[listed] = np.repeat(group.attrs[listed][-1:], 1000)
    assert f"its {listed} repeat themselves" in refusal(path)


def test_weights_that_are_no_numbers(tmp_path):
    model, weights = sequential(dense_layers(3)), dense_weights(144, 3)
    nothing = {
        name: [np.full_like(array, np.nan) for array in arrays] for name, arrays in weights.items()
    }
    assert "is no number" in refusal(write_h5(tmp_path / "nan.h5", model, nothing))


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_lambda_layer(tmp_path, suffix):
    mark = tmp_path / "ran"
    code = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    settings = {"function": {"class_name": "__lambda__", "config": {"code": code}}}
    said = refusal(with_layer(tmp_path / f"a.{suffix}", "Lambda", settings))
    assert "holds a Lambda layer ('odd')" in said
    assert not mark.exists()


def test_a_function_hidden_in_an_argument(tmp_path):
    settings = {"axis": {"class_name": "__lambda__", "config": {"value": "4wAAAAAA"}}}
    assert "holds a Python function" in refusal(with_layer(tmp_path / "a.h5", "Softmax", settings))


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("MyLayer", {}),
        ("Dense", {"module": "os", "registered_name": "system"}),
        ("Dense", {"module": "keras.layers", "registered_name": "mine>Dense"}),
        ("Dense", {"module": "builtins", "registered_name": "exec"}),
        ("StringLookup", {}),
        ("TFSMLayer", {}),
        ("TorchModuleWrapper", {"module": "keras.layers"}),
    ],
)
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_class_that_is_not_among_the_layers(tmp_path, kind, entry, suffix):
    said = refusal(with_layer(tmp_path / f"a.{suffix}", kind, {"units": 3}, **entry))
    assert "which is not part of Keras" in said


def test_an_operation_of_tensorflow(tmp_path):
    said = refusal(with_layer(tmp_path / "a.h5", "TFOpLambda", {"function": "math.truediv"}))
    assert "only TensorFlow can run" in said
    assert "Rescaling" in said


@pytest.mark.parametrize(
    "activation", ["evil", {"class_name": "function", "config": "os.system"}, {"class_name": "X"}]
)
def test_an_unknown_activation(tmp_path, activation):
    said = refusal(with_layer(tmp_path / "a.h5", "Activation", {"activation": activation}))
    assert "needs the activation" in said


def test_a_setting_that_todays_keras_does_not_know(tmp_path):
    path = with_layer(tmp_path / "a.h5", "DepthwiseConv2D", {"kernel_size": 3, "groups": 2})
    assert "with groups=2, which Keras 3 does not know" in refusal(path)


def test_a_function_that_changed_its_meaning(tmp_path):
    path = with_layer(tmp_path / "a.h5", "Activation", {"activation": "hard_sigmoid"})
    assert "another function in Keras 3" in refusal(path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\\..\\b", "C:x"])
def test_a_layer_name_that_leads_out_of_its_folder(tmp_path, name):
    path = with_layer(tmp_path / "a.h5", "Dropout", {"name": name, "rate": 0.5})
    assert "leads out of its folder" in refusal(path)


def test_a_weight_name_that_leads_out_of_its_folder(tmp_path):
    path, _ = dense_h5(tmp_path / "a.h5", 3)
    with h5py.File(path, "a") as file:
        file["model_weights/dense_0"].attrs["weight_names"] = [b"../../secret", b"dense_0/bias:0"]
    assert "leads out of its folder" in refusal(path)


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt"])
def test_a_member_that_leads_out_of_its_folder(tmp_path, name):
    path = write_keras(tmp_path / "a.keras", sequential(dense_layers(3)), {name: b"x"})
    assert "leads out of its folder" in refusal(path)
    assert not (tmp_path.parent / "evil.txt").exists()


def test_a_member_that_is_there_twice(tmp_path):
    path = write_keras(tmp_path / "a.keras", sequential(dense_layers(3)))
    with (
        zipfile.ZipFile(path, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        archive.writestr("config.json", json.dumps({}))
    assert "two files of the same name" in refusal(path)


def test_an_archive_of_something_else(tmp_path):
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "is not a Keras model: it holds no config.json" in refusal(path)


@pytest.mark.parametrize("kind", ["external", "soft"])
def test_links_inside_hdf5(tmp_path, kind):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["kernel"] = np.ones((144, 3))
    path, _ = dense_h5(tmp_path / "a.h5", 3)
    link = h5py.ExternalLink(str(secret), "/kernel") if kind == "external" else h5py.SoftLink("/x")
    with h5py.File(path, "a") as file:
        group = file["model_weights/dense_0/dense_0"]
        del group["kernel:0"]
        group["kernel:0"] = link
    assert "holds a link to" in refusal(path)


def test_data_in_another_file(tmp_path):
    raw = tmp_path / "raw"
    raw.write_bytes(bytes(144 * 3 * 4))
    path, _ = dense_h5(tmp_path / "a.h5", 3)
    with h5py.File(path, "a") as file:
        group = file["model_weights/dense_0/dense_0"]
        del group["kernel:0"]
        outside = [(str(raw), 0, 144 * 3 * 4)]
        group.create_dataset("kernel:0", (144, 3), "f4", external=outside)
    assert "keeps its data in another file" in refusal(path)


def graph(inputs, outputs):
    """Return a functional model's config with so many inputs and outputs."""
    layers = [
        {
            "class_name": "InputLayer",
            "name": f"in{number}",
            "config": {"name": f"in{number}", "batch_input_shape": [None, 144]},
            "inbound_nodes": [],
        }
        for number in range(inputs)
    ]
    for number in range(outputs):
        node = [[f"in{number % inputs}", 0, 0, {}]]
        dense = {"name": f"dense_{number}", "units": 3}
        layers.append(
            {"class_name": "Dense", "name": dense["name"], "config": dense, "inbound_nodes": [node]}
        )
    return {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": layers,
            "input_layers": [[f"in{number}", 0, 0] for number in range(inputs)],
            "output_layers": [[f"dense_{number}", 0, 0] for number in range(outputs)],
        },
    }


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [(2, 1, "has 2 inputs"), (1, 2, "has 2 outputs"), (0, 0, "has 0 inputs")],
)
def test_a_model_with_more_than_one_way_in_or_out(tmp_path, inputs, outputs, said):
    path = write_h5(tmp_path / "a.h5", graph(inputs, outputs), {})
    assert said in refusal(path)


def test_a_config_nested_without_end(tmp_path):
    config = sequential(dense_layers(3))
    for _ in range(40):
        config = sequential([config])
    assert "more than 20 deep" in refusal(write_h5(tmp_path / "a.h5", config, {}))
    deep = "[" * 50_000 + "]" * 50_000
    path, _ = dense_h5(tmp_path / "b.h5", 3)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = deep
    assert refusal(path)


@pytest.mark.parametrize(
    "config", [None, 3, [], {}, {"class_name": "Sequential"}, {"class_name": "Dense", "config": {}}]
)
def test_a_config_that_is_none(tmp_path, config):
    assert refusal(write_h5(tmp_path / "a.h5", config, {}))


def test_a_file_of_keras_1(tmp_path):
    config = sequential(dense_layers(3))
    path = write_h5(tmp_path / "a.h5", config, dense_weights(144, 3), version="1.2.2")
    assert "was written by Keras 1.2.2" in refusal(path)


def test_outputs_that_are_no_classes(tmp_path):
    layers = [{"class_name": "Dense", "config": {
        "name": "dense_0", "units": 3, "batch_input_shape": [None, 12, 12]}}]  # fmt: skip
    path = write_h5(tmp_path / "a.h5", sequential(layers), dense_weights(12, 3))
    assert "gives N×12×3 numbers" in refusal(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(SmaltiError, match="There is no file"):
        open_file(tmp_path / "none.h5")


# Sound files that do not suit the data


def test_another_number_of_classes(tmp_path):
    path, _ = dense_h5(tmp_path / "five.h5", 5)
    with pytest.raises(SmaltiError, match=r"five.h5 tells 5 classes apart; tiny has 3"):
        open_for(path, tiny_dataset())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"side": 16}, "takes 12×12 grey pictures; tiny has 16×16 grey pictures"),
        ({"channels": 3}, "takes 12×12 grey pictures; tiny has 12×12 colour pictures"),
    ],
)
def test_another_size_or_colour_is_offered_to_be_fitted(tmp_path, caplog, options, said):
    path, _ = dense_h5(tmp_path / "a.h5", 3)
    dataset = tiny_dataset(**options)
    with pytest.raises(SmaltiError, match=said) as caught:
        open_for(path, dataset)
    assert "--fit" in caught.value.hint
    caplog.set_level("INFO", "smalti")
    classifier, _ = open_for(path, dataset, fit=True)
    assert "scaled and recoloured" in caplog.text
    assert classifier.logits_of(dataset.part("test")).shape == (30, 3)
    assert len(classifier.predict(dataset.part("test").pictures())) == 30
