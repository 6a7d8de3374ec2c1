"""Runs as Keras files: written, loaded back, compared, and only then put in their place."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from smalti import device
from smalti.classifier.keras.names_inside import layer_name
from smalti.classifier.keras.process import KerasProcess, require_extra, shared
from smalti.data.pictures import PictureError, read_picture
from smalti.errors import SmaltiError
from smalti.files import write_bytes
from smalti.formats.network import Layer, translate
from smalti.metrics import softmax
from smalti.models.building import build
from smalti.models.inference import Network, load_weights
from smalti.models.preprocessing import Normalize
from smalti.models.views import views_of
from smalti.recipes import from_dict
from smalti.runs import Run
from smalti.version import __version__
from smalti.wording import plural

LARGEST_DIFFERENCE = 1e-4
"""Of any probability in float32, between the run's network and the file."""

RANDOM_PICTURES = 32
_SEED = 0
_WRITER = "smalti.formats.keras_writer"
_INPUT, _NORMALISATION = "pictures", "normalisation"


@dataclass(frozen=True)
class Export(os.PathLike[str]):
    """A written file, usable as a path; what it was compared on and how far it was off.

    ``largest_difference`` is of a probability, over ``pictures`` pictures; ``notes`` are sentences
    that whoever uses the file has to know.
    """

    path: Path
    format: str
    largest_difference: float
    pictures: int
    classes: int
    input_shape: tuple[int, int, int]
    written_by: str
    notes: tuple[str, ...] = ()

    def __fspath__(self) -> str:
        return str(self.path)


def export(run: Run, target: Path, file_format: str, process: KerasProcess | None = None) -> Export:
    """Write a run's classifier as ``keras`` or ``h5`` at ``target``.

    The file takes float pictures N×H×W×C from 0 to 255, normalises them itself, and gives
    probabilities. It is put in its place only if, loaded by plain Keras, it predicts within
    LARGEST_DIFFERENCE of the run on the run's sample pictures and random ones.

    Raises:
        SmaltiError: the extra is missing, the network has no counterpart, or the two disagree.
        MachineError: the file cannot be written.
    """
    require_extra()
    description = run.classifier()
    if description["kind"] != "native":
        raise SmaltiError(
            f"{run.path} is not a network of smalti's own but {description['kind']}.",
            "Export one of its members, or the run that it was made from.",
        )
    network = _network(run, description)
    pictures = _pictures(run, description)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"model.{file_format}"
        process = process or shared()
        version = _write(process, draft, run.name, description, network)
        expected = _expected(network, description, pictures)
        found = _found(process, draft, pictures)
        difference = float(np.abs(found - expected).max())
        _require_parity(difference, target)
        write_bytes(target, draft.read_bytes(), "another file with --to")
    return Export(
        target,
        file_format,
        difference,
        len(pictures),
        len(description["class_names"]),
        tuple(description["input_shape"]),
        f"Keras {version}",
        _notes(description),
    )


def _require_parity(difference: float, target: Path) -> None:
    """Refuse a difference above the limit, and one that is no number."""
    if not difference <= LARGEST_DIFFERENCE:
        raise SmaltiError(
            f"{target} was not written: its probabilities would differ by {difference:.2g} from "
            f"the run's, more than {LARGEST_DIFFERENCE:g}.",
            "Try another version of Keras: pip install --upgrade keras",
        )


def _network(run: Run, description: dict[str, Any]) -> nn.Module:
    config = from_dict({"model": description["model"]}, str(run.classifier_file)).model
    model = build(config, tuple(description["input_shape"]), len(description["class_names"]))
    weights, _ = run.read_model()
    try:
        load_weights(model, weights)
    except RuntimeError as error:
        raise SmaltiError(
            f"{run.classifier_file} does not fit {run.model_file}: one of them was changed.",
            f"Write both again with: {run.repair}",
        ) from error
    return model.eval()


def _write(
    process: KerasProcess,
    draft: Path,
    name: str,
    description: dict[str, Any],
    network: nn.Module,
) -> str:
    shape = tuple(description["input_shape"])
    names = description["class_names"]
    before = [_normalisation(description["preprocessing"])]
    layers = [*before, *translate(network, shape, _NORMALISATION)]
    content = {
        "path": str(draft),
        "name": re.sub(r"[^A-Za-z0-9_.-]", "-", f"smalti-{name}"),
        "input": _INPUT,
        "input_shape": list(shape),
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "arguments": layer.arguments,
                "inputs": list(layer.inputs),
                "weights": len(layer.weights),
            }
            for layer in layers
        ],
        "views": _views(description, shape),
        "last": layer_name(names),
        "metadata": {
            "smalti": __version__,
            "class_names": names,
            "scale": "0-255",
            "data": description.get("data", ""),
        },
    }
    arrays = [array for layer in layers for array in layer.weights]
    about, _ = process.call(f"{_WRITER}:write", content, arrays)
    return str(about["keras"])


