"""How sure it is: whether confidence is what it says, and what abstaining brings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti import conformal
from smalti.calibration import Calibration, reliability, risk_coverage
from smalti.metrics import expected_calibration_error, softmax, wilson_interval
from smalti.reporting.facts import Facts, Outputs
from smalti.reporting.plots.confidence import coverage_plot, reliability_plot
from smalti.reporting.section import Section


@dataclass(frozen=True)
class Row:
    """A threshold that validation gave for a wanted accuracy, and what it does on the part shown.

    ``accuracy`` is None where it leaves no answer.
    """

    wanted: float
    threshold: float
    coverage: float
    accuracy: float | None


@dataclass(frozen=True)
class SetRow:
    """What sets of a wanted coverage do on the part shown; ``single`` is the share of one class."""

    wanted: float
    coverage: float
    low: float
    high: float
    size: float
    single: float


def confidence(facts: Facts) -> Section:
    """Return reliability, accuracy against coverage, and thresholds for wanted accuracies."""
    title, outputs = "How sure it is", facts.judged
    if outputs is None:
        missing = "Whether it is as right as it is sure is drawn when the run is evaluated."
        return Section("confidence", title, missing=missing, command=facts.evaluate_command)
    found = facts.calibration
    temperature = found.temperature if found else 1.0
    before, after = softmax(outputs.logits), softmax(outputs.logits / temperature)
    sure, right = after.max(axis=1), outputs.logits.argmax(axis=1) == outputs.labels
    groups = [("as trained", reliability(before, outputs.labels), "train")] if found else []
    shown = "with its temperature" if found else "as trained"
    groups.append((shown, reliability(after, outputs.labels), "validation"))
    coverage, accuracy = risk_coverage(sure, right)
    mark = _kept(sure, right, found.abstain_below) if found else None
    plots = (
        reliability_plot(groups, "reliability"),
        coverage_plot(coverage, accuracy, mark, "coverage"),
    )
    values = {
        "part": outputs.part,
        "panels": [plot.inline for plot in plots],
        "calibration": found,
        "scores": facts.metrics.text("outputs") == "scores",
        "ece": expected_calibration_error(after, outputs.labels),
        "ece_before": expected_calibration_error(before, outputs.labels),
        "mark": mark,
        "rows": _rows(found, outputs, sure, right) if found else [],
        "sets": _sets(found, after, outputs.labels) if found and outputs.part == "test" else [],
        "missing_sets": _missing_sets(found) if found else [],
        "resume": facts.resume_command if facts.validated else "",
        "own": bool(facts.history),
    }
    return Section("confidence", title, values, plots)


def _rows(found: Calibration, outputs: Outputs, sure: np.ndarray, right: np.ndarray) -> list[Row]:
    rows = []
    for threshold in found.thresholds:
        kept = _kept(sure, right, threshold.confidence)
        coverage, accuracy = kept if kept else (0.0, None)
        rows.append(Row(threshold.wanted, threshold.confidence, coverage, accuracy))
    return rows


def _kept(sure: np.ndarray, right: np.ndarray, least: float) -> tuple[float, float] | None:
    """Return the share of answers at least so sure and how many of those are right."""
    kept = sure >= least
    return (float(kept.mean()), float(right[kept].mean())) if kept.any() else None


def _sets(found: Calibration, probabilities: np.ndarray, labels: np.ndarray) -> list[SetRow]:
    rows = []
    for wanted in conformal.SHOWN:
        least = found.conformal.get(conformal.key(wanted))
        if least is None:
            continue
        inside = conformal.sets(probabilities, least)
        held = float(inside[np.arange(len(labels)), labels].mean())
        sizes = inside.sum(axis=1)
        low, high = wilson_interval(held, len(labels))
        single = float((sizes == 1).mean())
        rows.append(SetRow(wanted, held, low, high, float(sizes.mean()), single))
    return rows


def _missing_sets(found: Calibration) -> list[tuple[float, int]]:
    """Return the coverages that validation was too small for, and the pictures they need."""
    return [
        (wanted, conformal.pictures_needed(wanted))
        for wanted in conformal.SHOWN
        if conformal.key(wanted) not in found.conformal
    ]
