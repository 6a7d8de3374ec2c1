"""``smalti doctor``: this machine, a run, a data set; ok, or attention with the repair."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smalti import device, names
from smalti.runs import Run
from tests.support import shapes


@pytest.fixture
def checks(smalti: Callable) -> Callable[..., dict[str, dict[str, str]]]:
    """Return ``checks(*arguments)``: what ``doctor --json`` looked at, by name."""

    def look(*arguments: str | Path) -> dict[str, dict[str, str]]:
        outcome = smalti("doctor", *arguments, "--json")
        assert outcome.code == 0, outcome.err
        return {row["name"]: row for row in json.loads(outcome.out)["checks"]}

    return look


def save(path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    np.savez(path, x_train=images, y_train=labels)
    return path


# This machine.


def test_the_machine_is_looked_at(smalti: Callable, checks: Callable) -> None:
    found = checks()
    assert list(found) == [
        "GPU", "threads", "CPU limit", "precision", "other programs", "memory", "packages",
    ]  # fmt: skip
    assert all(row["state"] in ("ok", "attention") for row in found.values())
    assert all(bool(row["repair"]) == (row["state"] == "attention") for row in found.values())
    facts = json.loads(smalti("doctor", "--json").out)
    assert set(facts["data"]) == set(names.DATASETS)
    assert set(facts["matrix product"]) == {"float32", "bfloat16"}


def test_a_gpu_that_is_not_used_is_shown_with_its_repair(
    smalti: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "gpu_problem", lambda: ("A GPU idles.", "install CUDA"))
    said = smalti("doctor").out
    assert (
        "GPU             attention  A GPU idles.\n                repair     install CUDA" in said
    )
    assert "ask for attention" in said


def test_threads_that_idle_are_shown(checks: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(device.machine, "usable_cores", lambda: 8)
    threads = checks()["threads"]
    assert threads["state"] == "attention"
    assert "--threads 8" in threads["repair"]


# A run.


def test_a_healthy_run_is_ok(checks: Callable, smalti: Callable, finished: Path) -> None:
    found = checks(finished)
    assert {row["state"] for row in found.values()} == {"ok"}
    assert set(found) == {"training", "files", "curves", "pictures"}
    assert "everything is ok" in smalti("doctor", finished).out


def test_a_run_that_learned_nothing_names_field_and_command(
    smalti: Callable, npz: Callable, tmp_path: Path
) -> None:
    fields = ("--recipe", "dense", "--epochs", "4", "--learning-rate", "1e-7", "--batch-size", "8")
    assert smalti("train", npz(300), *fields).code == 0
    said = smalti("doctor", "runs/tiny-dense-0").out
    assert "curves          attention  The learning rate is too low." in said
    assert "repair     --learning-rate 0.0003" in said
    command = "smalti train --recipe runs/tiny-dense-0/config.json --learning-rate 0.0003"
    assert command in said


def test_an_unfinished_run_says_how_to_continue(checks: Callable, run_folder: Path) -> None:
    run = Run(run_folder)
    environment = run.environment()
    run.write_environment({k: v for k, v in environment.items() if k != "finished"})
    training = checks(run_folder)["training"]
    assert training["state"] == "attention"
    assert training["repair"] == f"smalti train --resume {run_folder}"


@pytest.mark.parametrize("name", ["model.safetensors", "classifier.json"])
def test_a_run_whose_classifier_cannot_be_used_is_not_ok(
    checks: Callable, run_folder: Path, name: str
) -> None:
    (run_folder / name).unlink()
    files = checks(run_folder)["files"]
    assert files["state"] == "attention"
    assert name in files["sentence"]
    assert f"smalti train --resume {run_folder}" in files["repair"]


def test_a_damaged_run_is_one_sentence(smalti: Callable, run_folder: Path) -> None:
    (run_folder / "history.csv").write_text("nonsense")
    outcome = smalti("doctor", run_folder)
    assert outcome.code == 2
    assert "history.csv is damaged" in outcome.err


# A data set.


def test_a_good_set_is_ok(checks: Callable) -> None:
    found = checks("digits")
    assert {row["state"] for row in found.values()} == {"ok"}
    assert "have the label of the picture most like them" in found["labels"]["sentence"]


def test_every_fault_of_a_bad_set_is_found(checks: Callable, tmp_path: Path) -> None:
    images, labels = shapes(900, channels=3)
    images[..., 2] = 0
    images[:300:3] = 0
    images[301] = images[303]  # of another class
    rare = np.flatnonzero(labels == 2)[15:]
    images, labels = np.delete(images, rare, axis=0), np.delete(labels, rare)
    found = checks(save(tmp_path / "bad.npz", images, labels))
    wrong = {name: row["sentence"] for name, row in found.items() if row["state"] != "ok"}
    assert list(wrong) == [
        "content", "channels", "conflicts", "leakage", "classes", "class size", "validation",
    ]  # fmt: skip
    assert "single colour" in wrong["content"]
    assert "Channel 3 of 3" in wrong["channels"]
    assert all(found[name]["repair"] for name in wrong)
    assert f"smalti data check {tmp_path / 'bad.npz'}" in found["conflicts"]["repair"]


def test_shuffled_labels_are_suspected(checks: Callable, tmp_path: Path) -> None:
    images, labels = shapes(900)
    shuffled = np.random.default_rng(0).permutation(labels)
    found = checks(save(tmp_path / "shuffled.npz", images, shuffled))
    assert found["labels"]["state"] == "attention"
    assert "shuffled labels would have 33.3 %" in found["labels"]["sentence"]


def test_a_folder_of_pictures_can_be_looked_at(checks: Callable, pictures: Callable) -> None:
    found = checks(pictures(per_class=30))
    assert found["content"]["state"] == "ok"
    assert found["validation"]["state"] == "attention"


def test_a_class_too_small_to_be_divided_is_said_and_the_rest_looked_at(
    checks: Callable, tmp_path: Path
) -> None:
    images, labels = shapes(60)
    labels[:] = 0
    labels[0] = 1
    found = checks(save(tmp_path / "single.npz", images, labels))
    assert found["parts"]["state"] == "attention"
    assert "content" in found


@pytest.mark.parametrize("what", ["nowhere", "runs/nowhere", "mnits"])
def test_what_is_neither_run_nor_data_names_both(smalti: Callable, what: str) -> None:
    outcome = smalti("doctor", what)
    assert outcome.code == 2
    assert "mnist" in outcome.err
    assert "smalti runs" in outcome.err
    assert "Traceback" not in outcome.said
