"""Whether two ways of training differ: paired by seed and by picture, NumPy and SciPy only.

What is compared is ``d``, an array seeds × pictures of -1, 0 and 1: whether the one was right on a
picture where the other was wrong, trained with the same seed. Its mean is the difference of
accuracies, and it is uncertain for two reasons:

* **seeds**: other seeds would have trained other networks. With three seeds that is known from
  three numbers, so Student's t with few degrees of freedom says how little that is;
* **pictures**: other pictures would have been easier for the one or the other. All seeds are judged
  on the same pictures, so that more seeds do not make this smaller.

With two seeds or more the interval holds both, by the analysis of variance of a two-way crossed
design without repetition, seeds and pictures random. In a table the rows correct each other's
deviation over seeds (:mod:`smalti.moderation`). With one seed that is unknown: interval and test
are of pictures alone and say nothing about another seed. All results are fractions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.metrics import Z_95
from smalti.moderation import moderated

LEVEL = 0.05
"""What a difference is called at: the chance of calling one where there is none."""

POWER = 0.8
"""With how much certainty a difference that is there should be found, where seeds are planned."""

_QUANTILES = 200
_SMALLEST_P = 1e-12

MOST_SEEDS = 1000
"""Beyond this many nobody trains: more is told as impossible."""


@dataclass(frozen=True)
class Difference:
    """A mean difference of accuracies with its 95 % interval and p-value, before any correction.

    ``seed_sd`` is the standard deviation of the differences over seeds, None for one seed, and
    ``degrees`` from how many degrees of freedom it is known: seeds - 1, and more where the rows of
    a table correct each other. ``picture_se`` is the standard error that would be left with endless
    seeds.
    """

    mean: float
    low: float
    high: float
    p: float
    seeds: int
    pictures: int
    seed_sd: float | None = None
    picture_se: float = 0.0
    degrees: float = 0.0


def paired_differences(rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[Difference]:
    """Return for each row of a table how much more often it is right than the row they all face.

    Each is a pair as :func:`paired_difference` takes it, the second of the same way of training in
    all of them. The rows' deviations over seeds correct each other.
    """
    parts = [_parts(one, other) for one, other in rows]
    several = [place for place, part in enumerate(parts) if part.seeds > 1]
    variances = moderated(
        [parts[place].of_seeds for place in several], [parts[place].seeds - 1 for place in several]
    )
    known = dict(zip(several, variances, strict=True))
    return [
        _of_seeds(part, *known[place]) if place in known else _of_one_seed(one[0], other[0])
        for place, (part, (one, other)) in enumerate(zip(parts, rows, strict=True))
    ]


def paired_difference(one: np.ndarray, other: np.ndarray) -> Difference:
    """Return how much more often ``one`` is right than ``other``.

    Both are boolean seeds × pictures, right or not; row by row of the same seed, column by column
    of the same picture.

    Raises:
        ValueError: the two have not the same shape, or there is nothing in them.
    """
    return paired_differences([(one, other)])[0]


def mcnemar(only_one: int, only_other: int) -> float:
    """Return the exact two-sided p-value of McNemar's test from the two counts of discordant pairs.

    Under the null each picture that only one of the two gets right falls to either with one half:
    a binomial test. No such picture gives 1. Source: Q. McNemar, Psychometrika 12 (1947).
    """
    from scipy.special import bdtr

    discordant = only_one + only_other
    if discordant == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(only_one, only_other), discordant, 0.5)))


def paired_proportions(only_one: int, only_other: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a difference of two proportions over the same ``n`` pictures.

    Wald's, with one pair added to each discordant count, which holds its level for small counts
    too. Source: D. Bonett & R. Price, J. Educational and Behavioral Statistics 37 (2012).
    """
    one, other = (only_one + 1) / (n + 2), (only_other + 1) / (n + 2)
    half = Z_95 * math.sqrt((one + other - (one - other) ** 2) / (n + 2))
    return max(-1.0, one - other - half), min(1.0, one - other + half)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for how many there are, in the order given.

    The chance that any of them falls below 5 % where nothing differs is then at most 5 %, however
    they depend on each other. Source: S. Holm, Scandinavian J. of Statistics 6 (1979).
    """
    n = len(p_values)
    corrected, largest = [0.0] * n, 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        largest = max(largest, min(1.0, (n - rank) * float(p_values[place])))
        corrected[int(place)] = largest
    return corrected


def detectable(difference: Difference, seeds: int) -> float:
    """Return the true difference that so many paired seeds would find with a power of 80 %.

    On as many pictures as there were, by the measured deviations; found at 5 %, uncorrected.
    """
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if power(difference, middle, seeds) >= POWER else (middle, high)
    return high


def seeds_needed(difference: Difference, size: float) -> int | None:
    """Return how many paired seeds would find a true difference of this size, power 80 %.

    None where no number of seeds would: the pictures are too few.
    """
    if power(difference, size, MOST_SEEDS) < POWER:
        return None
    low, high = 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(difference, size, middle) >= POWER else (middle, high)
    return high


def power(difference: Difference, size: float, seeds: int) -> float:
    """Return the chance that a true difference of ``size`` is found with so many paired seeds.

    With the deviation over seeds and the error of pictures that were measured: the mean is normal,
    the deviation that so many seeds will measure has a chi-square distribution, whose degrees of
    freedom grow with the seeds from what they were. Without an error of pictures and by itself this
    is the power of the paired t-test (J. Cohen, Statistical Power Analysis, 1988).
    """
    from scipy.special import chdtri, ndtr, stdtrit

    if difference.seed_sd is None or seeds < 2:
        return 0.0
    of_seeds, of_pictures = difference.seed_sd**2 / seeds, difference.picture_se**2
    error = math.sqrt(of_seeds + of_pictures)
    if error == 0:
        return 1.0 if size > 0 else 0.0
    degrees = (seeds - 1) * max(1.0, difference.degrees / (difference.seeds - 1))
    places = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    measured = of_seeds * chdtri(degrees, places) / degrees
    quantile = float(stdtrit(degrees, 1 - LEVEL / 2))
    halves = np.sqrt(quantile**2 * measured + Z_95**2 * of_pictures)
    return float(np.mean(ndtr((size - halves) / error)))


def _of_one_seed(one: np.ndarray, other: np.ndarray) -> Difference:
    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    n = len(one)
    low, high = paired_proportions(only_one, only_other, n)
    mean = (only_one - only_other) / n
    return Difference(mean, low, high, mcnemar(only_one, only_other), 1, n)


@dataclass(frozen=True)
class _Parts:
    """A mean difference and its variances by the two-way analysis of variance.

    Of a mean over S seeds and N pictures: ``of_seeds``, for one seed, and ``of_pictures`` with
    endless seeds; ``at_least`` what pictures alone leave with these, and ``of_chance`` the part of
    ``of_seeds`` that is there even where seeds change nothing.
    """

    mean: float
    seeds: int
    pictures: int
    of_seeds: float = 0.0
    of_pictures: float = 0.0
    at_least: float = 0.0
    of_chance: float = 0.0


def _parts(one: np.ndarray, other: np.ndarray) -> _Parts:
    """Return the mean squares of S × N values as the variances of their mean.

    It varies by MS_seeds / (S N) and (MS_pictures - MS_rest) / (S N).
    """
    if one.shape != other.shape or one.ndim != 2 or not one.size:
        raise ValueError(f"expected two arrays seeds × pictures, got {one.shape}, {other.shape}")
    d = one.astype(np.float64) - other.astype(np.float64)
    (seeds, n), mean = d.shape, float(d.mean())
    if seeds == 1:
        return _Parts(mean, seeds, n)
    by_seed, by_picture = d.mean(axis=1), d.mean(axis=0)
    ms_pictures = seeds * float(by_picture.var(ddof=1)) if n > 1 else 0.0
    rest = d - by_seed[:, None] - by_picture[None, :] + mean
    ms_rest = float((rest**2).sum()) / ((seeds - 1) * (n - 1)) if n > 1 else 0.0
    return _Parts(
        mean=mean,
        seeds=seeds,
        pictures=n,
        of_seeds=float(by_seed.var(ddof=1)),
        of_pictures=max(0.0, ms_pictures - ms_rest) / d.size,
        at_least=ms_pictures / d.size,
        of_chance=ms_rest / n,
    )


def _of_seeds(parts: _Parts, variance: float, degrees: float) -> Difference:
    """Return the difference with the errors of seeds and of pictures put together.

    ``variance`` is that of one seed's difference, known from so many degrees of freedom. The
    half-widths of the two errors, by Student's t and by the normal distribution, are added as
    squares (Graybill & Wang, J. Am. Stat. Ass. 75, 1980). Where pictures add nothing this is the
    paired t-test over seeds. It is never narrower than what the pictures alone leave: three seeds
    that agree by chance are no proof.
    """
    mean, of_seeds = parts.mean, variance / parts.seeds
    ways = ((of_seeds, parts.of_pictures), (0.0, parts.at_least))
    half = max(_half_width(LEVEL, *way, degrees) for way in ways)
    return Difference(
        mean=mean,
        low=max(-1.0, mean - half),
        high=min(1.0, mean + half),
        p=max(_p_value(mean, *way, degrees) for way in ways),
        seeds=parts.seeds,
        pictures=parts.pictures,
        # Planning by three seeds that agree by chance would promise too much.
        seed_sd=math.sqrt(max(variance, parts.of_chance)),
        picture_se=math.sqrt(parts.of_pictures),
        degrees=degrees,
    )


def _half_width(level: float, of_seeds: float, of_pictures: float, degrees: float) -> float:
    """Return half the width of the interval at 1 - ``level`` from the two variances of a mean."""
    from scipy.special import ndtri, stdtrit

    t = float(stdtrit(degrees, 1 - level / 2)) if of_seeds else 0.0
    z = float(ndtri(1 - level / 2)) if of_pictures else 0.0
    return math.sqrt(t**2 * of_seeds + z**2 * of_pictures)


def _p_value(mean: float, of_seeds: float, of_pictures: float, degrees: float) -> float:
    """Return the level at which the interval of :func:`_half_width` just reaches zero."""
    if mean == 0:
        return 1.0
    if of_seeds == of_pictures == 0:
        return 0.0
    low, high = _SMALLEST_P, 1.0
    for _ in range(60):
        middle = math.sqrt(low * high)
        if _half_width(middle, of_seeds, of_pictures, degrees) > abs(mean):
            low = middle
        else:
            high = middle
    return high
