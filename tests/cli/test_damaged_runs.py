"""A missing, truncated or edited file of a run: named, refused, and repaired by what is advised."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

PREDICT, EVALUATE, AGAIN = "predict {run} {picture}", "evaluate {run}", "evaluate {run} --again"
REPORT, RESUME = "report {run}", "train --resume {run}"


def remove(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def drop_a_class(path: Path) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "class_names": content["class_names"][:-1]}))


def drop_every_key(path: Path) -> None:
    path.write_text("{}")


def turn_into_a_list(path: Path) -> None:
    path.write_text("[]")


def drop_the_temperature(path: Path) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "temperature": 0}))


MODEL, CLASSIFIER = "model.safetensors", "classifier.json"
TEST = "outputs/test.safetensors"
REPAIRABLE = [
    *[(MODEL, damage, PREDICT) for damage in (remove, truncate, empty, flip_a_bit)],
    *[(MODEL, damage, AGAIN) for damage in (remove, truncate)],
    *[
        (CLASSIFIER, damage, PREDICT)
        for damage in (remove, truncate, drop_a_class, drop_every_key, turn_into_a_list)
    ],
    *[(CLASSIFIER, damage, EVALUATE) for damage in (remove, drop_every_key)],
    *[
        ("calibration.json", damage, command)
        for damage in (truncate, drop_the_temperature, turn_into_a_list)
        for command in (PREDICT, AGAIN)
    ],
    *[("metrics.json", damage, EVALUATE) for damage in (truncate, drop_every_key)],
    *[("metrics.json", damage, REPORT) for damage in (truncate, turn_into_a_list)],
    *[(TEST, damage, EVALUATE) for damage in (truncate, flip_a_bit)],
    *[("environment.json", damage, AGAIN) for damage in (remove, truncate)],
    *[("history.csv", damage, REPORT) for damage in (empty, drop_every_key)],
]


def repair(said: str) -> list[str]:
    """Return the arguments of the smalti command that a message advises."""
    found = re.search(r"smalti (train --resume|evaluate) (\S+)( --again)?", said)
    assert found, f"no command that repairs in: {said}"
    return shlex.split(found[0])[1:]


@pytest.mark.parametrize(
    ("name", "damage", "command"),
    REPAIRABLE,
    ids=[f"{name}-{damage.__name__}-{command.split()[0]}" for name, damage, command in REPAIRABLE],
)
def test_damage_is_named_and_the_advice_repairs_it(
    smalti: Callable,
    run_folder: Path,
    picture: Path,
    name: str,
    damage: Callable[[Path], None],
    command: str,
) -> None:
    damage(run_folder / name)
    typed = [word.format(run=run_folder, picture=picture) for word in command.split()]
    outcome = smalti(*typed)
    assert outcome.code == 2
    assert str(run_folder / name) in outcome.err
    assert "Traceback" not in outcome.said
    repaired = smalti(*repair(outcome.err))
    assert repaired.code == 0, repaired.said
    assert smalti(*typed).code == 0


@pytest.mark.parametrize("damage", [truncate, empty, turn_into_a_list])
@pytest.mark.parametrize("command", [EVALUATE, REPORT, RESUME])
def test_a_damaged_config_is_named(
    smalti: Callable, run_folder: Path, damage: Callable[[Path], None], command: str
) -> None:
    if command == EVALUATE:
        (run_folder / "metrics.json").unlink()  # or the stored result needs no config
    damage(run_folder / "config.json")
    outcome = smalti(*command.format(run=run_folder).split())
    assert outcome.code == 2
    assert "config.json" in outcome.err


def test_a_config_edited_to_another_network_is_noticed_on_resume(
    smalti: Callable, run_folder: Path
) -> None:
    config = json.loads((run_folder / "config.json").read_text())
    config["model"]["hidden"] = [7]
    config["training"]["epochs"] = 3
    (run_folder / "config.json").write_text(json.dumps(config))
    (run_folder / "model.safetensors").unlink()
    outcome = smalti("train", "--resume", run_folder)
    assert outcome.code == 2
    assert "last.safetensors" in outcome.err


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, drop_every_key])
def test_a_damaged_last_state_is_named(
    smalti: Callable, run_folder: Path, damage: Callable[[Path], None]
) -> None:
    damage(run_folder / "last.safetensors")
    outcome = smalti("train", "--resume", run_folder)
    assert outcome.code == 2
    assert "last.safetensors" in outcome.err
    assert "--recipe" in outcome.err


def test_a_run_without_its_last_state_begins_again(smalti: Callable, run_folder: Path) -> None:
    weights = (run_folder / "model.safetensors").read_bytes()
    (run_folder / "last.safetensors").unlink()
    assert smalti("train", "--resume", run_folder).code == 0
    assert (run_folder / "model.safetensors").read_bytes() == weights


def test_damaged_runs_are_listed_with_the_others(smalti: Callable, run_folder: Path) -> None:
    (run_folder / "environment.json").write_text("{")
    outcome = smalti("runs", run_folder.parent)
    assert outcome.code == 0
    assert run_folder.name in outcome.out
    assert "damaged" in outcome.out
