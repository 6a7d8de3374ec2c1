import math

import numpy as np
import pytest
from sklearn import metrics as reference

from smalti import metrics


@pytest.fixture
def outputs():
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 500)
    logits = random.normal(size=(500, 4)).astype(np.float32)
    logits[np.arange(500), labels] += 1
    return logits, labels


def test_accuracy_loss_and_top_k_agree_with_scikit_learn(outputs):
    logits, labels = outputs
    probabilities = metrics.softmax(logits)
    predicted = logits.argmax(1)
    assert metrics.accuracy(logits, labels) == reference.accuracy_score(labels, predicted)
    assert metrics.log_loss(logits, labels) == pytest.approx(
        reference.log_loss(labels, probabilities), rel=1e-6
    )
    assert metrics.top_k_accuracy(logits, labels, 2) == pytest.approx(
        reference.top_k_accuracy_score(labels, probabilities, k=2)
    )


def test_scores_of_classes_agree_with_scikit_learn(outputs):
    logits, labels = outputs
    predicted = logits.argmax(1)
    confusion = metrics.confusion_matrix(predicted, labels, 4)
    np.testing.assert_array_equal(confusion, reference.confusion_matrix(labels, predicted))
    scores = metrics.per_class(confusion)
    expected = reference.precision_recall_fscore_support(labels, predicted)
    found = (scores.precision, scores.recall, scores.f1, scores.support)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_a_class_that_never_occurs_scores_zero():
    scores = metrics.per_class(np.array([[3, 0], [0, 0]]))
    assert scores.precision.tolist() == [1.0, 0.0]
    assert scores.recall.tolist() == [1.0, 0.0]


def test_softmax_survives_large_logits():
    probabilities = metrics.softmax(np.array([[1e4, 0.0], [-1e4, 0.0]], np.float32))
    np.testing.assert_allclose(probabilities, [[1, 0], [0, 1]])


def test_wilson_interval_has_the_published_values():
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    for successes, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                                    (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]:  # fmt: skip
        found = metrics.wilson_interval(successes / n, n)
        assert found == pytest.approx((low, high), abs=5e-5)


def test_no_pictures_leave_everything_open():
    assert metrics.wilson_interval(0.0, 0) == (0.0, 1.0)


def test_calibration_error_of_a_known_case():
    # Confidence 0.75 in each of four pictures, half of them right: the gap is 0.25.
    probabilities = np.array([[0.75, 0.25]] * 4)
    error = metrics.expected_calibration_error(probabilities, np.array([0, 0, 1, 1]))
    assert error == pytest.approx(0.25)


def test_full_confidence_falls_into_the_last_bin():
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert metrics.expected_calibration_error(probabilities, np.array([0, 1])) == 0


def test_spread_is_the_standard_deviation_with_n_minus_1():
    mean, deviation = metrics.mean_and_deviation([0.9, 0.92, 0.94])
    assert (mean, deviation) == (pytest.approx(0.92), pytest.approx(0.02))
    assert math.isnan(metrics.mean_and_deviation([0.9])[1])


def test_the_most_confused_pairs_come_first_and_right_ones_never():
    confusion = np.array([[50, 3, 0], [8, 40, 3], [0, 0, 9]])
    assert metrics.most_confused(confusion) == [(1, 0), (0, 1), (1, 2)]
    assert metrics.most_confused(confusion, limit=1) == [(1, 0)]
    assert metrics.most_confused(np.diag([3, 4])) == []
