"""Writing a Keras file, and loading it as anybody would. Runs in the child that has Keras."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from smalti.classifier.keras.names_inside import METADATA_KEY
from smalti.errors import SmaltiError


def write(
    content: dict[str, Any], arrays: list[np.ndarray]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Build the model, save it at ``path`` and put ``metadata`` inside.

    The network is ``layers``, with ``arrays`` as their weights, one after another; ``views`` are
    the views of a picture whose logits are averaged, ``last`` is the softmax, before which they are
    divided by ``temperature``. Returns Keras's version.
    """
    import keras

    path = Path(content["path"])
    model = _build(content, iter(arrays))
    model.save(path)
    _put_inside(path, content["metadata"])
    return {"keras": keras.__version__}, []


def answer(
    content: dict[str, Any], arrays: list[np.ndarray]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the outputs of the file at ``path``, loaded plainly, for float pictures N×H×W×C."""
    import keras
    import torch

    model = keras.models.load_model(content["path"], compile=False, safe_mode=True)
    with torch.inference_mode():
        outputs = model(np.array(arrays[0]), training=False)
    return {}, [np.asarray(keras.ops.convert_to_numpy(outputs), np.float32)]


def _build(content: dict[str, Any], arrays: Any) -> Any:
    import keras

    network = _network(content, arrays)
    last = keras.layers.Activation("softmax", name=content["last"])
    cooled = 1 / content["temperature"]
    if len(content["views"]) == 1:
        logits = network.output
        if cooled != 1:
            logits = keras.layers.Rescaling(cooled, name="temperature")(logits)
        return keras.Model(network.input, last(logits), name=content["name"])
    start = keras.Input(shape=tuple(content["input_shape"]), name=content["input"])
    answers = [
        keras.layers.Rescaling(view["weight"] * cooled, name=f"weight{number}")(
            network(_seen(start, view, number))
        )
        for number, view in enumerate(content["views"], 1)
    ]
    mean = keras.layers.Add(name="mean")(answers)
    return keras.Model(start, last(mean), name=content["name"])


def _seen(pictures: Any, view: dict[str, Any], number: int) -> Any:
    """Return the view of pictures N×H×W×C: rows and columns picked by matrices of 0 and 1.

    Products with fixed matrices, because plain layers can move an axis and multiply along the
    last one, and every version of Keras loads them without any code.
    """
    pictures = _picked(pictures, view["columns"], (1, 3, 2), (1, 3, 2), f"view{number}_columns")
    return _picked(pictures, view["rows"], (2, 3, 1), (3, 1, 2), f"view{number}_rows")


def _picked(
    pictures: Any, places: list[int], there: tuple[int, ...], back: tuple[int, ...], name: str
) -> Any:
    import keras

    if places == list(range(len(places))):
        return pictures
    pick = keras.layers.Dense(len(places), use_bias=False, trainable=False, name=name)
    picked = pick(keras.layers.Permute(there, name=f"{name}_last")(pictures))
    pick.set_weights([np.eye(len(places), dtype=np.float32)[:, places]])
    return keras.layers.Permute(back, name=f"{name}_back")(picked)


def _network(content: dict[str, Any], arrays: Any) -> Any:
    """Return the model that gives the logits of one view."""
    import keras

    start = keras.Input(shape=tuple(content["input_shape"]), name=content["input"])
    made = {content["input"]: start}
    for layer in content["layers"]:
        inputs = [made[name] for name in layer["inputs"]]
        kind = getattr(keras.layers, layer["kind"], None)
        if kind is None:
            raise SmaltiError(f"This version of Keras has no layer {layer['kind']}.", _NEWER)
        step = kind(name=layer["name"], **layer["arguments"])
        made[layer["name"]] = step(inputs[0] if len(inputs) == 1 else inputs)
        if layer["weights"]:
            step.set_weights([next(arrays) for _ in range(layer["weights"])])
    return keras.Model(start, made[content["layers"][-1]["name"]], name="network")


def _put_inside(path: Path, metadata: dict[str, Any]) -> None:
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path, "a") as file:
            file.attrs[METADATA_KEY] = json.dumps(metadata)
        return
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    own = json.loads(members["metadata.json"])
    members["metadata.json"] = json.dumps({**own, METADATA_KEY: metadata}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)


_NEWER = "Install a newer one: pip install --upgrade 'smalti[keras]'"
