"""The machine: what makes training slow, each with its repair."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smalti.advice.machine import MachineFacts, check_machine, slowness

GOOD = MachineFacts(
    device="cpu", devices=("cpu",), unused_gpu=("", ""), precision="float32", fast_bfloat16=False,
    threads=8, cores=8, installed=8, limit=None, asked_threads=None, busy=0.1, memory=8_000_000_000,
)  # fmt: skip


def wrong(**changes: Any) -> dict[str, tuple[str, str]]:
    checks = check_machine(replace(GOOD, **changes))
    assert len(checks) == 6
    return {check.name: (check.sentence, check.repair) for check in checks if not check.ok}


def test_a_good_machine_has_nothing_wrong() -> None:
    assert wrong() == {}
    assert wrong(busy=None, memory=None) == {}
    assert wrong(device="cuda", devices=("cuda", "cpu"), busy=7.0) == {}


@pytest.mark.parametrize(
    ("changes", "name", "said", "repair"),
    [
        ({"unused_gpu": ("A GPU.", "do this")}, "GPU", "A GPU.", "do this"),
        ({"devices": ("cuda", "cpu")}, "GPU", "There is cuda", "leave out --device cpu"),
        (
            {"threads": 16, "asked_threads": 16},
            "threads",
            "16 for 8 usable cores (OMP_NUM_THREADS=16)",
            "--threads 8",
        ),
        (
            {"threads": 1, "asked_threads": 1},
            "threads",
            "the others stay idle",
            "unset OMP_NUM_THREADS",
        ),
        (
            {"limit": 2.0, "cores": 2, "threads": 2},
            "CPU limit",
            "may use 2 of 8 cores",
            "docker run --cpus",
        ),
        ({"precision": "bfloat16"}, "precision", "emulated", "--precision auto"),
        ({"busy": 3.0}, "other programs", "keep 3.0 of 8 cores busy", "--threads 5"),
        ({"memory": 300_000_000}, "memory", "Only 0.3 GB free", "--batch-size"),
    ],
)
def test_what_is_wrong_comes_with_its_repair(
    changes: dict[str, Any], name: str, said: str, repair: str
) -> None:
    found = wrong(**changes)
    assert list(found) == [name]
    assert said in found[name][0]
    assert repair in found[name][1]


@pytest.mark.parametrize(
    "changes",
    [
        {"threads": 7, "asked_threads": 7},  # one core is left free on purpose
        {"limit": 6.0, "cores": 6, "threads": 6},
        {"busy": 3.0, "threads": 4, "cores": 8, "asked_threads": None},  # there is room for both
        {"precision": "bfloat16", "fast_bfloat16": True},
    ],
)
def test_what_is_usual_is_fine(changes: dict[str, Any]) -> None:
    assert wrong(**changes) == {}


def test_slowness_is_said_where_others_took_the_cores() -> None:
    found = slowness(busy=1.3, cores=2, threads=2)
    assert found is not None
    assert "trained on 2 threads, others kept 1.3 of 2 cores busy" in found.sentence
    assert slowness(busy=1.3, cores=8, threads=2) is None
    assert slowness(busy=0.2, cores=2, threads=2) is None
    assert slowness(busy=None, cores=2, threads=2) is None
