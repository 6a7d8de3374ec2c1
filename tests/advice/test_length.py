"""Too short, too long, or restless to the end."""

from __future__ import annotations

import numpy as np

from smalti.advice.length import long_past_its_best, restless, still_rising
from tests.advice.courses import UP, course_of, recipe_of

STRAIGHT = {
    "train_accuracy": np.linspace(0.2, 0.7, 12), "val_accuracy": np.linspace(0.2, 0.7, 12),
    "val_loss": np.linspace(2, 1, 12), "train_loss": np.linspace(2, 1, 12),
}  # fmt: skip
CONSTANT = recipe_of(schedule__name="constant")


def test_validation_that_still_rises_wants_twice_the_epochs() -> None:
    found = still_rising(course_of(recipe_of(training__epochs=12), **STRAIGHT))
    assert found is not None
    assert "rose by 13.64 points over the last 3 epochs, to 70.00 %" in found.sentence
    assert str(found.remedies[0]) == "--epochs 24"


def test_a_rise_within_the_doubt_is_none() -> None:
    assert still_rising(course_of(**STRAIGHT, n_validation=20)) is None
    assert still_rising(course_of()) is None


def test_a_jumping_validation_at_a_constant_rate_wants_a_falling_one() -> None:
    jumps = np.array(UP) - np.array([0, 0.1] * 6)
    found = restless(course_of(CONSTANT, val_accuracy=jumps))
    assert found is not None
    assert [str(r) for r in found.remedies] == ["--schedule cosine", "--learning-rate 0.0002"]
    assert restless(course_of(recipe_of(), val_accuracy=jumps)) is None
    assert restless(course_of(CONSTANT, val_accuracy=np.array(UP))) is None


def test_an_early_best_epoch_would_have_saved_minutes() -> None:
    best_at_six = [*UP[:6], *[UP[4]] * 34]
    long = {name: [*UP[:6], *[0.94] * 34] for name in ("train_accuracy",)}
    curves = {**long, "val_accuracy": best_at_six, "train_loss": [1.0] * 40, "val_loss": [1.0] * 40}
    found = long_past_its_best(course_of(CONSTANT, **curves, chosen_epoch=6))
    assert found is not None
    assert "Epoch 6 of 40 was the best" in found.sentence
    assert "would have saved 4 min 50 s" in found.sentence  # all after epoch 11, ten seconds each
    assert str(found.remedies[0]) == "--early-stopping 5"
    assert long_past_its_best(course_of(CONSTANT, 0.1, **curves, chosen_epoch=6)) is None


def test_patience_outlasts_the_longest_wait_before_the_best() -> None:
    waiting = [0.5, *[0.4] * 8, 0.9, *[0.8] * 30]
    curves = dict.fromkeys(("val_accuracy", "train_accuracy"), waiting)
    curves |= {"train_loss": [1.0] * 40, "val_loss": [1.0] * 40}
    found = long_past_its_best(course_of(CONSTANT, **curves, chosen_epoch=10))
    assert found is not None
    assert str(found.remedies[0]) == "--early-stopping 10"


def test_a_plan_that_ends_on_level_ground_is_left_alone() -> None:
    # As measured: simple-cnn on digits, the best of 40 epochs by a picture or two was the 13th.
    level = [*UP[:6], *[UP[5] - 0.005] * 34]
    curves = dict.fromkeys(("val_accuracy", "train_accuracy"), level)
    curves |= {"train_loss": [1.0] * 40, "val_loss": [1.0] * 40, "chosen_epoch": 6}
    assert long_past_its_best(course_of(recipe_of(), **curves)) is None
    assert long_past_its_best(course_of(CONSTANT, **curves)) is not None
    curves["val_accuracy"] = [*UP[:6], *[UP[5] - 0.1] * 34]
    found = long_past_its_best(course_of(recipe_of(), **curves))
    assert found is not None
    assert [str(r) for r in found.remedies] == ["--early-stopping 5"]
