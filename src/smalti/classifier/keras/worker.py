"""The child: takes requests from its input and answers on its output until the parent goes.

Only smalti's own functions are called by name; what comes from a file is never looked up.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from smalti.classifier.keras.messages import read_message, write_message
from smalti.errors import SmaltiError

Function = Callable[[dict[str, Any], list[np.ndarray]], tuple[dict[str, Any], Sequence[np.ndarray]]]
"""What can be called: JSON values and arrays in, JSON values and arrays out."""

_FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "pty.spawn",
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "subprocess.Popen",
)


_GLANCE = 1.0
"""Seconds between two looks at whether the parent still lives."""


def main(memory: int, parent: int, folder: str) -> None:
    """Serve until the input ends, or the process ``parent``; ``folder`` goes with it."""
    requests, answers = _pipes()
    with leaving_nothing(parent, folder):
        _limit_memory(memory)
        import keras  # noqa: F401 - once, and before programs and network are closed off

        sys.addaudithook(_refuse)
        while (message := read_message(requests)) is not None:
            reply, arrays = _answer(*message)
            write_message(answers, reply, arrays)


def _answer(
    content: dict[str, Any], arrays: list[np.ndarray]
) -> tuple[dict[str, Any], Sequence[np.ndarray]]:
    module, _, name = content.pop("function").partition(":")
    try:
        function: Function = getattr(importlib.import_module(module), name)
        result, results = function(content, arrays)
    except SmaltiError as refused:
        return {"problem": refused.problem, "hint": refused.hint}, ()
    except MemoryError:
        raise
    except Exception as error:  # Keras and PyTorch raise almost anything for a bad file
        if "memory" in str(error).lower() and "alloc" in str(error).lower():
            raise MemoryError from None
        return {"failure": _first_line(error)}, ()
    return {"result": result}, results


def _first_line(error: Exception) -> str:
    said = " ".join(str(error).split("\n\n")[0].split()) or type(error).__name__
    return said if len(said) <= 240 else said[:239] + "…"


def _pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return input and output for messages; whatever prints goes to the errors instead."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    return requests, answers


@contextmanager
def leaving_nothing(parent: int, folder: str) -> Iterator[None]:
    """Remove the folder at a quiet end, and end this process soon after its parent was killed.

    A request in progress would otherwise go on for nobody: the input's end is seen only after it.
    After an error the folder stays for the parent, which reads there what was said.
    """

    def leave() -> None:
        while os.getppid() == parent:
            time.sleep(_GLANCE)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
    yield
    shutil.rmtree(folder, ignore_errors=True)


def _limit_memory(size: int) -> None:
    """Limit what the process can hold; libraries and threads' reserved addresses do not count."""
    try:
        import resource
    except ImportError:
        return  # Windows
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    """Refuse programs and network: a second wall behind safe mode and the inspection."""
    if event in _FORBIDDEN:
        raise PermissionError(f"{event} is not allowed while a Keras file is read")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
