"""Confident learning finds planted label errors, and says about how many there are."""

from __future__ import annotations

import numpy as np

from smalti.evaluation.confident import joint_counts, suspect


def noisy(n: int, classes: int, share: float, sure: float) -> tuple[np.ndarray, ...]:
    """Return probabilities of a judge that is usually right, labels, and who is mislabelled."""
    random = np.random.default_rng(0)
    truth = np.arange(n) % classes
    logits = random.normal(0, 1, (n, classes))
    logits[np.arange(n), truth] += sure
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = random.choice(n, round(share * n), replace=False)
    labels = truth.copy()
    labels[wrong] = (labels[wrong] + random.integers(1, classes, len(wrong))) % classes
    return probabilities, labels, np.isin(np.arange(n), wrong)


def test_planted_errors_come_first_and_their_number_is_estimated() -> None:
    probabilities, labels, wrong = noisy(4000, 5, 0.05, 6)
    found = suspect(probabilities, labels)
    assert wrong[found.ranking[:200]].mean() > 0.95
    assert abs(found.estimated - 200) < 40
    assert wrong[found.likely].mean() > 0.9
    truth = (np.arange(4000) % 5)[wrong]
    assert (found.suggested[wrong] == truth).mean() > 0.95


def test_right_labels_of_a_sure_judge_are_not_blamed() -> None:
    probabilities, labels, _ = noisy(1000, 3, 0.0, 12)
    found = suspect(probabilities, labels)
    assert found.estimated == 0
    assert not found.likely.any()


def test_the_joint_counts_by_hand() -> None:
    # Class 0 is sure on average by 0.7, class 1 by 0.8: the third picture of class 0 counts for 1.
    probabilities = np.array([[0.9, 0.1], [1.0, 0.0], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
    labels = np.array([0, 0, 0, 1, 1])
    joint = joint_counts(probabilities, labels)
    assert np.allclose(joint, [[2, 1], [0, 2]])
    found = suspect(probabilities, labels)
    assert found.ranking[0] == 2
    assert found.likely.tolist() == [False, False, True, False, False]


def test_a_class_without_pictures_is_no_reason_for_blame() -> None:
    probabilities, labels, _ = noisy(600, 3, 0.05, 6)
    with_empty = np.concatenate([probabilities, np.zeros((600, 1))], axis=1)
    found = suspect(with_empty, labels)
    assert np.isfinite(found.joint).all()
    assert not (found.suggested == 3).any()
    assert np.array_equal(found.likely, suspect(probabilities, labels).likely)
