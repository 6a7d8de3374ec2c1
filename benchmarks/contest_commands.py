"""The commands that measure whole trainings: ``record``, ``fast`` and ``sklearn``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks.options import (
    DEVICE,
    FOLDER,
    QUICK,
    RUNS_FOLDER,
    THREADS,
    asked_of_machine,
    show,
    show_quick,
)

FAST = "smalti train cifar10 --recipe fast --validation 0"

_COMMON = (
    click.option("--turns", default=3, show_default=True, help="Number of seeds, from 0."),
    click.option("--seed", "chosen", type=int, multiple=True, help="This seed alone; repeatable."),
    QUICK,
    RUNS_FOLDER,
    THREADS,
    DEVICE,
    FOLDER,
)


def _contest_options(function: Any) -> Any:
    for option in reversed(_COMMON):
        function = option(function)
    return function


@click.command()
@_contest_options
def record(**options: Any) -> None:
    """Train the port of the CIFAR-10 speed record (a quarter of an hour a seed on two cores).

    On all 50,000 training pictures, judged on the official test set with one and with six views.
    On a GPU the row is record-cuda.
    """
    from benchmarks import contest

    _measure(contest.record(), **options)


@click.command()
@click.option("--command", default=FAST, show_default=True, help="smalti's side, as it is typed.")
@click.option(
    "--against",
    default="record",
    show_default=True,
    help="The baseline: record (the port), none, or another command of smalti.",
)
@click.option("--row", default="fast", show_default=True, help="Name that the figures get.")
@_contest_options
def fast(command: str, against: str, row: str, **options: Any) -> None:
    """Measure smalti's fast training against the port, alternating (half an hour a turn).

    Another --command, or another baseline, needs a --row of its own. On a GPU the row is fast-cuda.
    """
    from benchmarks import contest

    _measure(contest.fast(command, row, against), **options)


@click.command()
@_contest_options
def sklearn(**options: Any) -> None:
    """Measure row A1 against scikit-learn's MLPClassifier (some minutes a turn)."""
    from benchmarks import contest

    _measure(contest.sklearn(), **options)


def _measure(
    asked: Any,
    turns: int,
    chosen: Iterable[int],
    quick: bool,
    out: Path,
    threads: str | None,
    device: str | None,
    folder: Path,
) -> None:
    from benchmarks.contest import Place, measure, on_device

    place = Place(folder, out, asked_of_machine(threads, device))
    asked = on_device(asked, place.machine)
    seeds = tuple(chosen) or range(turns)
    if not quick:
        show(measure(asked, seeds, place))
        return
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        path = measure(asked.quick(here), seeds, replace(place, folder=here, runs=here / "runs"))
        show_quick(path)


COMMANDS = (record, fast, sklearn)
