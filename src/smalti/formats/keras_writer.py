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
    """Build the model from ``layers``, save it at ``path`` and put ``metadata`` inside.

    ``arrays`` are the weights of all layers, one after another. Returns Keras's version.
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
    return keras.Model(start, made[content["layers"][-1]["name"]], name=content["name"])


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
