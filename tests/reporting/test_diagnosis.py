"""The findings on a report: read from the run's files, judged by the rules of smalti.advice."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from smalti.advice.finding import Finding
from smalti.reporting.cautions import cautions
from smalti.reporting.diagnosis import course_of, diagnose
from smalti.reporting.facts import read_facts
from smalti.runs import Run

Diagnose = Callable[..., Finding]
UP = tuple(0.9 - 0.5 * np.exp(-np.arange(12) / 2))
DOWN = tuple(0.3 + 1.5 * np.exp(-np.arange(12) / 2))


@pytest.fixture
def verdict(finished_run: Callable[..., Run]) -> Diagnose:
    """Return ``verdict(train_accuracy=…, val_loss=…)``: the first finding on these curves."""

    def judge(augmentation: str = "affine", **columns: Sequence) -> Finding:
        run = finished_run(evaluated=False)
        curves: dict[str, Sequence[float | None]] = {
            "train_loss": DOWN, "train_accuracy": UP, "val_loss": DOWN, "val_accuracy": UP,
        }  # fmt: skip
        curves |= columns
        length = min(map(len, curves.values()))
        rows = [
            {"epoch": i + 1, "lr": 0.001, "seconds": 1.0} | {k: v[i] for k, v in curves.items()}
            for i in range(length)
        ]
        run.write_history(rows)
        run.write_classifier({**run.classifier(), "epoch": length})
        config = run.config()
        config["augmentation"] = {"policy": augmentation}
        run.config_file.write_text(json.dumps(config))
        return diagnose(read_facts(run))[0]

    return judge


def test_healthy_curves_are_left_alone(verdict: Diagnose) -> None:
    found = verdict()
    assert found.cause == "No clear sign of over- or underfitting"
    assert found.remedies == ()


def test_no_curves_no_verdict(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    run.history_file.unlink()
    assert diagnose(read_facts(run)) == []


def test_validation_loss_that_rises_is_overfitting(verdict: Diagnose) -> None:
    rising = [*DOWN[:5], *np.linspace(DOWN[5], 2 * DOWN[5], 7)]
    found = verdict(val_loss=rising)
    assert found.cause == "Overfitting"
    assert "After epoch 6 validation loss rose from 0.423 to 0.776" in found.sentence


def test_a_training_stopped_after_two_epochs_is_too_short(verdict: Diagnose) -> None:
    assert verdict(val_loss=DOWN[:2]).cause == "Too short to judge"


def test_a_run_without_validation_says_what_cannot_be_seen(verdict: Diagnose) -> None:
    none = [None] * 12
    found = verdict(val_loss=none, val_accuracy=none)
    assert found.cause == "Overfitting cannot be seen"


def test_the_course_knows_what_the_files_know(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    course = course_of(read_facts(run))
    assert course is not None
    assert (course.n_train, course.n_validation, course.n_classes) == (45_000, 5_000, 10)
    assert course.epochs[course.kept] == run.classifier()["epoch"]
    assert course.data == "cifar10"


def with_survey(run: Run, **changes: object) -> Run:
    facts = {
        "source": "", "counts": {"cat": 400, "dog": 500}, "validation": 300, "test": 300,
        "skipped": 0, "sampled": 900, "flat": 0.0, "dark": 0.0, "bright": 0.0, "spread": 60.0,
        "empty_channels": [], "channels": 3,
    }  # fmt: skip
    environment = run.environment()
    environment["data"]["survey"] = {**facts, **changes}
    run.write_environment(environment)
    return run


def test_what_was_counted_in_the_pictures_is_kept_in_mind(finished_run: Callable[..., Run]) -> None:
    healthy = with_survey(finished_run(data="digits"))
    assert cautions(read_facts(healthy)) == []
    [sentence] = cautions(read_facts(with_survey(healthy, counts={"cat": 2000, "dog": 40})))
    assert "'cat' has 2,000 training pictures, 'dog' has 40" in sentence
    assert "right in 98.04 %" in sentence


def test_a_survey_of_another_shape_is_passed_over(finished_run: Callable[..., Run]) -> None:
    run = finished_run(data="digits")
    environment = run.environment()
    environment["data"]["survey"] = {"counts": 3}
    run.write_environment(environment)
    assert cautions(read_facts(run)) == []
