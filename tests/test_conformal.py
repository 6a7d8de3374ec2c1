"""Sets of classes: thresholds worked out by hand, and the coverage that they promise."""

import numpy as np
import pytest

from smalti import conformal
from smalti.metrics import softmax
from tests.test_calibration import honest


def two_classes(own):
    """Return probabilities whose true class, 0, has the given ones."""
    own = np.asarray(own, dtype=float)
    return np.stack([own, 1 - own], axis=1), np.zeros(len(own), dtype=int)


def test_the_threshold_keeps_as_many_as_the_finite_sample_correction_asks_for():
    found = conformal.fit(*two_classes(np.arange(1, 20) / 20))
    # 19 pictures: ceil(20 × 0.95) = 19 of them, and ceil(20 × 0.9) = 18.
    assert found["95"] == pytest.approx(0.05)
    assert found["90"] == pytest.approx(0.10)
    assert found["80"] == pytest.approx(0.20)


@pytest.mark.parametrize(("wanted", "needed"), [(0.9, 9), (0.95, 19), (0.99, 99), (0.999, 999)])
def test_a_coverage_that_needs_more_pictures_is_left_out(wanted, needed):
    assert conformal.pictures_needed(wanted) == needed
    own = np.linspace(0.1, 0.9, needed)
    assert conformal.key(wanted) in conformal.fit(*two_classes(own))
    assert conformal.key(wanted) not in conformal.fit(*two_classes(own[1:]))


def test_rounding_does_not_ask_for_one_picture_more():
    own = np.arange(1, 100) / 100  # (99 + 1) × 0.95 is 95.00000000000001 in floating point
    assert conformal.fit(*two_classes(own))["95"] == pytest.approx(own[-95])


def test_sets_are_never_empty_and_hold_what_is_likely_enough():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.97, 0.02, 0.01], [0.34, 0.33, 0.33]])
    inside = conformal.sets(probabilities, 0.3)
    assert inside.tolist() == [[True, True, False], [True, False, False], [True, True, True]]
    assert conformal.sets(probabilities, 0.99).sum(axis=1).tolist() == [1, 1, 1]


def test_a_coverage_in_between_takes_the_next_that_is_enough():
    fitted = {"90": 0.4, "95": 0.2}
    assert conformal.threshold(fitted, 0.9) == (0.9, 0.4)
    assert conformal.threshold(fitted, 0.913) == (0.95, 0.2)
    assert conformal.threshold(fitted, 0.96) is None
    assert conformal.threshold({"99.9": 0.1}, 99.9 / 100) == (0.999, 0.1)


@pytest.mark.parametrize("spoiled", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("classes", [2, 5, 100])
def test_other_pictures_are_covered_as_promised_however_wrong_the_probabilities(classes, spoiled):
    random = np.random.default_rng(classes)
    logits, labels = honest(6000, classes=classes)
    probabilities = softmax(logits * spoiled)
    covered = {wanted: [] for wanted in conformal.SHOWN}
    for _ in range(40):
        order = random.permutation(len(labels))
        seen, other = order[:500], order[500:]
        fitted = conformal.fit(probabilities[seen], labels[seen])
        for wanted, shares in covered.items():
            inside = conformal.sets(probabilities[other], fitted[conformal.key(wanted)])
            shares.append(inside[np.arange(len(other)), labels[other]].mean())
    for wanted, shares in covered.items():
        error = np.std(shares) / np.sqrt(len(shares))
        assert np.mean(shares) > wanted - 4 * error
        if classes > 2:  # with two the likeliest class alone may cover more than is wanted
            assert np.mean(shares) < wanted + 1 / 500 + 4 * error
