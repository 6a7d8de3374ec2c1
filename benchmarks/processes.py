"""smalti as a process of its own: how long it takes, how much memory it needs, what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

SMALTI = str(Path(sys.executable).with_name("smalti"))
"""The installed command (``make .venv`` puts it beside the interpreter)."""


_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes of one ``ru_maxrss``."""

_BETWEEN = """
import json, os, sys, time
began = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - began
with open(sys.argv[1], "w") as file:
    json.dump([seconds, usage.ru_maxrss], file)
sys.exit(os.waitstatus_to_exitcode(status))
"""


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
    return Finished(seconds, usage.ru_maxrss * _UNIT, stdout, stderr)


def run_alone(command: Sequence[str], changes: Mapping[str, str] | None = None) -> Finished:
    """Do as :func:`run`, for a process whose memory counts while this one's is large.

    The kernel begins a child's largest memory with what its parent had resident when it was
    started; a small process in between starts it from 10 MB.
    """
    with tempfile.TemporaryDirectory() as scratch:
        told = Path(scratch) / "told.json"
        between = [sys.executable, "-S", "-c", _BETWEEN, str(told)]
        finished = run([*between, *command], changes)
        seconds, peak = json.loads(told.read_text(encoding="utf-8"))
    return replace(finished, seconds=seconds, peak_bytes=peak * _UNIT)
