"""The accuracy tables: the headline rows for README.md, every row for benchmarks/README.md.

A figure is shown only beside the command that makes it: where a recipe has changed since a row was
measured, the row says so.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import machines, results
from benchmarks.accuracy import summary
from benchmarks.machines import Machines
from benchmarks.markdown import paragraphs, table
from benchmarks.results import Figures
from benchmarks.rows import FEATURES, OPEN, ROWS, SECTIONS, Row
from smalti import wording
from smalti.errors import SmaltiError

LIMITS = """\
Mean over seeds ± standard deviation (n-1), with the 95 % interval (Wilson) of one test set of that
size at the mean; number of seeds × the mean time of one (training, validation, storing). Known
limits: about 15 of MNIST's 10,000 test labels are wrong; about 3.3 % of CIFAR-10's test pictures
have near-duplicates in train."""

NOT_MEASURED = "not measured yet"
ENOUGH_SEEDS = 3
"""Below this an aim is met or missed so far, no more."""

_SHORT = ("", "system", "their claim", "smalti", "aim", "seeds", "command")
_FULL = ("", "row", *_SHORT[1:])


def short(folder: Path = results.RESULTS) -> str:
    """Return the headline rows, one table a section, and below them what is still open."""
    seen = Machines()
    parts = []
    for section, label in SECTIONS.items():
        lines = [
            _short_line(row, _Result(name, row, folder), seen)
            for name, row in _rows_of(section)
            if row.headline
        ]
        parts += [f"{label}\n\n{table(_SHORT, lines)}"] if lines else []
    return paragraphs(*parts, _still_open(), LIMITS, seen.legend())


def full(folder: Path = results.RESULTS) -> str:
    """Return every row, one table a section; then open systems and those that are no figure."""
    seen = Machines()
    parts = []
    for section, label in SECTIONS.items():
        lines = [
            _full_line(name, row, _Result(name, row, folder), seen)
            for name, row in _rows_of(section)
        ]
        parts += [f"{label}\n\n{table(_FULL, lines)}"] if lines else []
    waiting = table(("", "open", "why"), [(item.key, item.system, item.reason) for item in OPEN])
    features = table(
        ("", "no figure, but something to do", "where"),
        [(feature.key, feature.system, feature.where) for feature in FEATURES],
    )
    return paragraphs(*parts, LIMITS, seen.legend(), waiting, features)


class _Result:
    """What is stored of a row, in words; a row without valid figures says what is the matter."""

    def __init__(self, name: str, row: Row, folder: Path) -> None:
        self._aim, self._longest = row.aim, row.seconds
        self._figures: Figures = results.read(name, folder) or {}
        self._seeds: list[dict[str, Any]] = self._figures.get("seeds", [])
        self._summary = summary(self._seeds) if self._seeds else None
        self._valid = bool(self._seeds) and self._figures["recipe"] == _digest(row)

    @property
    def accuracy(self) -> str:
        """Mean, deviation and interval, as in ``**99.51 ± 0.07 %** (99.35–99.63)``."""
        if self._summary is None:
            return NOT_MEASURED
        found = self._summary
        figure = wording.percent(found["mean"])
        if found["sd"] is not None:
            figure = f"{figure.removesuffix(' %')} ± {wording.percent(found['sd'])}"
        if not self._valid:
            return f"to be measured again ({figure} at {self._figures['commit']})"
        return f"**{figure}** ({wording.interval(found['low'], found['high'])})"

    @property
    def aim(self) -> str:
        """The aims, and whether the mean reaches them."""
        if self._aim is None:
            return "–"
        aim = f"≥ {wording.percent(self._aim, 1)}"
        if self._longest is not None:
            aim += f" in ≤ {wording.duration(self._longest)}"
        if self._summary is None or not self._valid:
            return aim
        missing = self._aim - self._summary["mean"]
        missed = [f"{wording.points(missing)} short"] if missing > 0 else []
        over = mean(map(machines.time_of_seed, self._seeds)) - (self._longest or math.inf)
        missed += [f"{wording.duration(over)} too long"] if over > 0 else []
        so_far = " so far" if len(self._seeds) < ENOUGH_SEEDS else ""
        return f"{aim}: {' and '.join(missed) or 'met'}{so_far}"

    @property
    def views(self) -> str:
        """Say where answers were averaged over views; empty where they were not."""
        views = max((entry.get("views", 1) for entry in self._seeds), default=1)
        return f"{views} views a picture" if self._valid and views > 1 else ""

    def time(self, seen: Machines) -> str:
        """Return how many seeds took how long on each machine, ``3 × 24 s (a)``."""
        if not self._valid:
            return "–"
        seconds: dict[str, list[float]] = {}
        for entry in self._seeds:
            machine = machines.of_seed(entry, self._figures)
            date = str(entry.get("date", self._figures["date"]))
            seconds.setdefault(seen.letter(machine, date), []).append(machines.time_of_seed(entry))
        return ", ".join(
            f"{len(times)} × {wording.duration(mean(times))} ({letter})"
            for letter, times in seconds.items()
        )


def _still_open() -> str:
    """Return the open systems that belong in the short form, as a list."""
    items = [
        textwrap.fill(
            f"- {item.key}, {item.system}: {item.reason}.",
            width=100,
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
        for item in OPEN
        if item.headline
    ]
    return "\n".join(["Still open:", "", *items])


def _rows_of(section: str) -> Iterator[tuple[str, Row]]:
    return ((name, row) for name, row in ROWS.items() if row.section == section)


def _short_line(row: Row, result: _Result, seen: Machines) -> tuple[str, ...]:
    return (
        row.key, _system(row, result), row.claim or "–", result.accuracy, result.aim,
        result.time(seen), _commands(row),
    )  # fmt: skip


def _full_line(name: str, row: Row, result: _Result, seen: Machines) -> tuple[str, ...]:
    key, *others = _short_line(row, result, seen)
    return (key, f"`{name}`", *others)


def _system(row: Row, result: _Result) -> str:
    notes = [row.note, result.views, f"taught by `{row.teacher}`" if row.teacher else ""]
    return ", ".join([row.system, *filter(None, notes)])


def _commands(row: Row) -> str:
    return "; ".join(f"`{command}`" for command in row.commands)


def _digest(row: Row) -> str:
    """Return the digest of a row; empty where its recipe is not there."""
    try:
        return row.digest()
    except SmaltiError:
        return ""
