"""smalti trains, checks and uses classifiers for small images.

The public names load on first use, so that ``import smalti`` brings in no framework:

    data = smalti.load_data("mnist")
    run = smalti.train(data, seed=0)
    model = smalti.load(run.path)
    model.predict(["a.png"])
    smalti.evaluate(run)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from smalti.errors import MachineError, SmaltiError
from smalti.sharing import share_processor
from smalti.version import __version__

if TYPE_CHECKING:
    from smalti.api import (
        check_data,
        compare,
        evaluate,
        explain,
        export,
        load,
        load_data,
        plot,
        plot_pictures,
        plot_prediction,
        read_handwriting,
        report,
        resume,
        show_data,
        stress,
        train,
    )
    from smalti.data.dataset import Dataset
    from smalti.runs import Run

share_processor()

_CLASSES = {"Run": "smalti.runs", "Dataset": "smalti.data.dataset"}

__all__ = [
    "Dataset",
    "MachineError",
    "Run",
    "SmaltiError",
    "__version__",
    "check_data",
    "compare",
    "evaluate",
    "explain",
    "export",
    "load",
    "load_data",
    "plot",
    "plot_pictures",
    "plot_prediction",
    "read_handwriting",
    "report",
    "resume",
    "show_data",
    "stress",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        return getattr(importlib.import_module(_CLASSES[name]), name)
    if name in __all__:
        from smalti import api

        return getattr(api, name)
    raise AttributeError(f"module 'smalti' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
