"""Known values, other people's implementations, and simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from smalti.significance import (
    Difference,
    detectable,
    holm,
    mcnemar,
    paired_difference,
    paired_differences,
    paired_proportions,
    power,
    seeds_needed,
)


def trained(random, seeds, n, *, seed_sd=0.0, picture_sd=0.0, better=0.0):
    """Return right or wrong, seeds × pictures, of two recipes that pictures are as hard for."""
    hard = random.normal(1.5, 1.6, n)
    results = []
    for gain in (better, 0.0):
        own = hard + gain + random.normal(0, picture_sd, n)
        own = own + random.normal(0, seed_sd, (seeds, 1)) + random.normal(0, 0.7, (seeds, n))
        results.append(own > 0)
    return results


@pytest.mark.parametrize(("one", "other"), [(0, 0), (1, 0), (3, 12), (10, 10), (5, 40), (121, 59)])
def test_mcnemar_is_the_binomial_test_of_the_discordant_pairs(one, other):
    expected = stats.binomtest(one, one + other).pvalue if one + other else 1.0
    assert mcnemar(one, other) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(other, one) == mcnemar(one, other)


def test_mcnemar_on_a_table_worked_by_hand():
    # 2 * (1 + 8 + 28) / 2**8
    assert mcnemar(2, 6) == pytest.approx(74 / 256)


def test_the_interval_of_paired_proportions_holds_its_level():
    random = np.random.default_rng(0)
    n, shares = 300, (0.10, 0.06)
    drawn = random.multinomial(n, (*shares, 1 - sum(shares)), size=3000)
    truth = shares[0] - shares[1]
    intervals = [paired_proportions(a, b, n) for a, b, _ in drawn]
    held = [low <= truth <= high for low, high in intervals]
    assert 0.935 <= np.mean(held) <= 0.97


def test_an_interval_without_a_discordant_pair_is_not_empty():
    low, high = paired_proportions(0, 0, 100)
    assert low == pytest.approx(-high)
    assert 0.02 < high < 0.05


def test_holm_is_that_of_his_paper():
    # The example of R's p.adjust documentation style: smallest times n, then n-1, never falling.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
    assert holm([0.02]) == [0.02]


def test_where_pictures_add_nothing_it_is_the_paired_t_test():
    random = np.random.default_rng(3)
    # Whole seeds are better or worse, on pictures that fall at random.
    gains = np.array([0.02, -0.01, 0.03, 0.0, 0.04, 0.01])
    one = random.random((6, 4000)) < 0.80 + gains[:, None]
    other = random.random((6, 4000)) < 0.80
    found = paired_difference(one, other)
    test = stats.ttest_rel(one.mean(axis=1), other.mean(axis=1))
    interval = test.confidence_interval()
    assert found.p == pytest.approx(test.pvalue, rel=0.05)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=5e-4)
    assert found.seed_sd == pytest.approx((one.mean(1) - other.mean(1)).std(ddof=1))


def test_interval_and_p_value_agree_about_zero():
    random = np.random.default_rng(5)
    seen = set()
    for _ in range(60):
        one, other = trained(random, 3, 300, seed_sd=0.05, picture_sd=0.3, better=0.15)
        found = paired_difference(one, other)
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)
        assert found.low <= found.mean <= found.high
        seen.add(found.p < 0.05)
    assert seen == {True, False}


def test_seeds_that_agree_by_chance_are_no_proof():
    one, other = np.zeros((3, 300), dtype=bool), np.zeros((3, 300), dtype=bool)
    for seed in range(3):  # each seed is better on one picture, always another one
        one[seed, seed] = True
    found = paired_difference(one, other)
    assert found.mean == pytest.approx(1 / 300)
    assert found.p > 0.05
    assert found.low < 0 < found.high


@pytest.mark.parametrize("seeds", [2, 3, 6])
@pytest.mark.parametrize(("seed_sd", "picture_sd"), [(0.0, 0.0), (0.15, 0.0), (0.1, 0.5)])
def test_nothing_is_found_more_often_than_one_time_in_twenty(seeds, seed_sd, picture_sd):
    random = np.random.default_rng(seeds)
    found = [
        paired_difference(*trained(random, seeds, 400, seed_sd=seed_sd, picture_sd=picture_sd))
        for _ in range(600)
    ]
    share = np.mean([difference.p < 0.05 for difference in found])
    # The standard error of a share of 5 % in 600 trials is 0.9 points.
    assert share <= 0.075
    if seed_sd == 0.15:
        assert share >= 0.02


def test_a_whole_table_of_nothing_keeps_five_percent():
    random = np.random.default_rng(11)
    tables, false = 250, 0
    for _ in range(tables):
        hard = random.normal(1.5, 1.6, 300)
        base, *rows = (
            hard + random.normal(0, 0.15, (3, 1)) + random.normal(0, 0.7, (3, 300)) > 0
            for _ in range(6)
        )
        found = paired_differences([(row, base) for row in rows])
        false += min(holm([difference.p for difference in found])) < 0.05
    assert false / tables <= 0.08


@pytest.mark.parametrize("sds", [(0.15, 0.15, 0.15, 0.15), (0.1, 0.1, 0.1, 0.5)])
def test_rows_that_correct_each_other_keep_their_level(sds):
    """Not where all vary alike, and not where one varies five times as much."""
    random = np.random.default_rng(12)
    shares = []
    for _ in range(250):
        hard = random.normal(1.5, 1.6, 300)
        base, *rows = (
            hard + random.normal(0, sd, (3, 1)) + random.normal(0, 0.7, (3, 300)) > 0
            for sd in (0.15, *sds)
        )
        found = paired_differences([(row, base) for row in rows])
        shares.append(np.mean([difference.p < 0.05 for difference in found]))
    # Four rows that share the one they are compared with: a standard error of about 0.9 points.
    assert np.mean(shares) <= 0.075


def test_a_table_finds_what_a_row_by_itself_does_not():
    random = np.random.default_rng(13)
    alone = together = 0
    for _ in range(60):
        hard = random.normal(1.5, 1.6, 1000)
        base, *rows = (
            hard + gain + random.normal(0, 0.1, (3, 1)) + random.normal(0, 0.7, (3, 1000)) > 0
            for gain in (0, 0.3, 0.3, 0.3, 0.3)
        )
        together += sum(d.p < 0.05 for d in paired_differences([(row, base) for row in rows]))
        alone += sum(paired_difference(row, base).p < 0.05 for row in rows)
    assert together > 1.2 * alone


def test_a_row_of_one_seed_among_others_speaks_of_its_pictures():
    one, other = trained(np.random.default_rng(14), 3, 200, seed_sd=0.1)
    found = paired_differences([(one, other), (other[:1], one[:1]), (one, other)])
    assert found[1] == paired_difference(other[:1], one[:1])
    assert found[0].degrees > 2


def test_one_seed_speaks_of_its_pictures_only():
    random = np.random.default_rng(7)
    same = [paired_difference(*trained(random, 1, 400)).p < 0.05 for _ in range(400)]
    assert np.mean(same) <= 0.075
    found = paired_difference(*trained(random, 1, 400, better=1.0))
    assert (found.seeds, found.pictures, found.seed_sd) == (1, 400, None)
    assert found.p < 0.01


def test_a_real_difference_is_found():
    random = np.random.default_rng(2)
    found = [
        paired_difference(*trained(random, 5, 1000, seed_sd=0.02, better=0.4)).p < 0.05
        for _ in range(40)
    ]
    assert np.mean(found) > 0.9


def test_power_is_that_of_the_paired_t_test():
    measured = Difference(0, 0, 0, 1, 3, 5000, seed_sd=0.0028)
    for seeds in (2, 3, 9, 20):
        bound = stats.t.ppf(0.975, seeds - 1)
        expected = stats.nct.sf(bound, seeds - 1, 0.003 / (0.0028 / math.sqrt(seeds)))
        assert power(measured, 0.003, seeds) == pytest.approx(expected, abs=0.002)


def test_how_many_seeds_is_the_textbook_answer():
    measured = Difference(0, 0, 0, 1, 3, 5000, seed_sd=0.0028)
    assert seeds_needed(measured, 0.003) == 9  # G*Power: paired, d = 1.071, 80 %
    assert power(measured, detectable(measured, 3), 3) == pytest.approx(0.8, abs=0.01)


def test_pictures_bound_what_seeds_can_tell():
    measured = Difference(0, 0, 0, 1, 3, 500, seed_sd=0.002, picture_se=0.003)
    assert seeds_needed(measured, 0.003) is None
    assert seeds_needed(measured, 0.02) is not None
    assert detectable(measured, 1000) > 0.008
    assert power(Difference(0, 0, 0, 1, 1, 500), 0.1, 5) == 0.0


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="seeds × pictures"):
        paired_difference(np.ones((2, 3), dtype=bool), np.ones((2, 4), dtype=bool))
