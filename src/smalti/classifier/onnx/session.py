"""ONNX Runtime, and the options under which it answers."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

from smalti.device import usable_cores
from smalti.errors import SmaltiError

_FOLDER_OF_WEIGHTS = "session.model_external_initializers_file_folder_path"
_SILENT = 4
"""Fatal errors only: what ONNX Runtime refuses is raised, and need not be printed as well."""


def open_session(content: bytes, threads: int = 0) -> Any:
    """Return a session for a file's content; whatever ONNX Runtime raises for it is passed on.

    All graph optimisations: on a CPU they lay feature maps out in blocks that suit its vector
    width. ``threads`` 0 takes every core that this process may use.

    There is no other provider than the CPU and no library of operators, and weights in other files
    are not looked for: a file from elsewhere reads nothing of this machine.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(_SILENT)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads or usable_cores()
    options.inter_op_num_threads = 1
    # The content alone would let them be found in the current folder; nothing lies in this one.
    options.add_session_config_entry(_FOLDER_OF_WEIGHTS, os.devnull)
    return onnxruntime.InferenceSession(
        content,
        options,
        providers=["CPUExecutionProvider"],
        enable_fallback=0,  # it would print what went wrong, and try the same once more
    )


def is_installed(*names: str) -> bool:
    """Tell whether the parts of the extra are there; without names, what answering needs."""
    return not _missing(names or ("onnxruntime",))


def require_extra(*names: str) -> None:
    """Raise an error with the pip line where a part of the extra is not installed."""
    missing = _missing(names or ("onnxruntime",))
    if missing:
        raise SmaltiError(
            f"ONNX files need {' and '.join(missing)}, which "
            f"{'is' if len(missing) == 1 else 'are'} not installed here.",
            "Install what they need with: pip install 'smalti[onnx]'",
        )


def _missing(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if importlib.util.find_spec(name) is None]
