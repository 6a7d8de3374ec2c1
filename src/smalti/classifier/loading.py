"""From a path to the classifier that it holds."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from smalti.classifier.protocol import Classifier
from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError
from smalti.machine import nvidia_gpu
from smalti.runs import BASELINE, Run

if TYPE_CHECKING:
    from smalti.classifier.files import FileClassifier

KERAS, ONNX = "keras", "onnx"

FILE_KINDS = {".keras": KERAS, ".h5": KERAS, ".hdf5": KERAS, ".onnx": ONNX}
"""What a classifier's file is, by its ending."""

_FILES = "Keras and ONNX files"
_FOR_FILES = {
    "data": (_FILES, "A run knows its data."),
    "out": (_FILES, "The results of a run are stored in the run."),
    "scale": ("Keras files", "A run knows how its pixels are scaled."),
    "fit": (_FILES, "A run knows what size and colour it takes."),
}


def is_model_file(path: str | Path | Run) -> TypeGuard[str | Path]:
    """Tell whether a path means a Keras or ONNX file; a folder of such a name is a run."""
    if isinstance(path, Run):
        return False
    return Path(path).suffix.lower() in FILE_KINDS and not Path(path).is_dir()


def require_run_options(path: Any, **options: Any) -> None:
    """Raise an error where a run is given what only a file needs."""
    for name, value in options.items():
        if value is None or value is False:
            continue
        shown = path.path if isinstance(path, Run) else path
        files, reason = _FOR_FILES[name]
        raise SmaltiError(
            f"--{name} is for {files}; {shown} is a run. {reason}",
            f"Leave --{name} out.",
        )


def require_float32(path: str | Path, precision: str) -> None:
    """Raise an error where a file is asked to answer in another number format than its own."""
    if precision != "float32":
        raise SmaltiError(
            f"--precision is for runs; {path} answers in float32.", "Leave it out, or name the run."
        )


def open_file(path: str | Path, scale: str | None = None) -> FileClassifier:
    """Return the classifier of a file for pictures of the user's own."""
    if _kind(path) == ONNX:
        from smalti.classifier.onnx import classifier as onnx

        return onnx.open_file(path, scale)
    from smalti.classifier.keras import classifier as keras

    return keras.open_file(path, scale)


def open_for(
    path: str | Path,
    dataset: Dataset | Callable[[int], Dataset],
    scale: str | None = None,
    fit: bool = False,
) -> tuple[FileClassifier, Dataset]:
    """Return the classifier of a file for a data set, and that data set.

    ``dataset`` may be a function from the side that the network takes (0: any).
    """
    if _kind(path) == ONNX:
        from smalti.classifier.onnx import classifier as onnx

        return onnx.open_for(path, dataset, scale, fit)
    from smalti.classifier.keras import classifier as keras

    return keras.open_for(path, dataset, scale, fit)


def load_run(run: Run, precision: str = "float32", device_name: str = "auto") -> Classifier:
    """Return a run's classifier: a network of smalti's own, or the file that it keeps."""
    kind = run.classifier()["kind"]
    if kind == BASELINE:
        raise SmaltiError(
            f"{run.path} is of a classical method, of which no model is kept: it predicts nothing.",
            f"Its figures: smalti evaluate {shlex.quote(str(run.path))}",
        )
    if kind == KERAS:
        from smalti.classifier.keras.stored import load_stored

        return load_stored(run)
    if kind == ONNX:
        from smalti.classifier.onnx.classifier import open_stored

        return open_stored(run)
    from smalti.classifier.native import NativeClassifier

    return NativeClassifier.load(run, precision, device_name)


def load_quickest(
    run: Run, precision: str = "float32", device_name: str = "auto", many: bool = False
) -> Classifier:
    """Return what answers soonest in that precision: the run's ONNX file, or else :func:`load_run`.

    One picture from a cold start needs no PyTorch then. ``many`` pictures, too, are answered sooner
    on a CPU (row D2's network: ``python -m benchmarks prediction``; largest difference of a
    probability 2e-6), but a GPU is left to PyTorch. bfloat16 is faster still where the CPU has it,
    and off by up to 0.016: only where it is asked for.
    """
    here = device_name in ("auto", "cpu") and not (many and nvidia_gpu())
    if precision == "float32" and here and run.classifier()["kind"] == "native":
        from smalti.classifier.onnx.classifier import open_fresh

        fresh = open_fresh(run)
        if fresh is not None:
            fresh.calibration = run.calibration()
            return fresh
    return load_run(run, precision, device_name)


def _kind(path: str | Path) -> str:
    return FILE_KINDS[Path(path).suffix.lower()]
