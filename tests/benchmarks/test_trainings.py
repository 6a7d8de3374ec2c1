"""A whole training is a process whose own clock, whole time and accuracies are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import contest, sklearn_peer
from benchmarks.trainings import ScriptTraining, SmaltiTraining
from smalti import api
from smalti.errors import SmaltiError


@pytest.mark.parametrize(
    "command", ["smalti train digits --recipe dense", "train digits --recipe dense",
                "digits --recipe dense"],
)  # fmt: skip
def test_a_command_may_be_typed_with_or_without_its_beginning(command: str) -> None:
    assert SmaltiTraining.of(command).command == "smalti train digits --recipe dense"


@pytest.mark.parametrize("command", ["", "smalti train", "--recipe dense"])
def test_a_command_without_data_is_refused(command: str) -> None:
    with pytest.raises(SmaltiError, match="begins with its data"):
        SmaltiTraining.of(command)


def test_a_recipe_that_the_rows_can_resolve_is_part_of_what_was_measured() -> None:
    known = SmaltiTraining.of("digits --recipe dense --epochs 1")
    assert known.identity.startswith(f"{known.command} ")
    for unknown in ("digits --recipe to-come", "digits --recipe dense --to-come 5", "digits"):
        assert SmaltiTraining.of(unknown).identity == f"smalti train {unknown}"


def test_quick_keeps_the_recipe_and_takes_other_data() -> None:
    quick = SmaltiTraining.of("cifar10 --recipe cnn --epochs 30").quick("tiny.npz")
    assert quick.arguments == ("tiny.npz", "--recipe", "cnn", "--epochs", "30", "--epochs", "1")


@pytest.mark.slow
def test_smalti_is_trained_evaluated_and_counted(tmp_path: Path) -> None:
    home = tmp_path / "seed"
    (home / "left-over").mkdir(parents=True)
    side = SmaltiTraining.of("digits --recipe dense --epochs 1 --set prediction.views=3")
    figures = side.measure(2, home, {"threads": "1", "device": "cpu"})
    (run,) = home.iterdir()
    assert run.name == "digits-dense-2"
    assert figures["n"] == 360
    assert figures["threads"] == figures["epochs"] == 1
    assert set(figures["accuracy"]) == {"1", "3"}
    assert all(0.2 < value < 1 for value in figures["accuracy"].values())
    assert 0 < figures["seconds"] < figures["command_seconds"]
    assert figures["flop"] > 0
    assert figures["share_of_peak"] > 0


@pytest.mark.slow
def test_a_script_is_trained_and_counted(tmp_path: Path, npz: Callable[..., Path]) -> None:
    data = npz(60, 20, side=32, channels=3)
    port = contest.record().sides[contest.RECORD].quick(str(data))
    figures = port.measure(1, tmp_path, {"threads": "1"})
    assert figures["n"] == 20
    assert set(figures["accuracy"]) == {"1", "6"}
    assert figures["seconds"] < figures["command_seconds"]
    assert "judging_seconds" not in figures
    assert figures["share_of_peak"] > 0
    assert figures["threads"] == 1


def test_a_script_that_takes_no_device_is_given_none(tmp_path: Path) -> None:
    script = ScriptTraining("benchmarks.to_come", ("data",), takes=())
    with pytest.raises(RuntimeError, match=r"benchmarks\.to_come data --seed 3 ended with"):
        script.measure(3, tmp_path, {"threads": "1"})


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_scikit_learn_learns_tiny_pictures(npz: Callable[..., Path]) -> None:
    told = sklearn_peer.measured(api.load_data(str(npz(120, 30)), validation=0), seed=0)
    assert told["n"] == 30
    assert told["accuracy"]["1"] > 0.8
    assert told["seconds"] > 0
    assert "scikit-learn" in told["versions"]
