"""Rules about over- and underfitting."""

from __future__ import annotations

import math
import statistics

from smalti.advice.course import Course
from smalti.advice.finding import Finding
from smalti.advice.remedies import against_overfitting, larger_network, weaker_regularisation
from smalti.wording import percent

_LOSS_RISE, _LOSS_RISE_NATS = 1.2, 0.03
"""Overfitting: validation loss ends this many times, and this far, above its lowest value."""

_GAP = 0.05
"""Overfitting: training accuracy is this far above validation accuracy …"""

_SMALL_GAP, _TIMES = 0.01, 4
"""… or this far, where validation has this many times the errors of training."""

_LOW_ACCURACY = 0.8
"""Underfitting: the training accuracy itself ends below this."""

_FLAT = 0.02
"""Underfitting: over the last quarter the training loss fell by less than this part of itself."""


def overfitting(course: Course) -> Finding | None:
    """Notice validation that stays behind training, or whose loss rises while training's falls."""
    if not course.validated or len(course.epochs) < 3:
        return None
    evidence = _apart(course) or _loss_rises(course)
    if not evidence:
        return None
    return Finding("Overfitting", evidence, against_overfitting(course.recipe, course.data))


def underfitting(course: Course) -> Finding | None:
    """Notice training and validation that are both low, and flat."""
    if not course.validated or len(course.epochs) < 3:
        return None
    train, val = course.train_accuracy[course.kept], course.val_accuracy[course.kept]
    if train >= _LOW_ACCURACY or train - val > course.doubt or not _flat(course):
        return None
    if _pictures_are_mixed(course):
        # Training accuracy is that on mixed pictures, which nobody could get right.
        return None
    return Finding(
        "Underfitting",
        f"Even on its training pictures the network reaches only {percent(train)} "
        f"(validation {percent(val)}), and the curves are flat.",
        weaker_regularisation(course.recipe) + larger_network(course.recipe),
    )


def _apart(course: Course) -> str:
    train, val = course.train_accuracy[course.kept], course.val_accuracy[course.kept]
    gap = train - val
    wide = gap >= _GAP or (gap >= _SMALL_GAP and 1 - val >= _TIMES * (1 - train))
    if not wide or gap < 2 * course.doubt:
        return ""
    return (
        f"Training accuracy {percent(train)}, validation accuracy {percent(val)}; "
        f"apart since epoch {_since(course, gap)}."
    )


def _since(course: Course, gap: float) -> int:
    """Return the epoch from which on the gap was at least half of ``gap``."""
    at = course.kept
    while at > 0 and course.train_accuracy[at - 1] - course.val_accuracy[at - 1] >= gap / 2:
        at -= 1
    return course.epochs[at]


def _loss_rises(course: Course) -> str:
    lowest = min(range(len(course.epochs)), key=course.val_loss.__getitem__)
    low, last = course.val_loss[lowest], statistics.median(course.val_loss[-3:])
    late = lowest > 0.8 * (len(course.epochs) - 1)
    small = last < max(_LOSS_RISE * low, low + _LOSS_RISE_NATS)
    if late or small or not course.train_loss[-1] < course.train_loss[lowest]:
        return ""
    return (
        f"After epoch {course.epochs[lowest]} validation loss rose from {low:.3g} to {last:.3g} "
        "while training loss went on falling."
    )


def _flat(course: Course) -> bool:
    span = max(1, len(course.epochs) // 4)
    before, last = course.train_loss[-1 - span], course.train_loss[-1]
    gain = max(course.val_accuracy[-span:]) - max(course.val_accuracy[:-span])
    return math.isfinite(last) and before - last < _FLAT * before and gain <= course.doubt


def _pictures_are_mixed(course: Course) -> bool:
    augmentation = course.recipe.augmentation
    return bool(augmentation.mixup or augmentation.cutmix)
