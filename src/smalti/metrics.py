"""Numbers from arrays, NumPy only: what a classifier's outputs are worth, with intervals.

Logits are float arrays N×K (any unnormalised log-probabilities), labels integers N in 0..K-1.
All results are fractions, not percent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

Z_95 = 1.959963984540054
"""Quantile of the normal distribution for a two-sided 95 % interval."""


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities N×K (float64) whose rows sum to 1."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of rows whose largest logit is at the label."""
    return float(np.mean(logits.argmax(axis=1) == labels))


def top_k_accuracy(logits: np.ndarray, labels: np.ndarray, k: int = 5) -> float:
    """Return the fraction of rows whose label is among the ``k`` largest logits."""
    best = np.argpartition(-logits, min(k, logits.shape[1]) - 1, axis=1)[:, :k]
    return float(np.mean((best == labels[:, None]).any(axis=1)))


def log_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean cross-entropy in nats."""
    logits = logits.astype(np.float64)
    largest = logits.max(axis=1)
    log_sum = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    return float(np.mean(log_sum - logits[np.arange(len(labels)), labels]))


def wilson_interval(fraction: float, n: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval for a fraction observed in ``n`` independent trials.

    It stays inside 0..1 and is good near the ends, where the usual ``p ± z·sd`` is not.
    Source: E. B. Wilson, Probable inference, JASA 22 (1927). ``n`` = 0 gives (0, 1).
    """
    if n <= 0:
        return 0.0, 1.0
    centre = (fraction + z * z / (2 * n)) / (1 + z * z / n)
    spread = fraction * (1 - fraction) / n + z * z / (4 * n * n)
    half = z / (1 + z * z / n) * math.sqrt(spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_interval(scores: np.ndarray, z: float = Z_95) -> tuple[float, float]:
    """Return the 95 % interval of the mean of scores (N, each from 0 to 1) of independent pictures.

    Wilson's interval for as many trials as have the variance of this mean: a score that says more
    than one answer, as a share of several, counts for more than one. Without any variance it is
    that of N trials.
    """
    n, mean = len(scores), float(np.mean(scores)) if len(scores) else 0.0
    variance = float(np.var(scores, ddof=1)) if n > 1 else 0.0
    trials = n * mean * (1 - mean) / variance if variance > 0 else n
    return wilson_interval(mean, max(n, round(trials)) if n else 0, z)


def confusion_matrix(predicted: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return counts K×K (int64): rows are true classes, columns predicted ones."""
    pairs = labels.astype(np.int64) * n_classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def most_confused(confusion: np.ndarray, limit: int = 10) -> list[tuple[int, int]]:
    """Return the pairs (true class, predicted class) with most mistakes, most first."""
    mistakes = confusion.copy()
    np.fill_diagonal(mistakes, 0)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:limit]
    pairs = [divmod(int(place), len(confusion)) for place in order]
    return [pair for pair in pairs if mistakes[pair]]


@dataclass(frozen=True)
class ClassScores:
    """Per class (arrays of length K): precision, recall, F1 and support (true pictures).

    Where a class was never predicted, or never occurs, the undefined ratio is 0, as in
    scikit-learn's ``zero_division=0``.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


def per_class(confusion: np.ndarray) -> ClassScores:
    """Return precision, recall, F1 and support of each class from a confusion matrix."""
    hits = np.diag(confusion).astype(np.float64)
    predicted, support = confusion.sum(axis=0), confusion.sum(axis=1)
    precision = _ratio(hits, predicted)
    recall = _ratio(hits, support)
    return ClassScores(
        precision, recall, _ratio(2 * precision * recall, precision + recall), support
    )


def expected_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy over equal-width confidence bins.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017 (15 bins).
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    gaps = np.bincount(place, weights=confidence - correct, minlength=bins)
    return float(np.abs(gaps).sum() / max(1, counts.sum()))


def mean_and_deviation(values: list[float] | np.ndarray) -> tuple[float, float]:
    """Return the mean and the standard deviation over seeds (n-1); one value deviates by nan."""
    array = np.asarray(values, dtype=np.float64)
    return float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else math.nan


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    numerator = np.asarray(numerator, dtype=np.float64)
    return np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator > 0)
