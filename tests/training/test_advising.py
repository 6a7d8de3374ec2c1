"""Trainings that really go wrong, tiny ones: what is noticed early, and advised at the end."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from smalti.advice.finding import Finding, Remedy
from smalti.cli.main import run as smalti
from smalti.data.dataset import Dataset, Part
from smalti.machine import ProcessorTime
from smalti.recipes import Recipe, resolve, with_options
from smalti.reporting.diagnosis import diagnose
from smalti.reporting.facts import read_facts
from smalti.runs import Run
from smalti.training import advising, session
from smalti.training.progress import Listener
from tests.datasets import tiny_dataset


class Ear(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.noticed_at: list[int] = []
        self.early: list[Finding] = []
        self.findings: list[Finding] = []
        self._epoch = 0

    def finished_epoch(self, row: Any, best: bool) -> None:
        self._epoch = int(row["epoch"])

    def noticed(self, finding: Finding) -> None:
        self.noticed_at.append(self._epoch)
        self.early.append(finding)

    def advised(self, findings: Any) -> None:
        self.findings = list(findings)


def recipe(name: str = "dense", **options: Any) -> Recipe:
    # One number format everywhere, so that every machine sees the same courses.
    small = {"model.hidden": (32,), "training.batch_size": 8, "training.precision": "float32"}
    dotted = {key.replace("__", "."): value for key, value in options.items()}
    return resolve(name, "", {"training.epochs": 8, **small, **dotted})


def listen(wanted: Recipe, dataset: Dataset, tmp_path: Any) -> tuple[Ear, Run]:
    ear = Ear()
    return ear, session.start(wanted, dataset, tmp_path, ear)


def data(n: int = 600, validation: int = 300, **options: int) -> Dataset:
    return tiny_dataset(n=n, validation=validation, test=0, **options)


def with_labels(dataset: Dataset, labels: np.ndarray) -> Dataset:
    train = replace(dataset.part("train"), labels=labels.astype(np.int64))
    return replace(dataset, parts={**dataset.parts, "train": train})


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_healthy_trainings_hear_nothing(optimizer: str, tmp_path: Any) -> None:
    rate = {"adamw": 2e-3, "sgd": 0.02}[optimizer]
    ear, _ = listen(
        recipe(optimizer__name=optimizer, optimizer__learning_rate=rate, training__epochs=12),
        data(),
        tmp_path,
    )
    assert (ear.early, ear.findings) == ([], [])


@pytest.mark.parametrize("name", ["dense", "simple-cnn", "cnn"])
def test_the_recipes_on_digits_hear_nothing(name: str, tmp_path: Any) -> None:
    from smalti.data.load import load_data

    # A third of the usual plan, and narrow: healthy, and quick.
    small = {} if name == "dense" else {"model.filters": (8, 16)}
    wanted = resolve(name, "digits", {"training.epochs": 15, **small})
    ear, _ = listen(wanted, load_data("digits"), tmp_path)
    assert ear.early == []
    assert [f.cause for f in ear.findings if f.cause != "Still learning at the end"] == []


def test_a_huge_rate_is_noticed_early_and_its_remedy_works(tmp_path: Any) -> None:
    wanted = recipe(optimizer__name="sgd", optimizer__learning_rate=0.5)
    ear, run = listen(wanted, data(), tmp_path)
    [early] = ear.early
    assert ear.noticed_at[0] <= 4
    assert early.cause == "The learning rate is too high"
    [found] = ear.findings
    assert found.cause == "The learning rate is too high"
    better, _ = listen(with_options(wanted, found.remedies[0].changes), data(), tmp_path / "2")
    assert better.early == []
    assert "The learning rate is too high" not in [f.cause for f in better.findings]
    # The report, from the files, says the same.
    assert diagnose(read_facts(run))[0].cause == found.cause


def test_a_tiny_rate_is_noticed_early_and_its_remedy_works(tmp_path: Any) -> None:
    wanted = recipe(optimizer__learning_rate=1e-7)
    ear, run = listen(wanted, data(), tmp_path)
    assert [finding.cause for finding in ear.early] == ["The learning rate is too low"]
    assert ear.findings[0].cause == "The learning rate is too low"
    assert diagnose(read_facts(run))[0].cause == "The learning rate is too low"
    remedy = ear.findings[0].remedies[0]
    assert str(remedy) == "--learning-rate 0.0003"
    better, _ = listen(with_options(wanted, remedy.changes), data(), tmp_path / "2")
    assert better.early == []
    assert "rate" not in " ".join(finding.cause for finding in better.findings)


def test_few_pictures_without_augmentation_are_learned_by_heart(tmp_path: Any) -> None:
    noisy = tiny_dataset(n=24, validation=300, test=0)
    wanted = recipe(training__epochs=40, optimizer__learning_rate=2e-3)
    ear, run = listen(wanted, noisy, tmp_path)
    causes = [finding.cause for finding in ear.findings]
    assert causes[0] == "Overfitting"
    assert "Few pictures" in causes
    assert str(ear.findings[0].remedies[0]).startswith("--augmentation affine")
    assert diagnose(read_facts(run))[0].cause == "Overfitting"


def test_a_training_that_is_too_short_still_rises(tmp_path: Any) -> None:
    wanted = recipe(
        training__epochs=3, optimizer__learning_rate=6e-4, schedule__name="constant",
        training__batch_size=64, schedule__warmup=0,
    )  # fmt: skip
    ear, _ = listen(wanted, data(), tmp_path)
    assert [finding.cause for finding in ear.findings] == ["Still learning at the end"]
    assert str(ear.findings[0].remedies[0]) == "--epochs 6"


def test_a_network_that_cannot_is_underfitting(tmp_path: Any) -> None:
    # Half of the labels are random: no network gets more than two thirds of them right.
    dataset = data(n=1500)
    random = np.random.default_rng(0)
    for part in ("train", "validation"):
        labels = dataset.part(part).labels.copy()
        wrong = random.permutation(len(labels))[: len(labels) // 2]
        labels[wrong] = random.integers(0, 3, len(wrong))
        noisy = replace(dataset.part(part), labels=labels)
        dataset = replace(dataset, parts={**dataset.parts, part: noisy})
    wanted = recipe(model__hidden=(1,), training__epochs=25, optimizer__learning_rate=0.003)
    ear, _ = listen(wanted, dataset, tmp_path)
    assert [finding.cause for finding in ear.findings] == ["Underfitting"]
    assert [str(r) for r in ear.findings[0].remedies] == [
        "--model cnn", "--set model.hidden=2",
    ]  # fmt: skip


def test_shuffled_labels_are_looked_for_where_nothing_is_learned(tmp_path: Any) -> None:
    dataset = data(n=900)
    shuffled = np.random.default_rng(0).permutation(dataset.part("train").labels)
    wanted = recipe(
        training__epochs=3, training__batch_size=64, optimizer__learning_rate=3e-4,
        model__dropout=0.5,
    )  # fmt: skip
    ear, _ = listen(wanted, with_labels(dataset, shuffled), tmp_path)
    assert ear.findings[0].cause == "Labels and pictures may not belong together"


def test_empty_pictures_are_named_as_the_cause(tmp_path: Any) -> None:
    dataset = data()
    train = dataset.part("train")
    blank = Part.whole(np.full((600, 12, 12, 1), 3, np.uint8), train.labels[:600])
    dataset = replace(dataset, parts={**dataset.parts, "train": blank})
    ear, _ = listen(recipe(), dataset, tmp_path)
    assert ear.findings[0].cause == "Empty pictures"


def test_a_class_that_hardly_occurs_is_named(tmp_path: Any) -> None:
    dataset = data(n=600)
    train = dataset.part("train")
    rare = np.flatnonzero(train.labels == 2)[25:]
    kept = train.only(np.setdiff1d(np.arange(len(train)), rare))
    dataset = replace(dataset, parts={**dataset.parts, "train": train_with(kept, 10)})
    ear, run = listen(recipe(training__epochs=12), dataset, tmp_path)
    [found] = [f for f in ear.findings if f.cause == "Classes are out of balance"]
    assert "'ring' has" in found.sentence
    survey = run.environment()["data"]["survey"]
    assert survey["counts"]["ring"] < 30


def train_with(part: Part, fewest: int) -> Part:
    """Return the part with its third class cut to ``fewest`` pictures."""
    third = np.flatnonzero(part.labels == 2)[fewest:]
    return part.only(np.setdiff1d(np.arange(len(part)), third))


def test_without_validation_nothing_needs_it(tmp_path: Any) -> None:
    dataset = tiny_dataset(n=24, validation=0, test=0)
    ear, _ = listen(recipe(data__validation=0, training__epochs=40), dataset, tmp_path)
    said = " ".join(finding.line() for finding in ear.findings)
    assert "--early-stopping" not in said
    assert "plateau" not in said


def test_other_programs_are_named_only_where_it_took_long(tmp_path: Any, monkeypatch: Any) -> None:
    def clocks(wall: float, busy: float):
        times = [ProcessorTime(0.0, 0.0, 0.0, 0.0), ProcessorTime(wall, busy, 0.0, wall)]
        monkeypatch.setattr(advising.machine, "processor_time", lambda: times.pop(0))
        monkeypatch.setattr(advising.machine, "usable_cores", lambda: 1)
        ear, _ = listen(recipe(training__epochs=2), data(), tmp_path)
        return [finding.cause for finding in ear.findings]

    assert clocks(wall=100, busy=190) == ["Other programs slowed it down"]
    assert clocks(wall=20, busy=38) == []
    assert clocks(wall=100, busy=101) == []


def test_what_is_printed_can_be_pasted(
    npz: Any, tmp_path: Any, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = "--recipe dense --epochs 8 --batch-size 8 --set model.hidden=16 --learning-rate 1e-7"
    assert smalti(["train", str(npz(300)), *quick.split()]) == 0
    said = capsys.readouterr().err
    assert said.count("note    The learning rate is too low.") == 1
    assert "what to try, best first\n  1. The learning rate is too low." in said
    [command] = [line for line in said.splitlines() if "for example: " in line]
    words = shlex.split(command.partition("for example: ")[2])
    assert words[:2] == ["smalti", "train"]
    assert smalti(words[1:]) == 0
    again = capsys.readouterr().err
    assert "The learning rate is too low" not in again
    assert Run("runs/tiny-dense-0-2").recipe().optimizer.learning_rate == 3e-4


def test_a_finding_without_a_remedy_gives_no_command(tmp_path: Any) -> None:
    from smalti.training.display import advice_lines

    _, run = listen(recipe(training__epochs=1), data(), tmp_path)
    bare = Finding("Cause", "Numbers.", advice="Do it.")
    assert advice_lines([bare], run) == [
        "what to try, best first", "  1. Cause. Numbers. Do it.",
    ]  # fmt: skip
    # Arrays in memory have no command either, but a call in Python.
    known = Finding("Cause", "Numbers.", (Remedy({"training.epochs": 9}),))
    assert len(advice_lines([known], run)) == 2
    call = advice_lines([known], run, python=True)[-1]
    assert call.endswith(f'smalti.train(data, "{run.config_file}", set={{"training.epochs": 9}})')