def _views(description: dict[str, Any], shape: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return the weight of each view, and which rows and columns of the picture it shows."""
    seen = []
    for view in views_of(description.get("views", 1)):
        rows, columns = view.pixels(*shape[:2])
        seen.append({"weight": view.weight, "rows": rows.tolist(), "columns": columns.tolist()})
    return seen


def _normalisation(preprocessing: dict[str, Any]) -> Layer:
    """Return the layer that does what :class:`Normalize` does; another preprocessing is refused."""
    if set(preprocessing) != {"mean", "std"}:
        unknown = ", ".join(sorted(set(preprocessing) - {"mean", "std"})) or "none"
        raise SmaltiError(f"This run prepares its pictures in a way Keras has not: {unknown}.")
    mean, std = (np.array(preprocessing[key], np.float64) for key in ("mean", "std"))
    scale, offset = (1 / (255 * std)).tolist(), (-mean / std).tolist()
    # One channel: numbers instead of lists, which every version of Keras takes.
    arguments = {"scale": scale, "offset": offset}
    if len(scale) == 1:
        arguments = {"scale": scale[0], "offset": offset[0]}
    return Layer(_NORMALISATION, "Rescaling", arguments, (_INPUT,))


def _pictures(run: Run, description: dict[str, Any]) -> np.ndarray:
    """Return uint8 pictures to compare on: the run's stored samples, and random ones."""
    shape = tuple(description["input_shape"])
    stored = []
    for entries in run.samples().values():
        for entry in entries:
            try:
                stored.append(read_picture(run.samples_folder / Path(entry["file"]).name, shape))
            except (PictureError, KeyError, TypeError):
                continue  # a damaged sample is no reason not to export
    random = np.random.default_rng(_SEED).integers(0, 256, (RANDOM_PICTURES, *shape), np.uint8)
    return np.concatenate([np.stack(stored), random]) if stored else random


def _expected(network: nn.Module, description: dict[str, Any], pictures: np.ndarray) -> np.ndarray:
    scaling = description["preprocessing"]
    hardware = device.choose("cpu", "float32")
    normalize = Normalize(scaling["mean"], scaling["std"])
    judged = Network(network, normalize, hardware, description.get("views", 1))
    return softmax(judged.logits(pictures.__getitem__, len(pictures)))


def _found(process: KerasProcess, draft: Path, pictures: np.ndarray) -> np.ndarray:
    batch = pictures.astype(np.float32)
    _, [outputs] = process.call(f"{_WRITER}:answer", {"path": str(draft)}, [batch])
    return outputs


def _notes(description: dict[str, Any]) -> tuple[str, ...]:
    views = int(description.get("views", 1))
    if views == 1:
        return ()
    return (
        f"The file averages {plural(views, 'view')} of a picture for an answer, as the run does: "
        f"an answer costs {views} times the arithmetic.",
    )


def require_new(target: Path) -> None:
    """Raise an error where a file is there already."""
    if target.exists():
        raise SmaltiError(
            f"{target} exists already; nothing is overwritten unasked.",
            "Replace it with --replace (replace=True in Python), or choose another name.",
        )


def format_of(target: str | Path | None, file_format: str | None) -> str:
    """Return the format that is meant: as said, or by the ending of the file; default ``keras``."""
    from smalti.names import FORMATS

    ending = Path(target).suffix.lower().removeprefix(".") if target is not None else ""
    by_ending = {"hdf5": "h5"}.get(ending, ending)
    if file_format is None:
        if target is not None and by_ending not in FORMATS:
            raise SmaltiError(
                f"{target} does not end in the ending of a format.",
                f"Known endings: {', '.join(f'.{name}' for name in FORMATS)}; or say --format.",
            )
        return by_ending or "keras"
    FORMATS[file_format]
    if target is not None and by_ending != file_format:
        raise SmaltiError(
            f"{target} does not end in .{file_format}, by which Keras knows the format.",
            f"Name it {Path(target).with_suffix('.' + file_format)}, or leave out --format.",
        )
    return file_format


def parity_sentence(done: Export) -> str:
    """Return how far the file is off, in words."""
    return (
        f"largest difference of a probability {done.largest_difference:.1e} over "
        f"{plural(done.pictures, 'picture')} (limit {LARGEST_DIFFERENCE:g})"
    )
