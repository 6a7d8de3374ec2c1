"""What the child does with a Keras file: look through it, copy what is sound, load, predict.

Keras never opens the file itself but a copy that was written here, in which every class is one of
Keras's own and every array plain numbers; so what was looked at is what is loaded.
"""

from __future__ import annotations

import inspect
import itertools
import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from smalti.classifier.keras import archive, hdf5
from smalti.classifier.keras.config import Config, Repair, layers
from smalti.classifier.keras.names_inside import METADATA_KEY, names_from, own_metadata
from smalti.errors import SmaltiError

_models: dict[int, Any] = {}
_numbers = itertools.count(1)

_WEIGHTS_ONLY = "Save the whole model with model.save('….keras'), not model.save_weights."
_WHOLE_MODEL = "Expected a file written by model.save('….h5') or model.save('….keras')."


def load(content: dict[str, Any], _: list[np.ndarray]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Load the file ``path`` and return its facts, with the ``model`` number for :func:`predict`.

    ``input`` and ``output`` are shapes with None for what is free; ``channels_first`` says how the
    layers order values; ``output_kind`` is softmax, sigmoid or logits.
    """
    import keras

    path = Path(content["path"])
    with tempfile.TemporaryDirectory() as folder, _damage(path.name):
        copy, config, about = _clean_copy(path, Path(folder))
        model = keras.models.load_model(copy, compile=False, safe_mode=True)
    facts = {**_shapes(model, path.name), **about, **_settings(config)}
    facts["parameters"] = int(model.count_params())
    facts["class_names"] = names_from(about["data"], [layer.name for layer in model.layers])
    facts["output_kind"] = _output_kind(model, facts, path.name)
    number = next(_numbers)
    _models[number] = model
    return {**facts, "model": number}, []


def predict(
    content: dict[str, Any], arrays: list[np.ndarray]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the outputs of ``model`` for one batch in its own form, float32."""
    return {}, [_outputs(_models[content["model"]], arrays[0])]


def close(content: dict[str, Any], _: list[np.ndarray]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Forget a model."""
    _models.pop(content["model"], None)
    return {}, []


def _outputs(model: Any, batch: np.ndarray) -> np.ndarray:
    import keras
    import torch

    with torch.inference_mode():
        outputs = model(np.array(batch, dtype=np.float32), training=False)
    found: np.ndarray = keras.ops.convert_to_numpy(outputs)
    return found.astype(np.float32)


# The clean copy


def _clean_copy(path: Path, folder: Path) -> tuple[Path, Config, dict[str, Any]]:
    """Return the copy that may be loaded, its config, and what the file says about itself."""
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == b"\x89HDF\r\n\x1a\n":
        return _from_hdf5(path, folder)
    if magic.startswith(b"PK"):
        return _from_archive(path, folder)
    raise SmaltiError(f"{path.name} is neither an HDF5 file nor a .keras archive.", _WHOLE_MODEL)


def _from_hdf5(path: Path, folder: Path) -> tuple[Path, Config, dict[str, Any]]:
    import h5py

    copy = folder / "model.h5"
    with h5py.File(path, "r") as source:
        hdf5.check_sizes(source, path.name, path.stat().st_size)
        if "model_config" not in source.attrs:
            raise _not_a_model(source, path.name)
        version = hdf5.text(source.attrs.get("keras_version", "1"))
        data = json.loads(hdf5.text(source.attrs.get(METADATA_KEY, "{}")))
        written = json.loads(hdf5.text(source.attrs["model_config"]))
        config = _repair(path.name, version, legacy=True).model(written)
        hdf5.copy_model(source, copy, path.name, json.dumps(config), version)
    return copy, config, {"keras_version": version, "data": own_metadata(data)}


def _from_archive(path: Path, folder: Path) -> tuple[Path, Config, dict[str, Any]]:
    import h5py

    copy, raw, clean = folder / "model.keras", folder / "raw.h5", folder / "clean.h5"
    with zipfile.ZipFile(path) as source:
        archive.check_members(source, path.name, path.stat().st_size)
        metadata = archive.read_json(source, archive.METADATA, path.name)
        version = str(metadata.get("keras_version", "3"))
        written = archive.read_json(source, archive.CONFIG, path.name)
        config = _repair(path.name, version, legacy=False).model(written)
        archive.unpack_weights(source, raw)
    with h5py.File(raw, "r") as weights:
        hdf5.check_sizes(weights, path.name, raw.stat().st_size)
        hdf5.copy_weights(weights, clean, path.name)
    archive.write_archive(copy, config, {"keras_version": version}, clean)
    return (
        copy,
        config,
        {"keras_version": version, "data": own_metadata(metadata.get(METADATA_KEY))},
    )


def _repair(file: str, version: str, legacy: bool) -> Repair:
    major = version.partition(".")[0]
    if major not in ("2", "3"):
        raise SmaltiError(
            f"{file} was written by Keras {version}; smalti reads files of Keras 2 and 3.",
            "Load it with Keras 2 and save it again.",
        )
    return Repair(file, _parameters, legacy, keras_2=major == "2")


def _parameters(kind: str) -> frozenset[str]:
    """Return what the installed Keras takes for a layer, beside what all layers take."""
    import keras

    named: set[str] = {"name", "trainable"}
    for base in getattr(keras.layers, kind).__mro__:
        if base is keras.layers.Layer:
            break
        if "__init__" in vars(base):
            named |= set(inspect.signature(base.__init__).parameters)
    return frozenset(named - {"self", "args", "kwargs"})


def _not_a_model(source: Any, file: str) -> SmaltiError:
    if "layer_names" in source.attrs or "layers" in source or "_layer_checkpoint_deps" in source:
        return SmaltiError(f"{file} holds weights only, without the model.", _WEIGHTS_ONLY)
    return SmaltiError(
        f"{file} is an HDF5 file but no Keras model: it has no model_config.", _WHOLE_MODEL
    )


@contextmanager
def _damage(file: str) -> Iterator[None]:
    """Say in one sentence what a damaged or too strange file makes others raise."""
    try:
        yield
    except (SmaltiError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise SmaltiError(f"There is no file {file}.") from error
    except RecursionError as error:
        raise SmaltiError(f"{file} is damaged: its model_config is nested too deeply.") from error
    except KeyError as error:
        raise SmaltiError(f"{file} is damaged: its model_config lacks {error}.") from error
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        if "alloc" in said and "memory" in said:
            raise MemoryError from None
        raise SmaltiError(f"{file} could not be loaded by Keras: {said:.200}") from error


# Facts of the loaded model


def _shapes(model: Any, file: str) -> dict[str, Any]:
    inputs, outputs = model.inputs, model.outputs
    for ends, word in ((inputs, "inputs"), (outputs, "outputs")):
        if len(ends) != 1:
            raise SmaltiError(f"{file} has {len(ends)} {word}; a classifier has one.")
    return {"input": list(inputs[0].shape), "output": list(outputs[0].shape)}


def _settings(config: Config) -> dict[str, Any]:
    """Return the order of values that the layers are set to, and whether they scale pixels."""
    found = list(layers(config))
    orders = [settings["data_format"] for _, settings in found if settings.get("data_format")]
    opening = [kind for kind, _ in found[:4]]
    return {
        "channels_first": bool(orders) and orders[0] == "channels_first",
        "scales_inside": any(kind in ("Rescaling", "Normalization") for kind in opening),
    }


def _output_kind(model: Any, facts: dict[str, Any], file: str) -> str:
    """Return softmax, sigmoid or logits by what random inputs give.

    The last layer's name is not enough: models within models, and functions instead of layers.
    """
    shape = [side or 32 for side in facts["input"][1:]]
    draws = np.random.default_rng(0).random((8, *shape), dtype=np.float32)
    found = np.concatenate([_outputs(model, draws * scale) for scale in (1, 255)])
    if not np.isfinite(found).all():
        raise SmaltiError(f"{file} answers with what is no number: its training diverged.")
    if found.ndim != 2 or found.min() < 0 or found.max() > 1:
        return "logits"
    if found.shape[1] > 1 and np.allclose(found.sum(axis=1), 1, atol=1e-3):
        return "softmax"
    return "sigmoid"
