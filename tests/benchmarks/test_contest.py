"""Sides alternate, each seed is kept as it lands, and nothing stored is trained again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import contest, results
from benchmarks.contest import Contest, Place
from smalti.errors import SmaltiError


@dataclass(frozen=True)
class MadeUp:
    """A training that takes no time and says what it was given."""

    name: str
    seconds: float
    log: list[str] = field(default_factory=list)
    fails_at: int = -1
    recipe: str = ""

    @property
    def command(self) -> str:
        return f"train {self.name}"

    @property
    def identity(self) -> str:
        return self.name + self.recipe

    def quick(self, data: str) -> MadeUp:
        return self

    def measure(self, seed: int, folder: Path, machine: Mapping[str, str]) -> dict[str, Any]:
        if seed == self.fails_at:
            raise KeyboardInterrupt
        self.log.append(f"{self.name}{seed}")
        seconds = self.seconds + seed
        return {
            "seconds": seconds,
            "command_seconds": seconds + 2,
            "accuracy": {"1": 0.9 + 0.01 * seed, "6": 0.95},
            "n": 100,
            "share_of_peak": 0.5,
        }


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def two(log: list[str]) -> Contest:
    return Contest("two", "A and b", {"a": MadeUp("a", 8.0, log), "b": MadeUp("b", 4.0, log)})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "results", tmp_path / "runs")


def test_the_order_of_the_sides_turns_around(two: Contest, place: Place, log: list[str]) -> None:
    contest.measure(two, range(3), place)
    assert log == ["a0", "b0", "b1", "a1", "a2", "b2"]


def test_ratios_are_taken_turn_by_turn(two: Contest, place: Place) -> None:
    figures = json.loads(contest.measure(two, range(3), place).read_text())
    found = figures["summary"]
    assert found["ratio"]["b"]["seconds"] == {"median": 1.8, "min": 1.667, "max": 2.0}
    assert found["ratio"]["b"]["command_seconds"]["max"] == results.significant(10 / 6)
    assert found["sides"]["a"]["seeds"] == 3
    assert found["sides"]["a"]["seconds"] == {"median": 9.0, "min": 8.0, "max": 10.0}
    assert found["sides"]["b"]["accuracy"] == {"1": 0.91, "6": 0.95}
    assert figures["commands"] == {"a": "train a", "b": "train b"}
    assert [turn["seed"] for turn in figures["turns"]] == [0, 1, 2]
    assert {"date", "commit", "machine", "versions"} <= set(figures)


def test_a_measurement_that_was_killed_goes_on_where_it_stopped(
    two: Contest, place: Place, log: list[str]
) -> None:
    failing = replace(two, sides={**two.sides, "b": MadeUp("b", 4.0, log, fails_at=0)})
    with pytest.raises(KeyboardInterrupt):
        contest.measure(failing, range(2), place)
    (turn,) = contest.stored_turns(two, place.folder)
    assert list(turn["sides"]) == ["a"]
    contest.measure(two, range(2), place)
    contest.measure(two, range(2), place)
    assert log == ["a0", "b0", "b1", "a1"]


def test_another_recipe_starts_the_row_anew(two: Contest, place: Place) -> None:
    contest.measure(two, range(2), place)
    other = replace(two, sides={**two.sides, "b": MadeUp("b", 4.0, recipe="another")})
    assert contest.stored_turns(other, place.folder) == []
    contest.measure(other, [7], place)
    assert [turn["seed"] for turn in contest.stored_turns(other, place.folder)] == [7]


def test_other_commands_do_not_replace_what_took_hours(two: Contest, place: Place) -> None:
    contest.measure(two, [0], place)
    other = replace(two, sides={"c": MadeUp("c", 4.0)})
    with pytest.raises(SmaltiError, match="'two' holds figures of: train a, train b") as caught:
        contest.measure(other, [0], place)
    assert "--row" in caught.value.hint
    results.write("accuracy", {"method": "benchmarks/accuracy.py"}, place.folder)
    with pytest.raises(SmaltiError, match="'accuracy' holds figures of: benchmarks/accuracy"):
        contest.measure(replace(two, row="accuracy"), [0], place)


def test_a_gpu_has_a_row_of_its_own(two: Contest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest.device, "available_devices", lambda: ["cuda", "cpu"])
    assert contest.on_device(two, {}).row == "two-cuda"
    assert contest.on_device(two, {"device": "cpu"}) == two
    monkeypatch.setattr(contest.device, "available_devices", lambda: ["cpu"])
    assert contest.on_device(two, {"threads": "1"}) == two


def test_a_side_alone_has_no_ratio(two: Contest, place: Place) -> None:
    alone = replace(two, sides={"a": two.sides["a"]})
    figures = json.loads(contest.measure(alone, [5], place).read_text())
    assert figures["summary"]["ratio"] == {}
    assert figures["summary"]["sides"]["a"]["seeds"] == 1


def test_every_row_knows_its_commands() -> None:
    command = "smalti train cifar10 --recipe fast --validation 0"
    fast = contest.fast(command)
    assert [side.command for side in fast.sides.values()] == [
        "python -m benchmarks.record cifar10", command,
    ]  # fmt: skip
    assert list(contest.fast(command, against="none").sides) == ["smalti"]
    slower = "smalti train cifar10 --recipe cnn"
    assert list(contest.fast(command, against=slower).sides) == [slower, "smalti"]
    assert contest.fast(command).digest != contest.fast(command + " --epochs 3").digest
    assert contest.record().sides.keys() == {contest.RECORD}
