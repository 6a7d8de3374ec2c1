"""What the curves say: each verdict on curves that show it, and none on curves that do not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from smalti.recipes import Recipe, to_dict
from smalti.reporting import diagnosis
from smalti.reporting.diagnosis import Diagnosis, diagnose
from smalti.reporting.facts import flat, read_facts
from smalti.runs import Run

Diagnose = Callable[..., Diagnosis]
UP = tuple(0.9 - 0.5 * np.exp(-np.arange(12) / 2))
DOWN = tuple(0.3 + 1.5 * np.exp(-np.arange(12) / 2))


@pytest.fixture
def verdict(finished_run: Callable[..., Run]) -> Diagnose:
    """Return ``verdict(train_accuracy=…, val_loss=…)``: what these curves are said to show."""

    def judge(augmentation: str = "affine", **columns: Sequence) -> Diagnosis:
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
        config["augmentation"]["policy"] = augmentation
        run.config_file.write_text(json.dumps(config))
        found = diagnose(read_facts(run))
        assert found is not None
        return found

    return judge


def test_healthy_curves_are_left_alone(verdict: Diagnose) -> None:
    found = verdict()
    assert found.verdict == "No clear sign of over- or underfitting"
    assert found.fields == ()


def test_no_curves_no_verdict(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    run.history_file.unlink()
    assert diagnose(read_facts(run)) is None


def test_validation_loss_that_rises_is_overfitting(verdict: Diagnose) -> None:
    rising = [*DOWN[:5], *np.linspace(DOWN[5], 2 * DOWN[5], 7)]
    found = verdict(val_loss=rising)
    assert found.verdict == "Overfitting"
    assert "After epoch 6 validation loss rose from 0.423 to 0.776" in found.sentence
    assert found.fields == ("model.dropout", "optimizer.weight_decay")


def test_without_augmentation_that_is_the_first_thing_to_change(verdict: Diagnose) -> None:
    rising = [*DOWN[:5], *np.linspace(DOWN[5], 2 * DOWN[5], 7)]
    assert verdict(val_loss=rising, augmentation="none").fields[0] == "augmentation.policy"


def test_a_rise_in_the_noise_is_not_overfitting(verdict: Diagnose) -> None:
    tiny = [value / 100 for value in (*DOWN[:8], 0.45, 0.5, 0.48, 0.5)]
    assert verdict(val_loss=tiny).verdict.startswith("No clear sign")


def test_one_bad_last_epoch_is_not_overfitting(verdict: Diagnose) -> None:
    assert verdict(val_loss=[*DOWN[:11], 3.0]).verdict.startswith("No clear sign")


def test_a_wide_gap_is_overfitting(verdict: Diagnose) -> None:
    found = verdict(val_accuracy=[value - 0.12 for value in UP])
    assert found.verdict == "Overfitting"
    assert "89.80 %, validation accuracy 77.80 %" in found.sentence


def test_curves_that_still_rise_want_more_epochs(verdict: Diagnose) -> None:
    straight = list(np.linspace(0.2, 0.7, 12))
    found = verdict(
        train_accuracy=straight, val_accuracy=straight, val_loss=list(np.linspace(2, 1, 12))
    )
    assert found.verdict == "Still learning at the end"
    assert found.fields == ("training.epochs",)


def test_low_training_accuracy_is_underfitting(verdict: Diagnose) -> None:
    low = [0.5] * 12
    found = verdict(train_accuracy=low, val_accuracy=[0.52] * 12)
    assert found.verdict == "Underfitting is likely"
    assert "model.dropout" in found.fields


def test_guessing_is_said(verdict: Diagnose) -> None:
    found = verdict(train_accuracy=[0.11] * 12, val_accuracy=[0.1] * 12)
    assert found.verdict == "Hardly better than guessing"
    assert "guessing gives 10.00 %" in found.sentence


@pytest.mark.parametrize("last", [float("nan"), float("inf"), 40.0])
def test_a_loss_that_explodes_is_said(verdict: Diagnose, last: float) -> None:
    found = verdict(train_loss=[*DOWN[:11], last])
    assert found.verdict == "Training came apart"
    assert found.fields == ("optimizer.learning_rate",)


@pytest.mark.parametrize("epochs", [1, 2])
def test_two_epochs_are_too_few(verdict: Diagnose, epochs: int) -> None:
    assert verdict(train_loss=DOWN[:epochs]).verdict == "Too short to judge"


def test_without_validation_overfitting_cannot_be_seen(verdict: Diagnose) -> None:
    nothing = [None] * 12
    found = verdict(val_loss=nothing, val_accuracy=nothing)
    assert found.verdict == "Overfitting cannot be seen"


def test_every_field_that_is_advised_exists() -> None:
    source = Path(diagnosis.__file__).read_text(encoding="utf-8")
    advised = set(re.findall(r'"((?:data|model|optimizer|augmentation|training)\.\w+)"', source))
    assert len(advised) >= 6
    assert advised <= {name for name, _ in flat(to_dict(Recipe()))}
