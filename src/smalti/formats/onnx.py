"""Runs as ONNX files: one file, normalisation and views inside, checked in ONNX Runtime.

The graph is written node by node from the layers that ``formats/network.py`` reads off the network,
not by ``torch.onnx.export(dynamo=True)``. Measured on row D2's network, at the end of a training
on two cores with other work on both: 0.8 s with imports and the parity gate (0.3 s of processor
time) against 5.7 s for the export alone; onnx and onnxruntime, where PyTorch's exporter needs
onnxscript and onnx-ir as well; silent, where it prints a dozen lines and raises a FutureWarning.
Both are exact to the rounding of float32 (1e-7 of a probability here).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from smalti.classifier.onnx.metadata import INPUT, METADATA_KEY, PROBABILITIES, metadata, sealed
from smalti.classifier.onnx.session import is_installed, open_session, require_extra
from smalti.errors import SmaltiError, log
from smalti.formats import exporting
from smalti.formats.exporting import Export, Subject
from smalti.models.inference import judging_batch
from smalti.runs import Run

EXTRA = ("onnx", "onnxruntime")


def export(run: Run, target: Path, file_format: str = "onnx") -> Export:
    """Write a run's classifier as one ONNX file at ``target``.

    It takes uint8 pictures N×H×W×C named ``pictures`` and gives ``logits`` and ``probabilities``,
    float32 N×K, the second by the run's temperature; class names, the rest of classifier.json and
    the calibration are in its metadata.

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
        text = metadata(subject.description, subject.weights, subject.calibration)
        onnx.helper.set_model_props(model, {METADATA_KEY: text})
        onnx.checker.check_model(model)
        draft.write_bytes(sealed(model.SerializeToString(deterministic=True)))
        return f"ONNX {onnx.__version__}"

    def answer(self, draft: Path, pictures: np.ndarray) -> np.ndarray:
        """Return what ONNX Runtime makes of the file."""
        session = open_session(draft.read_bytes())
        size = judging_batch(*pictures.shape[1:3])
        outputs = [
            session.run([PROBABILITIES], {INPUT: pictures[start : start + size]})[0]
            for start in range(0, len(pictures), size)
        ]
        return np.concatenate(outputs)
