"""Runs as ONNX files: one file, normalisation and views inside, checked in ONNX Runtime.

The graph is written node by node from the layers that ``formats/network.py`` reads off the network,
not by ``torch.onnx.export``. Measured on row D2's network, both cores of the machine busy: 0.1 s
against 5.7 s, at the end of every training; onnx and onnxruntime alone, where the exporter of
PyTorch needs onnxscript and onnx-ir as well; silent, where it prints eight lines and raises a
FutureWarning. Both are exact to float32's rounding: the parity gate is the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from smalti.classifier.onnx.metadata import INPUT, METADATA_KEY, PROBABILITIES, metadata
from smalti.classifier.onnx.session import is_installed, open_session, require_extra
from smalti.errors import SmaltiError, log
from smalti.formats import exporting
from smalti.formats.exporting import Export, Subject
from smalti.runs import Run

EXTRA = ("onnx", "onnxruntime")


def export(run: Run, target: Path, file_format: str = "onnx") -> Export:
    """Write a run's classifier as one ONNX file at ``target``.

    It takes uint8 pictures N×H×W×C named ``pictures`` and gives ``logits`` and ``probabilities``,
    float32 N×K; class names and the rest of classifier.json are in its metadata.

    Raises:
        SmaltiError: the extra is missing, the network has no counterpart, or the two disagree.
        MachineError: the file cannot be written.
    """
    require_extra(*EXTRA)
    return exporting.export(run, target, file_format, OnnxWriter())


def write_after_training(run: Run) -> Export | None:
    """Write ``model.onnx`` into a run that has just been trained; says nothing where that works.

    Returns None where the extra is not installed, or where the export failed: that is a warning,
    because the training is finished whatever becomes of this file.
    """
    if not is_installed(*EXTRA):
        return None
    target = run.exported_file("onnx")
    try:
        return export(run, target)
    except Exception as error:  # whatever a version of onnx or of its runtime raises
        reason = error.problem if isinstance(error, SmaltiError) else f"{error}"
        log.warning("The run is finished, but without %s: %s", target, reason)
        return None


class OnnxWriter:
    """One ``.onnx`` file with the weights inside."""

    repair = "Try another version of ONNX Runtime: pip install --upgrade onnxruntime"

    def write(self, subject: Subject, draft: Path) -> str:
        """Write the graph; ONNX's own checker has to accept it."""
        import onnx

        from smalti.formats.onnx_graph import graph

        model = graph(subject)
        text = metadata(subject.description, subject.weights)
        onnx.helper.set_model_props(model, {METADATA_KEY: text})
        onnx.checker.check_model(model)
        draft.write_bytes(model.SerializeToString(deterministic=True))
        return f"ONNX {onnx.__version__}"

    def answer(self, draft: Path, pictures: np.ndarray) -> np.ndarray:
        """Return what ONNX Runtime makes of the file."""
        session = open_session(draft.read_bytes())
        outputs: np.ndarray = session.run([PROBABILITIES], {INPUT: pictures})[0]
        return outputs
