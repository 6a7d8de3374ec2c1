"""Keras's own epochs are stored as they land, and the time to an accuracy is taken from them."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import keras_peer, keras_recipe, throughput
from benchmarks.against_keras import DEFAULTS
from smalti import api

STAND_IN = """
    import json, sys

    log = open(sys.argv[1], "a")
    for line in sys.stdin:
        request = json.loads(line)
        print(line.strip(), file=log, flush=True)
        if request["do"] == "fit":
            for epoch in range(1, request["epochs"] + 1):
                if epoch == DIES_AT:
                    raise SystemExit("no memory")
                told = {"epoch": epoch, "seconds": 10.0 + epoch, "val_accuracy": 0.8 + 0.02 * epoch}
                print(json.dumps(told), flush=True)
        answer = {"finished": True} if request["do"] == "fit" else {"keras": "0.0"}
        print(json.dumps(answer), flush=True)
"""

DATASET = api.load_data(throughput.random_pictures(100))


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., list[str]]:
    """Return ``stand_in(dies_at)``: the command of a peer that only pretends to train."""

    def command(dies_at: int = 0) -> list[str]:
        script = tmp_path / "stand_in.py"
        script.write_text(textwrap.dedent(STAND_IN).replace("DIES_AT", str(dies_at)))
        return [sys.executable, str(script), str(tmp_path / "log")]

    return command


def test_every_epoch_and_the_time_to_the_target_are_stored(
    tmp_path: Path, stand_in: Callable[..., list[str]]
) -> None:
    path = keras_recipe.measure(keras_recipe.ROW, [0, 1], 4, tmp_path, DATASET, stand_in())
    figures = json.loads(path.read_text())
    assert [entry["seed"] for entry in figures["seeds"]] == [0, 1]
    assert [epoch["epoch"] for epoch in figures["seeds"][1]["epochs"]] == [1, 2, 3, 4]
    # 86 % after the third epoch; the median epoch takes 12.5 seconds.
    assert figures["time_to_target"] == {"epochs": 3, "seconds": 37.5}
    assert figures["seconds_an_epoch"]["max"] == 14
    assert figures["keras"] == {"keras": "0.0"}
    asked = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [request["do"] for request in asked[:4]] == ["versions", "seed", "build", "fit"]
    assert asked[2]["settings"] == {**DEFAULTS, "augmented": True}


def test_what_is_stored_is_not_trained_again_unless_more_epochs_are_asked_for(
    tmp_path: Path, stand_in: Callable[..., list[str]]
) -> None:
    def trained(epochs: int) -> int:
        keras_recipe.measure(keras_recipe.ROW, [0], epochs, tmp_path, DATASET, stand_in())
        return (tmp_path / "log").read_text().count('"fit"')

    assert [trained(2), trained(2), trained(1), trained(3)] == [1, 1, 1, 2]


def test_epochs_before_a_death_are_kept(tmp_path: Path, stand_in: Callable[..., list[str]]) -> None:
    with pytest.raises(RuntimeError, match="no memory"):
        keras_recipe.measure(keras_recipe.TUNED_ROW, [0], 4, tmp_path, DATASET, stand_in(3))
    figures = json.loads((tmp_path / f"{keras_recipe.TUNED_ROW}.json").read_text())
    assert len(figures["seeds"][0]["epochs"]) == 2
    assert figures["time_to_target"] is None


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs smalti[keras]")
def test_keras_itself_follows_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # TensorFlow, on which it is measured, is no part of the tests: any engine has the callbacks.
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    command = [sys.executable, "-P", os.fspath(keras_peer.__file__)]
    path = keras_recipe.measure(keras_recipe.ROW, [0], 2, tmp_path, DATASET, command)
    (entry,) = json.loads(path.read_text())["seeds"]
    assert [epoch["epoch"] for epoch in entry["epochs"]] == [1, 2]
    for epoch in entry["epochs"]:
        assert epoch["seconds"] > 0
        assert 0 <= epoch["val_accuracy"] <= 1
        assert epoch["learning_rate"] == pytest.approx(0.001)
