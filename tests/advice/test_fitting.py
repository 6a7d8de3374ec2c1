"""Over- and underfitting from the curves."""

from __future__ import annotations

import numpy as np

from smalti.advice.fitting import overfitting, underfitting
from tests.advice.courses import AFFINE, DOWN, UP, course_of, recipe_of

PLAIN = recipe_of("dense")
LOW = {"train_accuracy": [0.5] * 12, "val_accuracy": [0.52] * 12, "train_loss": [1.4] * 12}


def test_a_wide_gap_is_overfitting_and_says_since_when() -> None:
    gap = np.array([0.0, 0.0, 0.02, 0.04, 0.1, *[0.12] * 7])
    found = overfitting(course_of(PLAIN, val_accuracy=np.array(UP) - gap))
    assert found is not None
    assert found.cause == "Overfitting"
    assert "Training accuracy 94.96 %, validation accuracy 82.96 %" in found.sentence
    assert "apart since epoch 5" in found.sentence


def test_a_small_gap_counts_where_training_makes_hardly_any_errors() -> None:
    # As measured: dense on MNIST without augmentation, 98.3 % on 6,000 validation pictures.
    perfect, val = [0.9998] * 12, [0.982] * 12
    curves = {"train_accuracy": perfect, "val_accuracy": val}
    assert overfitting(course_of(PLAIN, **curves, n_validation=6000)) is not None
    assert overfitting(course_of(PLAIN, **curves, n_validation=300)) is None


def test_a_gap_within_the_doubt_is_none() -> None:
    shifted = np.array(UP) - 0.06
    assert overfitting(course_of(val_accuracy=shifted, n_validation=60)) is None
    assert overfitting(course_of(val_accuracy=shifted, n_validation=2000)) is not None


def test_a_validation_loss_that_rises_is_overfitting() -> None:
    rising = [*DOWN[:5], *np.linspace(DOWN[5], 3 * DOWN[5], 7)]
    found = overfitting(course_of(val_loss=rising))
    assert found is not None
    assert "After epoch 6 validation loss rose from" in found.sentence


def test_a_rise_in_the_noise_or_one_bad_epoch_is_none() -> None:
    tiny = [value / 100 for value in (*DOWN[:8], 0.25, 0.3, 0.28, 0.3)]
    assert overfitting(course_of(val_loss=tiny)) is None
    assert overfitting(course_of(val_loss=[*DOWN[:11], 3.0])) is None


def test_without_validation_nothing_is_said() -> None:
    nothing = [None] * 12
    assert overfitting(course_of(val_loss=nothing, val_accuracy=nothing)) is None
    assert underfitting(course_of(**{**LOW, "val_loss": nothing, "val_accuracy": nothing})) is None


def test_the_remedies_depend_on_what_the_recipe_does_already() -> None:
    apart = {"val_accuracy": np.array(UP) - 0.12}

    def first(recipe) -> list[str]:
        found = overfitting(course_of(recipe, **apart))
        assert found is not None
        return [str(remedy) for remedy in found.remedies]

    assert first(PLAIN)[0].startswith("--augmentation affine --set augmentation.")
    assert first(PLAIN)[1:] == ["--set model.dropout=0.25", "--weight-decay 0.05"]
    moved = recipe_of("dense", **AFFINE, model__dropout=0.5)
    assert first(moved) == ["--set augmentation.mixup=0.2", "--weight-decay 0.05"]


def test_low_and_flat_on_both_is_underfitting() -> None:
    found = underfitting(course_of(PLAIN, **LOW))
    assert found is not None
    assert "reaches only 50.00 % (validation 52.00 %)" in found.sentence
    assert [str(r) for r in found.remedies] == ["--model cnn", "--set model.hidden=256,256"]


def test_low_but_falling_is_not_underfitting_yet() -> None:
    falling = np.linspace(2.0, 1.2, 12)
    assert underfitting(course_of(PLAIN, **{**LOW, "train_loss": falling})) is None


def test_mixed_pictures_excuse_a_low_training_accuracy() -> None:
    mixed = recipe_of("dense", augmentation__mixup=0.2)
    assert underfitting(course_of(mixed, **LOW)) is None


def test_heavy_dropout_goes_first_where_training_is_held_back() -> None:
    held = recipe_of("cnn", model__dropout=0.6, model__head_dropout=0.5)
    found = underfitting(course_of(held, **LOW))
    assert found is not None
    assert str(found.remedies[0]) == ("--set model.dropout=0.25 --set model.head_dropout=0.25")
