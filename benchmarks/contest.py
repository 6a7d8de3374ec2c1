"""Whole trainings against each other, alternating in one run; every seed kept as it lands.

A turn is a seed: in every turn each side trains with it once, a process at a time, and the order
is reversed from turn to turn. Ratios are taken turn by turn. What is stored is not trained again: a
measurement that was killed goes on with the side that is missing. Once the recipe of a side
changes (where the rows can tell), the row starts anew; other commands need a row of another name.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks import results
from benchmarks.results import Figures
from benchmarks.trainings import ScriptTraining, SmaltiTraining, Training
from smalti import device
from smalti.errors import SmaltiError

METHOD = "benchmarks/contest.py"
TIMES = {"seconds": "training", "command_seconds": "whole command"}
"""What ratios are taken of, and what it is called."""

SMALTI, RECORD, SKLEARN = "smalti", "the record's port", "scikit-learn"

Turn = dict[str, Any]
"""A seed, and under ``sides`` the figures of each side that has landed."""


@dataclass(frozen=True)
class Contest:
    """What is compared: the row's name, what it is in words, and its sides by name.

    The first side is the baseline of the ratios; ``goal`` is what smalti's is to reach, in words.
    """

    row: str
    title: str
    sides: Mapping[str, Training]
    goal: str = "–"

    @property
    def commands(self) -> dict[str, str]:
        """What each side is, as typed."""
        return {name: side.command for name, side in self.sides.items()}

    @property
    def digest(self) -> str:
        """A short hash of what is measured."""
        told = "\n".join(f"{name}: {side.identity}" for name, side in self.sides.items())
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def quick(self, folder: Path) -> Contest:
        """Return the same with hardly any work, on tiny random pictures written into a folder."""
        data = folder / "tiny.npz"
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (60, 32, 32, 3), dtype=np.uint8)
        labels = np.arange(60) % 10
        np.savez(data, x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
        return replace(self, sides={name: s.quick(str(data)) for name, s in self.sides.items()})


@dataclass(frozen=True)
class Place:
    """Where figures and runs go, and how the machine is used (``device``, ``threads``)."""

    folder: Path = results.RESULTS
    runs: Path = results.RUNS
    machine: Mapping[str, str] = field(default_factory=dict)


def record() -> Contest:
    """Return the record's port on its own."""
    return Contest("record", "CIFAR-10, port of the speed record", {RECORD: _port()})


def fast(command: str, row: str = "fast", against: str = "record") -> Contest:
    """Return smalti's command against the port, against nothing, or against another command."""
    others: Mapping[str, Mapping[str, Training]] = {"record": {RECORD: _port()}, "none": {}}
    baseline = others.get(against)
    if baseline is None:
        baseline = {against: SmaltiTraining.of(against)}
    own = SmaltiTraining.of(command)
    return Contest(row, own.command, {**baseline, SMALTI: own}, "> 1 ×" if baseline else "–")


def sklearn() -> Contest:
    """Return scikit-learn's network of row A1's size against row A1, on every training picture."""
    own = SmaltiTraining.of("mnist --recipe dense --epochs 20 --validation 0")
    peer = ScriptTraining("benchmarks.sklearn_peer", ("mnist",), takes=())
    return Contest("sklearn", "MNIST, dense 128–128", {SKLEARN: peer, SMALTI: own})


def on_device(contest: Contest, machine: Mapping[str, str]) -> Contest:
    """Return the contest with a row of its own where it does not run on a CPU: ``fast-cuda``.

    Seeds of a GPU and of a CPU in one row would be taken for one another, and summed up together.
    """
    wanted = machine.get("device", "auto")
    kind = device.available_devices()[0] if wanted == "auto" else wanted
    return contest if kind == "cpu" else replace(contest, row=f"{contest.row}-{kind}")


def measure(contest: Contest, seeds: Iterable[int], place: Place) -> Path:
    """Train every side with every seed, where that is not stored yet; store each at once.

    A row that holds figures of other commands is a SmaltiError: they took hours.
    """
    _require_same_commands(contest, place.folder)
    for seed in seeds:
        names = list(contest.sides)
        for name in names[:: -1 if seed % 2 else 1]:
            # Read anew every time: another process may be measuring other seeds of the row.
            if name not in _sides(contest, seed, place.folder):
                _say(f"{contest.row}: seed {seed}, {name} …")
                _store(contest, seed, name, _landed(contest, seed, name, place), place.folder)
    return results.place(contest.row, place.folder)


