"""All rules about the course of a training, in the order of their weight."""

from __future__ import annotations

from collections.abc import Callable

from smalti.advice import fitting, learning_rate, length
from smalti.advice.course import Course
from smalti.advice.finding import Finding
from smalti.advice.pictures import PictureFacts, look_at

Rule = Callable[[Course], Finding | None]

_DECISIVE: tuple[Rule, ...] = (
    learning_rate.came_apart,
    learning_rate.fell_back,
    learning_rate.guessing,
    learning_rate.crawling,
)
"""Where one of these speaks, nothing else can be read from the curves."""

_OTHERS: tuple[Rule, ...] = (
    fitting.overfitting,
    length.still_rising,
    fitting.underfitting,
    length.restless,
    length.long_past_its_best,
)


MOST = 3
"""Findings that are told at once: more are not read."""


def advise(
    course: Course, pictures: PictureFacts | None = None, slow: Finding | None = None
) -> list[Finding]:
    """Return what to say at the end of a training, best first, at most ``MOST``."""
    curves = judge(course)
    looks = look_at(pictures, course.recipe, course.data) if pictures else []
    first = [look.finding for look in looks if look.finding and look.decides]
    last = [
        look.finding
        for look in looks
        if look.finding and not look.decides and (curves or not look.chosen)
    ]
    return [*first, *curves, *last, *([slow] if slow else [])][:MOST]


def judge(course: Course) -> list[Finding]:
    """Return what the curves show, the weightiest first; nothing for a healthy training.

    Curves of one or two epochs show nothing, unless the training has had steps enough to leave
    guessing behind.
    """
    if len(course.epochs) >= 3 or course.steps >= learning_rate.EARLY_STEPS:
        for rule in _DECISIVE:
            found = rule(course)
            if found:
                return [found]
    return [found for rule in _OTHERS if (found := rule(course))]
