"""What the operating system says, read from made-up and from real files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smalti import machine
from smalti.machine import ProcessorTime


def write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu_dot_max": "150000 100000\n"}, 1.5),
        ({"cpu_dot_max": "max 100000\n"}, None),
        (
            {
                "cpu__cpu_dot_cfs_quota_us": "200000\n",
                "cpu__cpu_dot_cfs_period_us": "100000\n",
            },
            2.0,
        ),
        ({"cpu__cpu_dot_cfs_quota_us": "-1\n", "cpu__cpu_dot_cfs_period_us": "100000\n"}, None),
        ({}, None),
        ({"cpu_dot_max": "damaged"}, None),
    ],
)
def test_the_limit_of_a_container_is_read(
    tmp_path: Path, files: dict[str, str], cores: float | None
) -> None:
    assert machine.cpu_limit(write(tmp_path, **files)) == cores


def test_usable_cores_stay_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for limit, cores in ((None, 8), (1.5, 2), (0.2, 1), (16.0, 8)):
        monkeypatch.setattr(machine, "cpu_limit", lambda limit=limit: limit)
        assert machine.usable_cores() == cores


def test_others_are_what_is_busy_without_us() -> None:
    before = ProcessorTime(at=0.0, busy=100.0, stolen=0.0, own=10.0)
    after = ProcessorTime(at=10.0, busy=125.0, stolen=5.0, own=20.0)
    assert after.others_since(before) == 2.0
    assert ProcessorTime(at=10.0, busy=105.0, stolen=0.0, own=20.0).others_since(before) == 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
@pytest.mark.skipif(
    hasattr(os, "nice") and os.nice(0) > 0, reason="what runs at low priority is no busy neighbour"
)
def test_a_busy_neighbour_is_seen_and_we_are_not() -> None:
    before = machine.processor_time()
    began = time.process_time()
    while time.process_time() - began < 0.3:
        pass
    own = machine.processor_time()
    assert before is not None
    assert own is not None
    assert own.own - before.own >= 0.25
    neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(1.0)
        after = machine.processor_time()
    finally:
        neighbour.kill()
        neighbour.wait()
    assert after is not None
    # On a full machine it gets less than a core, but it is there.
    assert (after.busy - own.busy) - (after.own - own.own) > 0.1


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
def test_free_memory_is_a_plausible_number() -> None:
    free = machine.memory_free()
    assert free is not None
    assert 1_000_000 < free < 10**14


def test_where_the_system_keeps_no_files_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_lines", lambda path: [])
    assert machine.processor_time() is None
    assert machine.busy_cores() is None
    assert machine.memory_free() is None
