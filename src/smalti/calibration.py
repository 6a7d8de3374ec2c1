"""Probabilities that mean what they say, and when to leave the answer open: NumPy and SciPy only.

Fitted on validation when a training ends and stored beside the classifier. The temperature divides
the logits before the softmax: no answer changes, only how sure it is. Networks trained with label
smoothing are less sure than they are right, most others more. What the confidence is then good for
is to abstain: the less sure answers are the wrong ones far more often.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from smalti import conformal
from smalti.metrics import expected_calibration_error, log_loss, softmax, wilson_interval

WANTED = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Accuracies for which a threshold is looked for, where they are above that of all answers."""

FEWEST = 50
"""Answers that have to be left for an accuracy of theirs to be told."""

_RANGE = (0.05, 20.0)
"""In which temperatures are looked for; outside them something else is wrong."""


@dataclass(frozen=True)
class Threshold:
    """Answering only where the confidence is at least ``confidence``: how often, and how well.

    ``coverage`` is the share of pictures that get an answer, ``accuracy`` that of those answers
    with its 95 % interval; ``wanted`` is the accuracy that it was looked for. All by validation.
    """

    wanted: float
    confidence: float
    coverage: float
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """What validation says about a classifier's confidence; fractions, losses in nats.

    ``loss_before`` and ``ece_before`` (expected calibration error) are at temperature 1. Below
    ``abstain_below`` an answer is marked as unsure: ``marked`` is the share of such, and
    ``marked_accuracy`` how many of them are right all the same (None where there are none).
    ``conformal`` are the thresholds of sets of classes by coverage (:mod:`smalti.conformal`).
    """

    temperature: float
    n: int
    accuracy: float
    loss_before: float
    loss: float
    ece_before: float
    ece: float
    abstain_below: float
    marked: float
    marked_accuracy: float | None
    thresholds: tuple[Threshold, ...] = ()
    conformal: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def fit(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Return temperature and thresholds by the validation outputs, N×K and N; N at least 1."""
    temperature = fit_temperature(logits, labels)
    before, after = softmax(logits), softmax(logits / temperature)
    confidence, right = after.max(axis=1), after.argmax(axis=1) == labels
    accuracy = float(right.mean())
    least = _abstain_below(confidence, right)
    unsure = confidence < least
    found = (threshold_for(wanted, confidence, right) for wanted in WANTED if wanted > accuracy)
    return Calibration(
        temperature=temperature,
        n=len(labels),
        accuracy=accuracy,
        loss_before=log_loss(logits, labels),
        loss=log_loss(logits / temperature, labels),
        ece_before=expected_calibration_error(before, labels),
        ece=expected_calibration_error(after, labels),
        abstain_below=least,
        marked=float(unsure.mean()),
        marked_accuracy=float(right[unsure].mean()) if unsure.any() else None,
        thresholds=tuple(threshold for threshold in found if threshold is not None),
        conformal=conformal.fit(after, labels),
    )


def with_sets(found: Calibration, logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Return a calibration with thresholds for sets of classes, by the validation outputs."""
    probabilities = softmax(logits / found.temperature)
    return replace(found, conformal=conformal.fit(probabilities, labels))


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature at which the outputs' cross-entropy is least, from 0.05 to 20.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017. As in Platt's scaling
    (1999) one more picture is counted of which the answer was wrong: where every answer was right,
    the probabilities would else become 1.
    """
    from scipy.optimize import minimize_scalar

    logits = logits.astype(np.float64)
    n, classes = logits.shape
    own = logits[np.arange(n), labels]
    wrong = 1 / (n + 2)
    others = (logits.sum(axis=1) - own) / max(1, classes - 1)
    aimed = float(np.mean((1 - wrong) * own + wrong * others))

    def loss(log_temperature: float) -> float:
        scaled = logits / math.exp(log_temperature)
        largest = scaled.max(axis=1)
        sums = largest + np.log(np.exp(scaled - largest[:, None]).sum(axis=1))
        return float(sums.mean()) - aimed / math.exp(log_temperature)

    low, high = map(math.log, _RANGE)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    return math.exp(float(found.x))


@dataclass(frozen=True)
class Reliability:
    """Answers in groups of like confidence: means, shares of right ones with 95 % intervals."""

    confidence: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray
    counts: np.ndarray


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> Reliability:
    """Return the groups of a reliability diagram, equally wide; empty ones are left out.

    Source: DeGroot & Fienberg, The Comparison and Evaluation of Forecasters, 1983.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    there = counts > 0
    shares = np.bincount(place, weights=right, minlength=bins)[there] / counts[there]
    intervals = [
        wilson_interval(float(s), int(n)) for s, n in zip(shares, counts[there], strict=True)
    ]
    low, high = np.array(intervals).reshape(-1, 2).T
    means = np.bincount(place, weights=confidence, minlength=bins)[there] / counts[there]
    return Reliability(means, shares, low, high, counts[there])


def risk_coverage(confidence: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coverages 1/N … 1 and the accuracy of the answers that each leaves, surest first.

    Source: El-Yaniv & Wiener, On the Foundations of Noise-free Selective Classification, 2010.
    """
    order = np.argsort(-confidence, kind="stable")
    kept = np.arange(1, len(right) + 1)
    return kept / len(right), np.cumsum(right[order]) / kept


def threshold_for(wanted: float, confidence: np.ndarray, right: np.ndarray) -> Threshold | None:
    """Return the threshold that answers most often with at least this accuracy, None for none.

    At least :data:`FEWEST` answers are left, or all where there are fewer.
    """
    coverage, accuracy = risk_coverage(confidence, right)
    sure = -np.sort(-confidence)
    # A threshold takes all of equal confidence or none of them.
    whole = np.append(sure[1:] < sure[:-1], True)
    enough = np.arange(1, len(right) + 1) >= min(FEWEST, len(right))
    places = np.flatnonzero(whole & enough & (accuracy >= wanted))
    if not len(places):
        return None
    last = int(places[-1])
    low, high = wilson_interval(float(accuracy[last]), last + 1)
    reached = float(accuracy[last])
    return Threshold(wanted, float(sure[last]), float(coverage[last]), reached, low, high)


def _abstain_below(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the confidence from which on answers are wrong half as often as all of them.

    Where none was wrong it is the least confidence there was: a picture that is less sure than any
    of validation is not like those.
    """
    errors = 1 - float(right.mean())
    found = threshold_for(1 - errors / 2, confidence, right) if errors else None
    return found.confidence if found else float(confidence.min())


def read(content: Mapping[str, Any]) -> Calibration:
    """Return a calibration from JSON.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: something is missing or is no number in
            its range.
    """
    thresholds = tuple(Threshold(**entry) for entry in content["thresholds"])
    names = Calibration.__dataclass_fields__
    values = {name: content[name] for name in names if name not in ("thresholds", "conformal")}
    sets = {str(key): float(least) for key, least in content.get("conformal", {}).items()}
    found = Calibration(**values, thresholds=thresholds, conformal=sets)
    if not (0 < float(found.temperature) < math.inf and 0 <= float(found.abstain_below) <= 1):
        raise ValueError("temperature or threshold out of range")
    if not all(0 <= least <= 1 for least in sets.values()):
        raise ValueError("threshold of sets out of range")
    return found
