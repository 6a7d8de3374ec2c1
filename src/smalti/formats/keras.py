"""Runs as Keras files, written and answered by Keras in a process of its own."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from smalti.classifier.keras.names_inside import layer_name
from smalti.classifier.keras.process import KerasProcess, require_extra, shared
from smalti.formats import exporting
from smalti.formats.exporting import Export, Subject
from smalti.formats.network import Layer, translate
from smalti.runs import Run
from smalti.version import __version__

_WRITER = "smalti.formats.keras_writer"
_INPUT, _NORMALISATION = "pictures", "normalisation"


def export(run: Run, target: Path, file_format: str) -> Export:
    """Write a run's classifier as ``keras`` or ``h5`` at ``target``.

    The file takes float pictures N×H×W×C from 0 to 255, normalises them itself, and gives
    probabilities. It is compared with the run as plain Keras loads it.

    Raises:
        SmaltiError: the extra is missing, the network has no counterpart, or the two disagree.
        MachineError: the file cannot be written.
    """
    require_extra()
    return exporting.export(run, target, file_format, KerasWriter(shared()))


class KerasWriter:
    """``.keras`` and ``.h5``, by the ending of the draft."""

    repair = "Try another version of Keras: pip install --upgrade keras"

    def __init__(self, process: KerasProcess) -> None:
        self.process = process

    def write(self, subject: Subject, draft: Path) -> str:
        """Have Keras build the model and save it."""
        layers = [_normalisation(subject)]
        layers += translate(subject.network, subject.input_shape, _NORMALISATION)
        arrays = [array for layer in layers for array in layer.weights]
        content = _content(subject, draft, layers)
        about, _ = self.process.call(f"{_WRITER}:write", content, arrays)
        return f"Keras {about['keras']}"

    def answer(self, draft: Path, pictures: np.ndarray) -> np.ndarray:
        """Return what Keras makes of the file, loaded plainly."""
        batch = pictures.astype(np.float32)
        _, [outputs] = self.process.call(f"{_WRITER}:answer", {"path": str(draft)}, [batch])
        return outputs


def _content(subject: Subject, draft: Path, layers: list[Layer]) -> dict[str, Any]:
    return {
        "path": str(draft),
        "name": re.sub(r"[^A-Za-z0-9_.-]", "-", f"smalti-{subject.name}"),
        "input": _INPUT,
        "input_shape": list(subject.input_shape),
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
        "views": [asdict(view) for view in subject.views()],
        "temperature": subject.temperature,
        "last": layer_name(subject.class_names),
        "metadata": {
            "smalti": __version__,
            "class_names": subject.class_names,
            "scale": "0-255",
            "data": subject.description.get("data", ""),
        },
    }


def _normalisation(subject: Subject) -> Layer:
    """Return the layer that brings 0–255 to what the network takes."""
    scale, offset = subject.scale_and_offset()
    arguments: dict[str, Any] = {"scale": scale, "offset": offset}
    # One channel: numbers instead of lists, which every version of Keras takes.
    if len(scale) == 1:
        arguments = {"scale": scale[0], "offset": offset[0]}
    return Layer(_NORMALISATION, "Rescaling", arguments, (_INPUT,))
