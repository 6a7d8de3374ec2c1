"""The learning rate from the curves: the loss grew, stood still, crawled, or all is well."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smalti.advice import learning_rate
from smalti.advice.judging import judge
from tests.advice.courses import DOWN, UP, course_of, recipe_of

GUESSING = [0.1] * 12
FLAT = [2.303] * 12


def test_a_healthy_course_says_nothing() -> None:
    assert judge(course_of()) == []
    assert learning_rate.early(course_of()) is None


@pytest.mark.parametrize("last", [40.0, math.inf, math.nan])
def test_a_loss_that_explodes_is_a_rate_too_high(last: float) -> None:
    [found] = judge(course_of(train_loss=[*DOWN[:11], last]))
    assert found.cause == "The learning rate is too high"
    assert [str(remedy) for remedy in found.remedies] == ["--learning-rate 0.0002"]


def test_a_loss_that_leapt_and_left_the_network_poor_is_a_rate_too_high() -> None:
    # As measured: dense on shapes with sgd at 1.
    loss = [2e8, 3e19, 2e23, 3e23, 1.09]
    poor = {"train_accuracy": [0.61, 0.44, 0.42, 0.41, 0.28], "n_classes": 3}
    [found] = judge(course_of(train_loss=loss, **poor))
    assert "leapt to 3e+23 in epoch 4" in found.sentence
    good = {"train_accuracy": [0.61, 0.7, 0.8, 0.9, 0.95], "n_classes": 3}
    recovered = course_of(train_loss=[10.7, 64.7, 18.0, 0.6, 0.01], **good)
    assert learning_rate.came_apart(recovered) is None


def test_a_network_that_falls_back_to_guessing_is_a_rate_too_high() -> None:
    # As measured: dense on digits with adamw at 0.5.
    recipe = recipe_of("dense", optimizer__learning_rate=0.5)
    accuracy = [0.444, 0.103, 0.087, 0.109, 0.101, 0.091, 0.09, 0.093]
    loss = [2.78, 2.41, 2.37, 2.33, 2.34, 2.34, 2.33, 2.31]
    [found] = judge(course_of(recipe, train_accuracy=accuracy, train_loss=loss))
    assert found.cause == "The learning rate is too high"
    assert "was 44.40 % in epoch 1 and fell back to 9.30 %" in found.sentence
    # A tenth would still be above what adamw bears.
    assert str(found.remedies[0]) == "--learning-rate 0.01"


def test_a_network_that_has_just_left_guessing_has_not_fallen_back() -> None:
    rising = [0.10, 0.154, 0.18]
    assert learning_rate.fell_back(course_of(train_accuracy=rising)) is None


def test_guessing_after_a_leap_of_the_loss_is_a_rate_too_high() -> None:
    recipe = recipe_of(optimizer__name="muon", optimizer__learning_rate=1.0)
    loss = [9.0, 4.4, 2.6, 2.4, *FLAT[:8]]
    [found] = judge(course_of(recipe, train_accuracy=GUESSING, train_loss=loss))
    assert found.cause == "The learning rate is too high"
    assert str(found.remedies[0]) == "--learning-rate 0.01"


def test_guessing_with_a_loss_that_crawls_is_a_rate_too_low() -> None:
    recipe = recipe_of(optimizer__learning_rate=1e-6)
    loss = np.linspace(2.315, 2.311, 12)
    [found] = judge(course_of(recipe, train_accuracy=GUESSING, train_loss=loss))
    assert found.cause == "The learning rate is too low"
    assert "the loss fell only from 2.315 to 2.311 in 12 epochs" in found.sentence
    assert str(found.remedies[0]) == "--learning-rate 0.0003"


def test_guessing_with_a_loss_that_stands_still_at_a_usual_rate_names_labels_too() -> None:
    recipe = recipe_of(optimizer__learning_rate=1e-3, data__source="my pictures")
    loss = [2.303, 2.304, 2.302] * 4
    [found] = judge(course_of(recipe, train_accuracy=GUESSING, train_loss=loss))
    assert found.cause == "Nothing was learned"
    assert "smalti doctor 'my pictures'" in found.advice
    assert [str(remedy) for remedy in found.remedies] == [
        "--learning-rate 0.0001", "--learning-rate 0.01",
    ]  # fmt: skip


def test_guessing_is_the_share_of_the_largest_class() -> None:
    stuck = {"train_accuracy": [0.905] * 12, "train_loss": [0.33] * 12, "n_classes": 2}
    assert judge(course_of(**stuck, largest_class=0.9))[0].cause == "Nothing was learned"
    assert judge(course_of(**stuck, largest_class=0.5)) == []


def test_a_steady_crawl_above_guessing_at_a_low_rate_wants_a_higher_one() -> None:
    # As measured: dense on digits with adamw at 3e-5, 46 % after ten epochs.
    course = {
        "train_accuracy": np.linspace(0.1, 0.46, 10), "train_loss": np.linspace(2.31, 2.17, 10),
        "val_accuracy": np.linspace(0.1, 0.45, 10), "val_loss": np.linspace(2.31, 2.17, 10),
    }  # fmt: skip
    [found] = judge(course_of(recipe_of(optimizer__learning_rate=3e-5), **course))
    assert found.cause == "The learning rate is too low"
    causes = [found.cause for found in judge(course_of(recipe_of(), **course))]
    assert "Still learning at the end" in causes


def test_early_waits_for_steps_and_for_the_warm_up() -> None:
    recipe = recipe_of(optimizer__learning_rate=1e-6)
    crawl = {"train_accuracy": [0.1] * 2, "train_loss": [2.31, 2.309]}
    assert learning_rate.early(course_of(recipe, **crawl)) is not None
    assert learning_rate.early(course_of(recipe, **crawl, n_train=100)) is None
    warm = recipe_of(optimizer__learning_rate=1e-6, schedule__warmup=2)
    assert learning_rate.early(course_of(warm, **crawl)) is None


def test_two_epochs_of_few_steps_are_no_verdict() -> None:
    two = {"train_accuracy": GUESSING[:2], "train_loss": FLAT[:2]}
    assert judge(course_of(**two, n_train=100)) == []
    assert UP[0] < 0.5


def test_three_times_guessing_among_a_hundred_classes_is_learning() -> None:
    columns = {
        "train_accuracy": [0.045, 0.088], "val_accuracy": [0.118, 0.196],
        "train_loss": [4.22, 3.93], "val_loss": [3.9, 3.5],
    }  # fmt: skip
    assert judge(course_of(n_classes=100, **columns)) == []


def test_a_loss_that_a_teacher_adds_to_is_not_measured_by_guessing() -> None:
    columns = {"train_loss": [9.2, 6.1, 4.9], "train_accuracy": [0.2, 0.35, 0.45]}
    taught = recipe_of(training__teacher="runs/teacher")
    assert learning_rate.came_apart(course_of(taught, **columns)) is None
    assert learning_rate.came_apart(course_of(**columns)) is not None
