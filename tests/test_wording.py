"""Numbers are said in one style."""

from __future__ import annotations

import math

import pytest

from smalti import wording


@pytest.mark.parametrize(
    ("fraction", "said"),
    [(0.97222, "97.22 %"), (1, "100.00 %"), (0, "0.00 %"), (None, "–"), (math.nan, "–")],
)
def test_percent_has_two_decimals_and_a_space(fraction: float | None, said: str) -> None:
    assert wording.percent(fraction) == said


def test_percent_takes_other_decimals() -> None:
    assert wording.percent(0.9987, decimals=1) == "99.9 %"


def test_accuracy_carries_interval_and_n() -> None:
    said = wording.accuracy_with_interval(0.97222, 0.94961, 0.98483, 360)
    assert said == "97.22 % (95 % interval 94.96–98.48, n = 360)"


def test_large_n_has_commas() -> None:
    assert wording.accuracy_with_interval(0.5, 0.49, 0.51, 10_000).endswith("n = 10,000)")


def test_mean_and_spread_over_seeds() -> None:
    assert wording.mean_and_spread(0.83123, 0.00211, 3) == "83.12 ± 0.21 % (mean ± sd, 3 seeds)"


def test_one_seed_has_no_spread() -> None:
    assert wording.mean_and_spread(0.83123, math.nan, 1) == "83.12 % (1 seed)"


@pytest.mark.parametrize(("number", "said"), [(0, "0"), (999, "999"), (1_234_567, "1,234,567")])
def test_count(number: int, said: str) -> None:
    assert wording.count(number) == said


def test_plural() -> None:
    assert wording.plural(1, "epoch") == "1 epoch"
    assert wording.plural(1200, "epoch") == "1,200 epochs"
    assert wording.plural(2, "class", "classes") == "2 classes"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.84, "0.8 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.7, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.9, "1 h 00 min"),
        (7620, "2 h 07 min"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_duration(seconds: float | None, said: str) -> None:
    assert wording.duration(seconds) == said
