"""Seeds are kept as they land, never trained twice and never mixed with another recipe's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import accuracy, results, rows
from benchmarks.rows import Row

TINY = Row("A1", "Digits, dense", "digits", "dense", 1, aim=0.5)
TAUGHT = replace(TINY, teacher="tiny", options="--set prediction.views=2 --validation 0")


@pytest.fixture(autouse=True)
def tiny_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (accuracy, rows):
        monkeypatch.setattr(module, "ROWS", {"tiny": TINY, "taught": TAUGHT})


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replace training by a made-up result, and return the list of the seeds trained."""
    seeds: list[int] = []

    def one_seed(
        name: str, row: Row, seed: int, runs: Path, machine: Sequence[str]
    ) -> dict[str, Any]:
        seeds.append(seed)
        return {"seed": seed, "test_accuracy": 0.9 + 0.01 * seed, "n": 100, "seconds": 2.0}

    monkeypatch.setattr(accuracy, "_one_seed", one_seed)
    return seeds


def test_only_missing_seeds_are_trained(tmp_path: Path, trained: list[int]) -> None:
    accuracy.measure("tiny", range(2), tmp_path, tmp_path)
    path = accuracy.measure("tiny", range(3), tmp_path, tmp_path)
    assert trained == [0, 1, 2]
    figures = json.loads(path.read_text())
    assert [entry["seed"] for entry in figures["seeds"]] == [0, 1, 2]
    summary = figures["summary"]
    assert summary["mean"] == pytest.approx(0.91)
    assert summary["sd"] == pytest.approx(0.01)
    assert summary["low"] < 0.91 < summary["high"]


def test_each_seed_is_stored_before_the_next_begins(
    tmp_path: Path, trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up = accuracy._one_seed

    def failing(
        name: str, row: Row, seed: int, runs: Path, machine: Sequence[str]
    ) -> dict[str, Any]:
        if seed == 1:
            raise KeyboardInterrupt
        return made_up(name, row, seed, runs, machine)

    monkeypatch.setattr(accuracy, "_one_seed", failing)
    with pytest.raises(KeyboardInterrupt):
        accuracy.measure("tiny", range(2), tmp_path, tmp_path)
    assert list(accuracy.stored_seeds("tiny", TINY, tmp_path)) == [0]


def test_seeds_of_another_process_are_kept(
    tmp_path: Path, trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up = accuracy._one_seed

    def meanwhile(
        name: str, row: Row, seed: int, runs: Path, machine: Sequence[str]
    ) -> dict[str, Any]:
        if seed == 0:  # while it trains, another process stores seed 1
            accuracy.measure("tiny", [1], tmp_path, tmp_path)
        return made_up(name, row, seed, runs, machine)

    monkeypatch.setattr(accuracy, "_one_seed", meanwhile)
    accuracy.measure("tiny", range(2), tmp_path, tmp_path)
    assert trained == [1, 0]
    assert list(accuracy.stored_seeds("tiny", TINY, tmp_path)) == [0, 1]


def test_another_recipe_starts_anew(tmp_path: Path, trained: list[int]) -> None:
    accuracy.measure("tiny", range(2), tmp_path, tmp_path)
    assert accuracy.stored_seeds("tiny", replace(TINY, epochs=2), tmp_path) == {}


def test_seeds_of_another_machine_are_taken_over(tmp_path: Path, trained: list[int]) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    accuracy.measure("tiny", [0], here, tmp_path)
    accuracy.measure("tiny", [0, 1], there, tmp_path)
    changed = {**results.read("tiny", there)["seeds"][0], "test_accuracy": 0.1}
    accuracy._store("tiny", TINY, {0: changed}, there)
    assert accuracy.gather(there, here) == ["tiny/1"]
    stored = accuracy.stored_seeds("tiny", TINY, here)
    assert [stored[seed]["test_accuracy"] for seed in (0, 1)] == [0.9, 0.91]
    assert accuracy.gather(there, here) == []


def test_seeds_of_another_recipe_are_not_taken_over(
    tmp_path: Path, trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    accuracy.measure("tiny", [0], tmp_path / "there", tmp_path)
    monkeypatch.setattr(accuracy, "ROWS", {"tiny": replace(TINY, epochs=2)})
    assert accuracy.gather(tmp_path / "there", tmp_path / "here") == []


@pytest.mark.slow
def test_a_seed_is_trained_and_evaluated_by_the_command_shown(tmp_path: Path) -> None:
    home = tmp_path / "runs" / "tiny" / TINY.digest() / "0"
    (home / "left-over").mkdir(parents=True)  # a training that ended before its first epoch
    path = accuracy.measure("tiny", [0], tmp_path, tmp_path / "runs", ["--threads", "1"])
    (entry,) = json.loads(path.read_text())["seeds"]
    assert entry["n"] == 360
    assert entry["epochs"] == entry["kept_epoch"] == entry["times_opened"] == 1
    assert entry["split"] != "official split"
    assert 0.3 < entry["test_accuracy"] < 1
    assert entry["val_accuracy"] > 0.3
    assert entry["threads"] == 1
    assert entry["device_type"] in ("cpu", "cuda", "mps")
    assert "views" not in entry
    assert not (home / "left-over").exists()


@pytest.mark.slow
def test_a_taught_seed_without_validation_is_trained_after_its_teacher(tmp_path: Path) -> None:
    path = accuracy.measure("taught", [0], tmp_path, tmp_path / "runs")
    (entry,) = json.loads(path.read_text())["seeds"]
    assert entry["val_accuracy"] is None
    assert entry["views"] == 2
    (run,) = (tmp_path / "runs" / "taught" / TAUGHT.digest() / "0").iterdir()
    config = json.loads((run / "config.json").read_text())
    teacher = Path(config["training"]["teacher"])
    assert teacher.parent == tmp_path / "runs" / "tiny" / TINY.digest() / "0"
    assert not (tmp_path / "tiny.json").exists()  # the teacher's test set stays closed
