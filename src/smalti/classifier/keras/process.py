"""The process that Keras runs in, seen from outside: requests, time-out, memory limit, crashes.

One process serves all Keras files of a program: starting it takes seconds, mostly for importing
PyTorch and Keras.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from smalti.classifier.keras.messages import read_message, write_message
from smalti.errors import MachineError, SmaltiError
from smalti.machine import memory_free

TIMEOUT = 300.0
"""Seconds that one request may take; the slowest loads a large file and imports Keras before."""

MEMORY = 8 << 30
"""Bytes that the process may hold at most (Linux; other systems do not enforce such limits)."""

_PART_OF_MEMORY = 0.75
"""Of the free memory; a smaller machine gives the process less than MEMORY."""

_WORKER = "smalti.classifier.keras.worker"
_EXTRA = ("keras", "h5py")


class KerasProcess:
    """A child with Keras on the PyTorch backend; it dies with this object or with the program.

    Args:
        timeout: Seconds that one request may take before the child is ended.
        memory: Bytes that the child may hold; None for :func:`memory_limit`.

    Raises:
        SmaltiError: the extra ``smalti[keras]`` is not installed.
    """

    def __init__(self, timeout: float = TIMEOUT, memory: int | None = None) -> None:
        require_extra()
        self.timeout, self.memory = timeout, memory or memory_limit()
        self._folder = tempfile.TemporaryDirectory(prefix="smalti-keras-")
        self._errors = Path(self._folder.name) / "errors"
        self._child = self._start()
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._ended = weakref.finalize(self, _end, self._child, self._folder)

    @property
    def alive(self) -> bool:
        return self._ended.alive and self._child.poll() is None

    def close(self) -> None:
        """End the child now; its files go with it."""
        self._ended()

    def call_later(self, function: str, content: Mapping[str, Any]) -> None:
        """Have a function run before the next call; safe where an object is being finalised.

        Python may finalise in the middle of an exchange, when nothing else may use the pipes.
        """
        self._waiting.append({"function": function, **content})

    def call(
        self, function: str, content: Mapping[str, Any], arrays: Sequence[np.ndarray] = ()
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Run ``module:function`` in the child and return its JSON values and arrays.

        What the function refuses with a :class:`SmaltiError` is raised here as it was said there.
        A child that crashes, hangs or runs out of memory is one sentence, and is ended.
        """
        with self._lock:
            if not self.alive:
                raise MachineError("The process that runs Keras has ended; load the file again.")
            late = threading.Event()
            timer = threading.Timer(self.timeout, self._kill, [late])
            timer.start()
            try:
                while self._waiting:
                    self._exchange(self._waiting.pop(), ())
                answer = self._exchange({"function": function, **content}, arrays)
            finally:
                timer.cancel()
            if answer is None:
                reason = self._reason(late.is_set())
                self.close()
                raise MachineError(f"The process that runs Keras {reason}.", _MEANWHILE)
        reply, results = answer
        if "problem" in reply:
            raise SmaltiError(reply["problem"], reply["hint"])
        if "failure" in reply:
            raise SmaltiError(f"Keras could not do it: {reply['failure']}")
        return reply["result"], results

    def _exchange(
        self, content: Mapping[str, Any], arrays: Sequence[np.ndarray]
    ) -> tuple[dict[str, Any], list[np.ndarray]] | None:
        try:
            write_message(self._pipe(self._child.stdin), content, arrays)
            return read_message(self._pipe(self._child.stdout))
        except (BrokenPipeError, ValueError, KeyError, TypeError):
            self._child.kill()
            return None
        except BaseException:
            # Ctrl-C in the middle of an exchange: what comes next would not be its answer.
            self._child.kill()
            raise

    @staticmethod
    def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None
        return stream

    def _kill(self, late: threading.Event) -> None:
        late.set()
        self._child.kill()

    def _reason(self, late: bool) -> str:
        if late:
            return f"gave no answer within {self.timeout:g} seconds and was ended"
        code = self._child.wait()
        said = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if said and "MemoryError" in said[-1]:
            return f"needs more than {self.memory / 2**30:.3g} GB of memory and was ended"
        about = f"signal {-code}" if code < 0 else f"exit code {code}"
        last = f": {said[-1][:200].rstrip('.')}" if said and code > 0 else ""
        return f"ended unexpectedly ({about}{last})"

    def _start(self) -> subprocess.Popen[bytes]:
        folder = self._folder.name
        environment = {
            **os.environ,
            "KERAS_BACKEND": "torch",
            # The user's own keras.json may change number format and channel order.
            "KERAS_HOME": folder,
            "CUDA_VISIBLE_DEVICES": "",
            "TMPDIR": folder,
            "PYTHONPATH": os.pathsep.join(_import_path()),
            "PYTHONWARNINGS": "ignore",
            "PYTHONUTF8": "1",
        }
        # -P: a keras.py in the user's folder is not what is imported.
        command = [sys.executable, "-P", "-m", _WORKER, str(self.memory), str(os.getpid()), folder]
        with self._errors.open("wb") as errors:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env=environment,
            )


_MEANWHILE = "Nothing was changed; the file may be damaged, or too large for this machine."
_shared: list[KerasProcess] = []


def shared() -> KerasProcess:
    """Return the program's Keras process, started at the first call and again after a crash."""
    if not _shared or not _shared[0].alive:
        _shared[:] = [KerasProcess()]
    return _shared[0]


def memory_limit() -> int:
    """Return the bytes that a child may hold: MEMORY, or less where less is free."""
    free = memory_free()
    return MEMORY if free is None else min(MEMORY, int(_PART_OF_MEMORY * free))


def require_extra() -> None:
    """Raise an error with the pip line where Keras or h5py is not installed."""
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise SmaltiError(
            f"Keras files need {' and '.join(missing)}, which {_is(missing)} not installed here.",
            "Install what they need with: pip install 'smalti[keras]'",
        )


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _import_path() -> list[str]:
    """Return where the child finds smalti, and what the parent was told to search first."""
    own = str(Path(__file__).resolve().parents[3])
    return [own, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def _end(child: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            # A request that the dead child never took may still be in the buffer.
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    folder.cleanup()