def stored_turns(contest: Contest, folder: Path) -> list[Turn]:
    """Return what is stored of a contest with these very sides, by seed."""
    figures = results.read(contest.row, folder)
    if figures is None or figures["contest"] != contest.digest:
        return []
    turns: list[Turn] = figures["turns"]
    return turns


def summary(turns: Sequence[Turn], sides: Sequence[str]) -> Figures:
    """Return what the turns come to: times and accuracies of each side, ratios to the first.

    A ratio above 1 is faster than the first side; turns in which one is missing give none.
    """
    baseline, *others = sides
    return {
        "sides": {
            name: _of_side([turn["sides"][name] for turn in turns if name in turn["sides"]])
            for name in sides
        },
        "ratio": {
            name: {time: results.spread(values) for time, values in found.items()}
            for name in others
            if (found := _ratios(turns, name, baseline))
        },
    }


def _ratios(turns: Sequence[Turn], side: str, baseline: str) -> dict[str, list[float]]:
    both = [turn["sides"] for turn in turns if {side, baseline} <= turn["sides"].keys()]
    return {time: [s[baseline][time] / s[side][time] for s in both] for time in TIMES if both}


def _of_side(entries: Sequence[Figures]) -> Figures:
    if not entries:
        return {}
    shares = [entry["share_of_peak"] for entry in entries if "share_of_peak" in entry]
    return {
        "seeds": len(entries),
        **{time: results.spread([entry[time] for entry in entries]) for time in TIMES},
        "accuracy": {
            views: round(mean(entry["accuracy"][views] for entry in entries), 6)
            for views in entries[0]["accuracy"]
        },
        **({"share_of_peak": results.spread(shares)} if shares else {}),
    }


def _landed(contest: Contest, seed: int, name: str, place: Place) -> Figures:
    begun = results.circumstances()
    began = datetime.now().astimezone().isoformat(timespec="seconds")
    home = place.runs / contest.row / contest.digest / str(seed)
    side = contest.sides[name]
    figures = side.measure(seed, home / str(list(contest.sides).index(name)), place.machine)
    return {"began": began, "date": begun["date"], "commit": begun["commit"], **figures}


def _store(contest: Contest, seed: int, name: str, entry: Figures, folder: Path) -> None:
    """Add what one side came to with a seed to what is stored by now."""
    turns = {turn["seed"]: turn for turn in stored_turns(contest, folder)}
    turn = turns.setdefault(seed, {"seed": seed, "sides": {}})
    turn["sides"][name] = entry
    kept = [turns[seed] for seed in sorted(turns)]
    figures = {
        "method": METHOD,
        "title": contest.title,
        "contest": contest.digest,
        "commands": contest.commands,
        "identities": {name: side.identity for name, side in contest.sides.items()},
        "goal": contest.goal,
        "n": len(kept),
        "summary": summary(kept, list(contest.sides)),
        "turns": kept,
    }
    results.write(contest.row, figures, folder)


def _require_same_commands(contest: Contest, folder: Path) -> None:
    stored = results.read(contest.row, folder)
    if stored is None:
        return
    held = stored.get("commands", {"": stored["method"]})
    if held != contest.commands:
        raise SmaltiError(
            f"The row {contest.row!r} holds figures of: {', '.join(held.values())}.",
            f"Choose another --row, or remove {results.place(contest.row, folder)}.",
        )


def _sides(contest: Contest, seed: int, folder: Path) -> Mapping[str, Figures]:
    for turn in stored_turns(contest, folder):
        if turn["seed"] == seed:
            sides: Mapping[str, Figures] = turn["sides"]
            return sides
    return {}


def _port() -> ScriptTraining:
    quick = ("--epochs", "1", "--batch-size", "20")
    return ScriptTraining("benchmarks.record", ("cifar10",), hardly_any_work=quick)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
