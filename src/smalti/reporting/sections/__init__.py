"""The sections of the report, in the order of the page: add a function here to add a section."""

from __future__ import annotations

from collections.abc import Callable

from smalti.reporting.facts import Facts
from smalti.reporting.section import Section
from smalti.reporting.sections.alike import alike
from smalti.reporting.sections.augmentation import augmentation
from smalti.reporting.sections.classes import classes
from smalti.reporting.sections.confidence import confidence
from smalti.reporting.sections.confusion import confusion
from smalti.reporting.sections.curves import curves
from smalti.reporting.sections.inside import inside
from smalti.reporting.sections.repeat import repeat
from smalti.reporting.sections.samples import samples
from smalti.reporting.sections.stress import stress
from smalti.reporting.sections.training import training

SECTIONS: tuple[Callable[[Facts], Section], ...] = (
    training,
    curves,
    confusion,
    classes,
    confidence,
    samples,
    alike,
    inside,
    stress,
    augmentation,
    repeat,
)

_OF_NETWORKS = (curves, augmentation)
"""What a classical method has not: it knows no epochs, and sees the pictures as they are."""

_OF_OWN_NETWORKS = (alike, inside)
"""What a file of others has not either: nobody looks into it."""


def sections_of(facts: Facts) -> list[Callable[[Facts], Section]]:
    """Return the sections that a run can have."""
    own = facts.classifier.text("kind", "native") == "native"
    missing = (*(_OF_NETWORKS if facts.method else ()), *(() if own else _OF_OWN_NETWORKS))
    return [section for section in SECTIONS if section not in missing]
