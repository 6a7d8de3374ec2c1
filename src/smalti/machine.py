"""What the operating system says of this machine: cores, limits, load, GPUs; no framework.

Every answer is a look at a few small files of Linux; elsewhere, where there is none, it is None.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")

_MEMORY_FILES = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
"""Limit and use of a container's memory: version 2 of control groups, and version 1."""


def cpu_limit(root: Path = _GROUPS) -> float | None:
    """Return how many cores' worth of time the container may use, or None where it may use all.

    The quota of control groups, version 2 (``cpu.max``) or 1; ``docker run --cpus`` sets it.
    """
    quota = _words(root / "cpu.max")
    if len(quota) != 2:
        quota = _words(root / "cpu" / "cpu.cfs_quota_us") + _words(
            root / "cpu" / "cpu.cfs_period_us"
        )
    try:
        time_allowed, period = (float(word) for word in quota)
    except ValueError:  # no such files, or the word "max"
        return None
    return time_allowed / period if time_allowed > 0 and period > 0 else None


def usable_cores() -> int:
    """Return how many threads can really run at once: affinity, and the container's limit."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limit = cpu_limit()
    return max(1, min(cores or 1, math.ceil(limit) if limit else cores or 1))


def memory_free() -> int | None:
    """Return the bytes that can be had: free on the machine, and within the container's limit."""
    available = [
        int(line.split()[1]) * 1024
        for line in _lines(Path("/proc/meminfo"))
        if line.startswith("MemAvailable:")
    ]
    for limit, used in _MEMORY_FILES:
        words = _words(_GROUPS / limit) + _words(_GROUPS / used)
        if len(words) == 2 and all(word.isdigit() for word in words):
            available.append(max(0, int(words[0]) - int(words[1])))
    return min(available, default=None)


def nvidia_gpu() -> str | None:
    """Return by what an NVIDIA GPU shows itself, or None where there is no sign of one."""
    for path in ("/proc/driver/nvidia/version", "/dev/nvidia0"):
        if Path(path).exists():
            return path
    return shutil.which("nvidia-smi")


@dataclass(frozen=True)
class ProcessorTime:
    """Seconds of processor time since the machine, or the process, began; take two and subtract.

    ``busy`` is that of all processes that do not stand back (a nice level of 1 and more does),
    ``stolen`` what the host took from this virtual machine, ``own`` this process's.
    """

    at: float
    busy: float
    stolen: float
    own: float

    def others_since(self, earlier: ProcessorTime) -> float:
        """Return how many cores other processes kept busy since, on average."""
        wall = max(1e-9, self.at - earlier.at)
        others = (self.busy - earlier.busy) + (self.stolen - earlier.stolen)
        return max(0.0, (others - (self.own - earlier.own)) / wall)


def processor_time() -> ProcessorTime | None:
    """Return the clocks of now; None where the system keeps none."""
    for line in _lines(Path("/proc/stat"))[:1]:
        # user nice system idle iowait irq softirq steal, in ticks
        ticks = [int(word) / os.sysconf("SC_CLK_TCK") for word in line.split()[1:9]]
        user, _, system, _, _, irq, softirq, steal = ticks
        own = os.times()
        return ProcessorTime(
            at=time.perf_counter(),
            busy=user + system + irq + softirq,
            stolen=steal,
            own=own.user + own.system,
        )
    return None


def busy_cores(seconds: float = 0.3) -> float | None:
    """Return how many cores other processes keep busy right now; looks for ``seconds``."""
    before = processor_time()
    if before is None:
        return None
    time.sleep(seconds)
    after = processor_time()
    return after.others_since(before) if after else None


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
