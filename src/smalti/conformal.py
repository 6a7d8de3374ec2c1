"""Sets of classes that hold the true one as often as is wanted: split conformal prediction.

A set holds the classes whose probability is at least a threshold (LAC: Sadinle, Lei & Wasserman,
Least Ambiguous Set-Valued Classifiers with Bounded Error Levels, JASA 2019). By n validation
pictures the threshold is such that the true class of another picture of their kind is in its set
with at least the wanted probability, however wrong the probabilities are: the true classes of
ceil((n + 1) · wanted) of them are inside (Vovk, Gammerman & Shafer 2005). Validation has chosen the
epoch and the temperature too, so that it is a little too good for that.

Sets that add probabilities up (APS: Romano, Sesia & Candès, NeurIPS 2020; RAPS: Angelopoulos et
al., ICLR 2021) cover hard pictures more evenly, but are larger, and need a random draw for each
picture. With few classes small sets are what makes one useful. NumPy only; results are fractions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

COVERAGES = (*(percent / 100 for percent in range(80, 100)), 0.995, 0.999)
"""Coverages for which thresholds are fitted."""

SHOWN = (0.9, 0.95, 0.99)
"""Those that an evaluation measures."""


def fit(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return the threshold of each coverage (its key in percent, ``"95"``) by calibration pictures.

    ``probabilities`` are N×K. A coverage that needs more pictures than there are is left out.
    """
    own = -np.sort(-probabilities[np.arange(len(labels)), labels])
    kept = {coverage: _kept(len(labels), coverage) for coverage in COVERAGES}
    return {key(coverage): float(own[k - 1]) for coverage, k in kept.items() if k <= len(own)}


def threshold(fitted: Mapping[str, float], wanted: float) -> tuple[float, float] | None:
    """Return the least fitted coverage that is at least ``wanted``, and its threshold.

    None where there is none.
    """
    # Rounded: 99.9 / 100 is a little more than 0.999 in floating point.
    least = round(wanted, 6)
    enough = [coverage for coverage in COVERAGES if coverage >= least and key(coverage) in fitted]
    return (enough[0], fitted[key(enough[0])]) if enough else None


def pictures_needed(coverage: float) -> int:
    """Return how many calibration pictures a coverage needs at least."""
    return math.ceil(round(coverage / (1 - coverage), 6))


def sets(probabilities: np.ndarray, least: float) -> np.ndarray:
    """Return which classes are in each picture's set, bool N×K.

    The likeliest always is: where more answers are right than is wanted, sets would else be empty,
    and that tells nobody anything. It only adds to the coverage.
    """
    found = probabilities >= least
    found[np.arange(len(found)), probabilities.argmax(axis=1)] = True
    return found


def key(coverage: float) -> str:
    """Return a coverage in percent, ``"95"``, ``"99.5"``."""
    return f"{100 * coverage:g}"


def _kept(n: int, coverage: float) -> int:
    # Rounded first: 0.95 × 100 is a little more than 95 in floating point.
    return math.ceil(round((n + 1) * coverage, 6))
