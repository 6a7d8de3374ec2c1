"""Rules about the learning rate: the loss grew, stood still, or crawled."""

from __future__ import annotations

import math
import shlex
from itertools import pairwise

from smalti.advice.course import Course
from smalti.advice.finding import Finding
from smalti.advice.remedies import USUAL_RATES, higher_rate, lower_rate, rate_is
from smalti.wording import percent, plural

_ABOVE_GUESSING = 0.1
"""Up to this part of the way from guessing to perfect, a training has learned next to nothing."""

_NOTHING_LEARNED = "Nothing was learned"

_GREW, _GREW_FAR = 1.5, 10
"""A loss this many times its first one, or the loss of guessing, has come apart: where the network
is less than half-way from guessing to perfect, and where it still answers well."""

_FALLS = 0.8
"""Crawling: the loss fell in this part of all epochs. Noise alone falls in half of them."""

_LITTLE = 0.25
"""Crawling: the loss fell by less than this part of what it was at first."""

EARLY_STEPS = 100
"""Steps before which nothing is said: good trainings too begin at guessing. A dense network on
8-pixel digits leaves it within 30."""


def came_apart(course: Course) -> Finding | None:
    """Notice a loss that ended far above where it began, or leapt and left the network poor."""
    first, last = course.train_loss[0], course.train_loss[-1]
    poor = course.train_accuracy[-1] <= (course.guessing + 1) / 2
    if not math.isfinite(last) or last > (_GREW if poor else _GREW_FAR) * first:
        return _too_high(course, f"the training loss went from {first:.3g} to {last:.3g}")
    if not _grew(course) or not poor:
        return None
    most = max(course.train_loss)
    return _too_high(
        course,
        f"the training loss leapt to {most:.3g} in epoch "
        f"{course.epochs[course.train_loss.index(most)]}, where guessing has "
        f"{math.log(course.n_classes):.3g}",
    )


def fell_back(course: Course) -> Finding | None:
    """Notice a network that had begun to learn and answers by guessing now."""
    accuracy = _accuracy(course)
    before, last = accuracy[:-2], accuracy[-2:]
    if not before:
        return None
    best, now = max(before), max(last)
    if now > _little(course) or best <= _little(course):
        return None
    at = course.epochs[accuracy.index(best)]
    return _too_high(
        course,
        f"accuracy was {percent(best)} in epoch {at} and fell back to {percent(now)}, "
        f"which is guessing ({percent(course.guessing)})",
    )


def guessing(course: Course) -> Finding | None:
    """Notice a training that never left guessing; how the loss moved says why."""
    best = max(_accuracy(course))
    if best > _little(course) or course.guessing >= 0.99:
        return None
    evidence = (
        f"accuracy never passed {percent(best)}, and always answering the most frequent "
        f"class gives {percent(course.guessing)}"
    )
    if rate_is(course.recipe) == "high":
        return _too_high(course, evidence)
    place, crawls = rate_is(course.recipe), _crawls(course)
    if place == "low" or (place == "" and crawls):
        return _too_low(course, f"{evidence}; the loss fell only {_fall(course)}")
    lower, higher = lower_rate(course.recipe), higher_rate(course.recipe)
    return Finding(
        _NOTHING_LEARNED,
        f"{evidence[0].upper()}{evidence[1:]}; the loss went {_fall(course)}.",
        higher + lower if crawls else lower + higher,
        _look_at_labels(course),
    )


def crawling(course: Course) -> Finding | None:
    """Notice a loss that falls steadily and hardly at all, at a rate below the usual ones."""
    if rate_is(course.recipe) != "low" or not _crawls(course):
        return None
    return _too_low(course, f"the training loss fell steadily but only {_fall(course)}")


def is_about_labels(finding: Finding) -> bool:
    """Tell whether a look at the labels could say more about the cause."""
    return finding.cause == _NOTHING_LEARNED


def early(course: Course) -> Finding | None:
    """Return what is clearly wrong in the first epochs already, or None."""
    if course.steps < EARLY_STEPS or len(course.epochs) <= course.recipe.schedule.warmup:
        return None
    return came_apart(course) or fell_back(course) or _early_guessing(course)


def _early_guessing(course: Course) -> Finding | None:
    return guessing(course) if len(course.epochs) >= 2 else None


def _too_high(course: Course, evidence: str) -> Finding:
    return Finding(
        "The learning rate is too high",
        f"{evidence[0].upper()}{evidence[1:]}. It is {_rate_in_words(course)}.",
        lower_rate(course.recipe),
    )


def _too_low(course: Course, evidence: str) -> Finding:
    return Finding(
        "The learning rate is too low",
        f"{evidence[0].upper()}{evidence[1:]}. It is {_rate_in_words(course)}.",
        higher_rate(course.recipe),
    )


def _rate_in_words(course: Course) -> str:
    optimizer = course.recipe.optimizer
    usual = USUAL_RATES.get(optimizer.name)
    said = f"{optimizer.learning_rate:g}"
    return f"{said}; {optimizer.name} usually takes {usual[0]:g} to {usual[1]:g}" if usual else said


def _look_at_labels(course: Course) -> str:
    source = course.recipe.data.source
    looks = f" See: smalti doctor {shlex.quote(source)}" if source else ""
    return f"Or the labels do not belong to the pictures.{looks}"


def _little(course: Course) -> float:
    above = _ABOVE_GUESSING * (1 - course.guessing)
    # Of a hundred classes, three times guessing is far from nothing.
    return course.guessing + min(above, 2 * course.guessing)


def _accuracy(course: Course) -> tuple[float, ...]:
    """Return the better of both accuracies: mixing and dropout hide what training has learned."""
    pairs = zip(course.train_accuracy, course.val_accuracy, strict=True)
    return tuple(max(train, val) if math.isfinite(val) else train for train, val in pairs)


def _grew(course: Course) -> bool:
    """Tell whether the loss once stood far above that of guessing, which small steps never do.

    Not with a teacher, whose part of the loss has no such measure.
    """
    if course.recipe.training.teacher:
        return False
    end = max(math.log(course.n_classes), course.train_loss[-1])
    return max(course.train_loss) > _GREW * end


def _crawls(course: Course) -> bool:
    losses = course.train_loss
    if len(losses) < 2:
        return False
    falls = sum(after < before for before, after in pairwise(losses))
    steadily = falls >= _FALLS * (len(losses) - 1)
    return steadily and losses[0] - losses[-1] < _LITTLE * losses[0]


def _fall(course: Course) -> str:
    first, last = course.train_loss[0], course.train_loss[-1]
    return f"from {first:.4g} to {last:.4g} in {plural(len(course.epochs), 'epoch')}"
