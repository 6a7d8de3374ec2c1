"""Seeds are kept as they land, never trained twice and never mixed with another recipe's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import accuracy

TINY = accuracy.Row("Digits, dense", "A1", "digits", "dense", 1, 0.5)


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "ROWS", {"tiny": TINY})


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replace training by a made-up result, and return the list of the seeds trained."""
    seeds: list[int] = []

    def one_seed(row: accuracy.Row, seed: int, parent: Path) -> dict[str, Any]:
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

    def failing(row: accuracy.Row, seed: int, parent: Path) -> dict[str, Any]:
        if seed == 1:
            raise KeyboardInterrupt
        return made_up(row, seed, parent)

    monkeypatch.setattr(accuracy, "_one_seed", failing)
    with pytest.raises(KeyboardInterrupt):
        accuracy.measure("tiny", range(2), tmp_path, tmp_path)
    assert list(accuracy.stored_seeds("tiny", TINY, tmp_path)) == [0]


def test_another_recipe_starts_anew(tmp_path: Path, trained: list[int]) -> None:
    accuracy.measure("tiny", range(2), tmp_path, tmp_path)
    assert accuracy.stored_seeds("tiny", replace(TINY, epochs=2), tmp_path) == {}


@pytest.mark.slow
def test_a_seed_is_trained_and_evaluated_by_the_command_shown(tmp_path: Path) -> None:
    home = tmp_path / "runs" / "tiny" / TINY.digest() / "0"
    (home / "left-over").mkdir(parents=True)  # a training that ended before its first epoch
    path = accuracy.measure("tiny", [0], tmp_path, tmp_path / "runs")
    (entry,) = json.loads(path.read_text())["seeds"]
    assert entry["n"] == 360
    assert entry["epochs"] == entry["kept_epoch"] == entry["times_opened"] == 1
    assert entry["split"] != "official split"
    assert 0.3 < entry["test_accuracy"] < 1
    assert not (home / "left-over").exists()
