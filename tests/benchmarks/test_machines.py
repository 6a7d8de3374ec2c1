"""A seed's machine and time, as the table shows them."""

from __future__ import annotations

from benchmarks.machines import of_seed, time_of_seed

FIGURES = {"machine": {"cores": 2}}
ENTRY = {"device": "CPU", "precision": "bfloat16", "seconds": 90.0, "cpu_seconds": 60.0}


def test_one_thread_takes_its_processor_time_and_the_machine_says_so() -> None:
    entry = {**ENTRY, "threads": 1}
    assert time_of_seed(entry) == 60.0
    assert of_seed(entry, FIGURES) == "CPU, 1 thread (its processor time), bfloat16"


def test_several_threads_take_the_time_that_passed() -> None:
    entry = {**ENTRY, "threads": 2}
    assert time_of_seed(entry) == 90.0
    assert of_seed(entry, FIGURES) == "CPU, 2 threads, bfloat16"


def test_one_thread_of_a_run_that_was_resumed_has_only_the_time_that_passed() -> None:
    entry = {"device": "CPU", "precision": "bfloat16", "seconds": 90.0, "threads": 1}
    assert time_of_seed(entry) == 90.0
    assert of_seed(entry, FIGURES) == "CPU, 1 thread, bfloat16"
