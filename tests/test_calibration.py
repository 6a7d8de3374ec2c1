"""Against known temperatures and thresholds worked out by hand."""

import json

import numpy as np
import pytest

from smalti import calibration
from smalti.metrics import softmax


def honest(n, classes=5, seed=0, scale=2.0):
    """Return logits whose softmax is the very chance that each class is the label, and labels."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, scale, (n, classes))
    chances = softmax(logits)
    labels = np.array([random.choice(classes, p=row) for row in chances])
    return logits, labels


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_it_finds_the_temperature_that_spoiled_honest_logits(temperature):
    logits, labels = honest(6000)
    assert calibration.fit_temperature(logits * temperature, labels) == pytest.approx(
        temperature, rel=0.05
    )


def test_it_lowers_loss_and_calibration_error_and_changes_no_answer():
    logits, labels = honest(4000)
    found = calibration.fit(logits * 0.25, labels)
    assert found.loss < found.loss_before
    assert found.ece < 0.03 < found.ece_before
    assert found.n == 4000
    assert found.accuracy == pytest.approx(np.mean(logits.argmax(1) == labels))


def test_where_every_answer_is_right_it_stays_short_of_certainty():
    random = np.random.default_rng(1)
    labels = random.integers(0, 4, 100)
    logits = np.eye(4)[labels] * 3 + random.normal(0, 0.3, (100, 4))
    assert (logits.argmax(1) == labels).all()
    found = calibration.fit(logits, labels)
    confidence = softmax(logits / found.temperature).max(1)
    # One more picture, answered wrongly, is what it counts with.
    assert 0.97 < confidence.mean() < 0.999
    assert found.abstain_below == pytest.approx(confidence.min())
    assert found.marked == 0
    assert found.marked_accuracy is None
    assert found.thresholds == ()


def test_a_reliability_diagram_of_two_groups():
    probabilities = np.array([[0.95, 0.05], [0.93, 0.07], [0.62, 0.38], [0.1, 0.9]])
    found = calibration.reliability(probabilities, np.array([0, 1, 0, 1]))
    assert found.confidence == pytest.approx([0.62, (0.95 + 0.93 + 0.9) / 3])
    assert found.accuracy == pytest.approx([1, 2 / 3])
    assert found.counts.tolist() == [1, 3]
    assert (found.low < found.accuracy).all()
    assert (found.high >= found.accuracy).all()


def test_risk_and_coverage_of_four_answers():
    confidence = np.array([0.9, 0.6, 0.8, 0.7])
    right = np.array([True, False, True, False])
    coverage, accuracy = calibration.risk_coverage(confidence, right)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert accuracy == pytest.approx([1, 1, 2 / 3, 0.5])


def test_the_threshold_answers_as_often_as_the_accuracy_allows():
    confidence = np.linspace(0.99, 0.5, 100)
    right = np.ones(100, dtype=bool)
    right[80:] = False
    found = calibration.threshold_for(0.98, confidence, right)
    assert found.coverage == pytest.approx(0.81)  # 80 of 81 are right
    assert found.accuracy == pytest.approx(80 / 81)
    assert found.low < found.accuracy < found.high
    assert (confidence >= found.confidence).sum() == 81
    assert calibration.threshold_for(0.75, confidence, right).coverage == 1.0


def test_equal_confidences_are_taken_together():
    confidence = np.array([0.9] * 60 + [0.5] * 60)
    right = np.array([True] * 60 + [True] * 30 + [False] * 30)
    found = calibration.threshold_for(0.9, confidence, right)
    assert found.coverage == 0.5
    assert found.confidence == 0.9


def test_no_threshold_by_a_handful_of_answers():
    confidence = np.linspace(0.9, 0.5, 400)
    right = np.zeros(400, dtype=bool)
    right[: calibration.FEWEST - 1] = True
    assert calibration.threshold_for(0.99, confidence, right) is None


def test_the_answers_that_are_not_marked_are_wrong_half_as_often():
    logits, labels = honest(8000, scale=3.0)
    found = calibration.fit(logits, labels)
    probabilities = softmax(logits / found.temperature)
    sure = probabilities.max(1) >= found.abstain_below
    errors = 1 - np.mean(logits.argmax(1) == labels)
    kept = np.mean(logits.argmax(1)[sure] != labels[sure])
    assert kept == pytest.approx(errors / 2, rel=0.05)
    assert found.marked == pytest.approx(1 - sure.mean())
    assert found.marked_accuracy < found.accuracy


def test_it_comes_back_from_json():
    found = calibration.fit(*honest(500))
    again = calibration.read(json.loads(json.dumps(found.to_dict())))
    assert again == found


@pytest.mark.parametrize(
    "change",
    [
        {"conformal": {"95": 2}},
        {"conformal": 3},
        {"temperature": 0},
        {"temperature": "warm"},
        {"abstain_below": 2},
        {"thresholds": 3},
    ],
)
def test_values_that_cannot_be_are_refused(change):
    content = calibration.fit(*honest(100)).to_dict() | change
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        calibration.read(content)


def test_older_files_without_thresholds_for_sets_get_them_from_the_outputs():
    logits, labels = honest(300)
    found = calibration.fit(logits, labels)
    content = {name: value for name, value in found.to_dict().items() if name != "conformal"}
    old = calibration.read(content)
    assert old.conformal == {}
    assert calibration.with_sets(old, logits, labels) == found


def test_one_picture_is_enough_not_to_fail():
    found = calibration.fit(np.array([[2.0, 1.0]]), np.array([0]))
    assert found.n == 1
    assert 0 < found.temperature < 21
