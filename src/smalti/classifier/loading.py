"""From a path to the classifier that it holds."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, TypeGuard

from smalti.classifier.protocol import Classifier
from smalti.errors import SmaltiError
from smalti.runs import Run

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")

_FOR_FILES = {
    "data": "A run knows its data.",
    "out": "The results of a run are stored in the run.",
    "scale": "A run knows how its pixels are scaled.",
    "fit": "A run knows what size and colour it takes.",
}


def is_keras_file(path: str | Path | Run) -> TypeGuard[str | Path]:
    """Tell whether a path means a Keras file, by its ending; a folder of that name is a run."""
    if isinstance(path, Run):
        return False
    return Path(path).suffix.lower() in KERAS_SUFFIXES and not Path(path).is_dir()


def require_run_options(path: Any, **options: Any) -> None:
    """Raise an error where a run is given what only a Keras file needs."""
    for name, value in options.items():
        if value is None or value is False:
            continue
        shown = path.path if isinstance(path, Run) else path
        raise SmaltiError(
            f"--{name} is for Keras files; {shown} is a run. {_FOR_FILES[name]}",
            f"Leave it out: smalti evaluate {shlex.quote(str(shown))}",
        )


def load_run(run: Run, precision: str = "float32", device_name: str = "auto") -> Classifier:
    """Return a run's classifier: a network of smalti's own, or the file that it keeps."""
    if run.classifier()["kind"] == "keras":
        from smalti.classifier.keras.stored import load_stored

        return load_stored(run)
    from smalti.classifier.native import NativeClassifier

    return NativeClassifier.load(run, precision, device_name)
