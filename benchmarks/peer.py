"""A peer in an environment of its own: making the environment, talking to a process in it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

from smalti.data.cache_folders import folder as cache_folder

_TENSORFLOW = "tensorflow-cpu" if platform.machine() in ("x86_64", "AMD64") else "tensorflow"

KERAS = ("keras>=3.10", f"{_TENSORFLOW}>=2.18")
"""What Keras's environment holds; the versions that were found are stored with the figures."""

_THREAD_LIMITS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def environment(requirements: Sequence[str], parent: Path | None = None) -> Path:
    """Return the Python of a virtual environment with the requirements; made where it is missing.

    It lies in smalti's cache (or in ``parent``), and is used again by the next measurement. One
    whose making was cut short is made anew.
    """
    key = sha256("\n".join((*requirements, sys.version)).encode()).hexdigest()[:10]
    home = (parent or cache_folder() / "benchmarks") / f"peer-{key}"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    finished = home / "finished"
    if not finished.exists():
        shutil.rmtree(home, ignore_errors=True)
        print(f"installing {', '.join(requirements)} into {home} …", file=sys.stderr)
        _run([sys.executable, "-m", "venv", str(home)])
        _run([str(python), "-m", "pip", "install", "--quiet", *requirements])
        finished.touch()
    return python


class Process:
    """A peer that answers requests, one line of JSON each; use it in a ``with`` statement.

    It runs with its own default threads: limits on threads in this process's environment are not
    handed on. A peer that dies is a RuntimeError with the end of what it said.
    """

    def __init__(self, command: Sequence[str]) -> None:
        limited = {name: value for name, value in os.environ.items() if name not in _THREAD_LIMITS}
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**limited, "TF_CPP_MIN_LOG_LEVEL": "2"},
        )

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        if kind is not None:
            self._process.kill()
        self._process.wait()
        self._errors.close()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have the peer do something, and return its answer when it is done."""
        self._send(do, arguments)
        return self._answer()

    def follow(self, do: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Have the peer do something, and yield what it says until it says ``finished``."""
        self._send(do, arguments)
        while "finished" not in (answer := self._answer()):
            yield answer

    def _send(self, do: str, arguments: Mapping[str, Any]) -> None:
        requests = self._process.stdin
        assert requests is not None
        try:
            print(json.dumps({"do": do, **arguments}), file=requests, flush=True)
        except BrokenPipeError:
            raise self._death() from None

    def _answer(self) -> dict[str, Any]:
        answers = self._process.stdout
        assert answers is not None
        line = answers.readline()
        if not line:
            raise self._death()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _death(self) -> RuntimeError:
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read()[-3000:]
        return RuntimeError(f"the peer ended with {code}:\n{said}")


def _run(command: Sequence[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{finished.stderr[-3000:]}")
