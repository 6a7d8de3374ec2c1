"""What the curves say about over- and underfitting: one careful sentence and the field to change.

The thresholds are on the cautious side: a sentence that is wrong once is not read again.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from smalti.metrics import wilson_interval
from smalti.reporting.facts import Facts
from smalti.wording import percent, plural

_LOSS_RISE, _LOSS_RISE_NATS = 1.2, 0.03
"""Overfitting: validation loss ends this many times, and this far, above its lowest value."""

_GAP = 0.05
"""Overfitting: training accuracy is this far above validation accuracy."""

_LOW_ACCURACY = 0.8
"""Underfitting: the training accuracy itself ends below this."""


@dataclass(frozen=True)
class Diagnosis:
    """A ``verdict`` of a few words, the sentence behind it, the recipe fields to change."""

    verdict: str
    sentence: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Curves:
    """Finished epochs, lists of equal length; ``at`` is the position of the chosen epoch."""

    epochs: list[int]
    train_loss: list[float]
    train_accuracy: list[float]
    val_loss: list[float]
    val_accuracy: list[float]
    at: int
    doubt: float
    """Half the 95 % interval of the validation accuracy: smaller differences say nothing."""
    n_classes: int
    augmented: bool


def diagnose(facts: Facts) -> Diagnosis | None:
    """Return what the curves say, or None where there are none."""
    if not facts.history:
        return None
    curves = _curves(facts)
    for rule in _RULES:
        found = rule(curves)
        if found:
            return found
    return Diagnosis(
        "No clear sign of over- or underfitting",
        f"At the chosen epoch training accuracy is {percent(curves.train_accuracy[curves.at])}, "
        f"validation accuracy {percent(curves.val_accuracy[curves.at])}.",
    )


def _came_apart(curves: _Curves) -> Diagnosis | None:
    last, first = curves.train_loss[-1], curves.train_loss[0]
    if math.isfinite(last) and (math.isnan(first) or last <= 1.5 * first):
        return None
    return Diagnosis(
        "Training came apart",
        f"The training loss went from {first:.3g} to {last:.3g}: the steps are too large.",
        ("optimizer.learning_rate",),
    )


def _too_short(curves: _Curves) -> Diagnosis | None:
    if len(curves.epochs) >= 3:
        return None
    return Diagnosis(
        "Too short to judge",
        f"The curves of {plural(len(curves.epochs), 'epoch')} say nothing about over- or "
        "underfitting; train longer.",
        ("training.epochs",),
    )


def _guessing(curves: _Curves) -> Diagnosis | None:
    chance = 1 / curves.n_classes
    best = max(curves.train_accuracy)
    if best > chance + 0.1 * (1 - chance):
        return None
    return Diagnosis(
        "Hardly better than guessing",
        f"Training accuracy never passed {percent(best)} (guessing gives {percent(chance)}): "
        "try a learning rate ten times smaller, and one ten times larger.",
        ("optimizer.learning_rate",),
    )


def _no_validation(curves: _Curves) -> Diagnosis | None:
    if all(math.isfinite(value) for value in curves.val_accuracy):
        return None
    return Diagnosis(
        "Overfitting cannot be seen",
        "The run kept no validation pictures; a run with some shows how long to train.",
        ("data.validation",),
    )


def _loss_rises(curves: _Curves) -> Diagnosis | None:
    lowest = min(range(len(curves.epochs)), key=curves.val_loss.__getitem__)
    low, last = curves.val_loss[lowest], statistics.median(curves.val_loss[-3:])
    late = lowest > 0.8 * (len(curves.epochs) - 1)
    small = last < max(_LOSS_RISE * low, low + _LOSS_RISE_NATS)
    if late or small or curves.train_loss[-1] >= curves.train_loss[lowest]:
        return None
    return Diagnosis(
        "Overfitting",
        f"After epoch {curves.epochs[lowest]} validation loss rose from {low:.3g} to {last:.3g} "
        "while training loss went on falling: the network learns its pictures by heart.",
        _against_overfitting(curves),
    )


def _still_rising(curves: _Curves) -> Diagnosis | None:
    span = max(1, len(curves.epochs) // 4)
    gain = curves.val_accuracy[-1] - max(curves.val_accuracy[:-span])
    if gain <= curves.doubt or curves.val_loss[-1] > min(curves.val_loss):
        return None
    return Diagnosis(
        "Still learning at the end",
        f"Validation accuracy rose by {100 * gain:.2f} points over the last "
        f"{plural(span, 'epoch')}: more of them should help.",
        ("training.epochs",),
    )


def _gap(curves: _Curves) -> Diagnosis | None:
    train, val = curves.train_accuracy[curves.at], curves.val_accuracy[curves.at]
    if train - val < max(_GAP, 2 * curves.doubt):
        return None
    return Diagnosis(
        "Overfitting",
        f"At the chosen epoch training accuracy is {percent(train)}, validation accuracy "
        f"{percent(val)}: what holds for the training pictures does not hold for others.",
        _against_overfitting(curves),
    )


def _low(curves: _Curves) -> Diagnosis | None:
    train, val = curves.train_accuracy[curves.at], curves.val_accuracy[curves.at]
    if train >= _LOW_ACCURACY or train - val > curves.doubt:
        return None
    return Diagnosis(
        "Underfitting is likely",
        f"Even on its training pictures the network reaches only {percent(train)}: "
        "less dropout, weaker augmentation or a larger network has room to learn more.",
        ("model.dropout", "augmentation.policy", "model.name"),
    )


_RULES: tuple[Callable[[_Curves], Diagnosis | None], ...] = (
    _came_apart,
    _too_short,
    _guessing,
    _no_validation,
    _loss_rises,
    _still_rising,
    _gap,
    _low,
)


def _against_overfitting(curves: _Curves) -> tuple[str, ...]:
    if curves.augmented:
        return ("model.dropout", "optimizer.weight_decay")
    return ("augmentation.policy", "model.dropout")


def _curves(facts: Facts) -> _Curves:
    def column(key: str) -> list[float]:
        values = [row[key] for row in facts.history]
        return [math.nan if value is None else value for value in values]

    epochs = [int(value) for value in column("epoch")]
    at = epochs.index(facts.chosen_epoch) if facts.chosen_epoch in epochs else len(epochs) - 1
    val_accuracy = column("val_accuracy")
    n = int(facts.environment.section("data").number("validation") or 0)
    chosen = val_accuracy[at] if math.isfinite(val_accuracy[at]) else 0.5
    low, high = wilson_interval(chosen, n)
    policy = facts.config.section("augmentation").text("policy", "none")
    return _Curves(
        epochs=epochs,
        train_loss=column("train_loss"),
        train_accuracy=column("train_accuracy"),
        val_loss=column("val_loss"),
        val_accuracy=val_accuracy,
        at=at,
        doubt=(high - low) / 2,
        n_classes=max(2, len(facts.classifier.texts("class_names"))),
        augmented=policy != "none",
    )
