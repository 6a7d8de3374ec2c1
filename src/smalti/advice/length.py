"""Rules about when a training ended: too early, long after its best, or in unrest."""

from __future__ import annotations

import statistics
from itertools import pairwise

from smalti.advice.course import Course
from smalti.advice.finding import Finding
from smalti.advice.remedies import longer, lower_rate, remedies
from smalti.wording import duration, percent, plural

_FALLING = ("cosine", "linear", "one-cycle")
"""Schedules that end near a rate of zero: their last epochs are quiet, and part of the plan."""

_WORTH_SAVING = 60.0
"""Seconds that early stopping would have to save before it is worth a word."""

_PATIENCE = 5
"""Epochs of patience at the least: validation accuracy stands still that long by chance."""


def still_rising(course: Course) -> Finding | None:
    """Notice validation that was still getting better when the epochs ran out."""
    if not course.validated or len(course.epochs) < 3:
        return None
    span = max(1, len(course.epochs) // 4)
    gain = course.val_accuracy[-1] - max(course.val_accuracy[:-span])
    if gain <= course.doubt or course.val_loss[-1] > min(course.val_loss):
        return None
    return Finding(
        "Still learning at the end",
        f"Validation accuracy rose by {100 * gain:.2f} points over the last "
        f"{plural(span, 'epoch')}, to {percent(course.val_accuracy[-1])}: train longer.",
        longer(course.recipe),
    )


def restless(course: Course) -> Finding | None:
    """Notice validation accuracy that jumps to the end because the rate stays high."""
    last = course.val_accuracy[-max(4, len(course.epochs) // 3) :]
    schedule = course.recipe.schedule.name
    if not course.validated or len(course.epochs) < 8 or schedule in _FALLING:
        return None
    jumps = [abs(after - before) for before, after in pairwise(last)]
    jump = statistics.median(jumps)
    # The same pictures are judged each time: a quiet network differs by far less than the doubt.
    if jump <= max(0.01, course.doubt):
        return None
    return Finding(
        "Validation is restless",
        f"In the last {len(last)} epochs validation accuracy jumped by {100 * jump:.1f} points "
        f"from one to the next ({percent(min(last))} to {percent(max(last))}): the learning rate "
        f"stays too high ({schedule}).",
        remedies(course.recipe, {"schedule.name": "cosine"}) + lower_rate(course.recipe),
    )


def long_past_its_best(course: Course) -> Finding | None:
    """Notice epochs that were trained for nothing, where they cost more than a minute."""
    recipe, kept = course.recipe, course.kept
    if not course.validated or recipe.training.early_stopping or _ends_well(course):
        return None
    patience = max(_PATIENCE, _longest_wait(course) + 1)
    saved = sum(course.seconds[kept + patience + 1 :])
    best, last = course.epochs[kept], course.epochs[-1]
    if saved < _WORTH_SAVING or best + patience > last / 2:
        return None
    return Finding(
        "The best epoch was long ago",
        f"Epoch {best} of {last} was the best; stopping after {patience} epochs without a better "
        f"one would have saved {duration(saved)}.",
        remedies(recipe, {"training.early_stopping": patience}),
    )


def _ends_well(course: Course) -> bool:
    """Tell whether the last epochs belong to the plan: a falling rate that did no harm.

    On the level ground where such a plan ends, which epoch is best is chance.
    """
    if course.recipe.schedule.name not in _FALLING:
        return False
    last = statistics.median(course.val_accuracy[-3:])
    return course.val_accuracy[course.kept] - last <= course.doubt


def _longest_wait(course: Course) -> int:
    """Return the most epochs without a better one before the best: less patience misses it."""
    longest, record_at, record = 0, 0, -1.0
    for at, value in enumerate(course.val_accuracy[: course.kept + 1]):
        if value > record:
            longest, record_at, record = max(longest, at - record_at), at, value
    return longest
