"""smalti as a process of its own: how long it takes, how much memory it needs, what it prints."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SMALTI = str(Path(sys.executable).with_name("smalti"))
"""The installed command (``make .venv`` puts it beside the interpreter)."""


@dataclass(frozen=True)
class Finished:
    """A process that ended well: wall seconds, peak resident memory in bytes, its outputs."""

    seconds: float
    peak_bytes: int
    stdout: str
    stderr: str


def run(command: Sequence[str], changes: Mapping[str, str] | None = None) -> Finished:
    """Run a command to its end; one that fails is a RuntimeError with what it said."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=out, stderr=err, env={**os.environ, **(changes or {})}
        )
        # wait4 tells the memory of this child alone; RUSAGE_CHILDREN would tell the largest ever.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, err):
            stream.seek(0)
        stdout, stderr = out.read(), err.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{stderr}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Finished(seconds, usage.ru_maxrss * unit, stdout, stderr)
