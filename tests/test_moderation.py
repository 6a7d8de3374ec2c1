"""Simulation, and the properties that its paper states."""

import math

import numpy as np
import pytest
from scipy.special import polygamma

from smalti.moderation import _inverse_trigamma, _prior, moderated


@pytest.mark.parametrize("x", [0.01, 0.3, 1.0, 7.0, 400.0])
def test_the_inverse_of_trigamma_is_that(x):
    assert _inverse_trigamma(float(polygamma(1, x))) == pytest.approx(x, rel=1e-6)


def test_it_finds_the_distribution_that_variances_were_drawn_from():
    random = np.random.default_rng(0)
    rows, weight, middle, degrees = 4000, 6.0, 0.04, 2
    truths = weight * middle / random.chisquare(weight, rows)
    seen = truths * random.chisquare(degrees, rows) / degrees
    found, found_weight = _prior(seen, np.full(rows, float(degrees)))
    assert found == pytest.approx(middle, rel=0.05)
    assert found_weight == pytest.approx(weight, rel=0.15)


def test_equal_rows_are_known_as_well_as_sharing_one_allows():
    random = np.random.default_rng(1)
    seen = 0.01 * random.chisquare(2, 500) / 2
    corrected, freedom = zip(*moderated(list(seen), [2] * 500), strict=True)
    assert min(freedom) > 7
    assert max(freedom) <= 8
    assert min(corrected) > 0.008
    assert all(new >= old for new, old in zip(corrected, seen, strict=True))


def test_two_rows_are_no_crowd():
    (_, freedom), _ = moderated([0.01, 0.012], [2, 2])
    assert freedom == 4


def test_rows_that_have_nothing_in_common_are_left_nearly_alone():
    random = np.random.default_rng(2)
    seen = np.exp(random.normal(0, 6, 200))
    for (new, freedom), old in zip(moderated(list(seen), [4] * 200), seen, strict=True):
        assert freedom < 4.5
        assert old <= new < old + 1.2 * float(np.median(seen))


def test_one_row_and_rows_without_any_deviation_are_as_they_are():
    assert moderated([0.5], [2]) == [(0.5, 2.0)]
    assert moderated([0.0, 0.0], [2, 3]) == [(0.0, 2.0), (0.0, 3.0)]
    assert moderated([], []) == []


def test_a_row_that_did_not_vary_is_believed_to_vary_like_the_others():
    (still, _), *_ = moderated([0.0, 0.01, 0.02, 0.015], [2] * 4)
    assert 0.0 < still < 0.02
    assert math.isfinite(still)
