"""The table of whole trainings: what each side of a contest took, reached and made of the machine.

Sides that lost stand in it as those that won.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import machines, results
from benchmarks.contest import METHOD, TIMES
from benchmarks.machines import Machines
from benchmarks.markdown import paragraphs, table
from benchmarks.results import Figures
from benchmarks.trainings import SmaltiTraining
from smalti import wording

_HEAD = (
    "row", "side", "seeds", "training", "whole command", "one view", "views averaged",
    "share of peak", "training, ratio", "command, ratio", "on",
)  # fmt: skip

_LEGEND = """\
The sides of a row trained in turns with the same seeds; times are median (minimum–maximum),
accuracies means over seeds on the official test set. Ratios are taken turn by turn, above 1 is
faster than the row's first side. Share of peak: estimated operations (forward pass × 3, every
picture at the size it was trained on) over the time of training, as a part of what a large matrix
product reached in the same run."""


def contest_rows(folder: Path = results.RESULTS) -> list[str]:
    """Return the names of the stored contests, that of the recipe ``fast`` and its port first."""
    names = [
        path.stem
        for path in sorted(folder.glob("*.json"))
        if (results.read(path.stem, folder) or {}).get("method") == METHOD
    ]
    return sorted(names, key=lambda name: (name != "fast", name != "record", name))


def trainings(folder: Path = results.RESULTS) -> str:
    """Return one line a side of every stored contest; empty where there is none."""
    seen = Machines()
    lines = [
        line
        for row in contest_rows(folder)
        for line in _lines(row, results.read(row, folder) or {}, seen)
    ]
    if not lines:
        return ""
    return paragraphs("**Whole trainings**:", table(_HEAD, lines), _LEGEND, seen.legend())


def _lines(row: str, figures: Figures, seen: Machines) -> list[tuple[str, ...]]:
    found = figures["summary"]
    return [
        (
            f"`{row}`",
            _name(side, figures),
            str(numbers["seeds"]),
            _time(numbers["seconds"]),
            _time(numbers["command_seconds"]),
            *_accuracies(numbers["accuracy"]),
            _share(numbers.get("share_of_peak")),
            *(_ratio(found["ratio"].get(side, {}).get(time)) for time in TIMES),
            _letters(side, figures, seen),
        )
        for side, numbers in found["sides"].items()
        if numbers
    ]


def _name(side: str, figures: Figures) -> str:
    command = figures["commands"][side]
    if not command.startswith("smalti"):
        return f"{side} (`{command}`)"
    # As everywhere: figures of another recipe are not shown as today's.
    changed = SmaltiTraining.of(command).identity != figures["identities"][side]
    again = f" (to be measured again: the recipe at {figures['commit']})" if changed else ""
    return f"`{command}`{again}"


def _accuracies(accuracy: dict[str, float]) -> tuple[str, str]:
    """Return the accuracy with one view, and with the side's own number of views."""
    several = [
        f"{wording.percent(value)} ({views})" for views, value in accuracy.items() if views != "1"
    ]
    return wording.percent(accuracy.get("1")), several[0] if several else wording.UNKNOWN


def _letters(side: str, figures: Figures, seen: Machines) -> str:
    entries = [turn["sides"][side] for turn in figures["turns"] if side in turn["sides"]]
    letters = {seen.letter(machines.of_seed(entry, figures), entry["date"]) for entry in entries}
    return ", ".join(f"({letter})" for letter in sorted(letters))


def _time(numbers: dict[str, float]) -> str:
    middle, low, high = (wording.duration(numbers[name]) for name in ("median", "min", "max"))
    return middle if low == high else f"{middle} ({low}–{high})"


def _share(numbers: dict[str, float] | None) -> str:
    return wording.UNKNOWN if numbers is None else wording.percent(numbers["median"], 0)


def _ratio(numbers: Any) -> str:
    if numbers is None:
        return wording.UNKNOWN
    return f"{numbers['median']:.2f} × ({numbers['min']:.2f}–{numbers['max']:.2f})"
