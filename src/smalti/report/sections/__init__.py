"""The sections of the report, in the order of the page: add a function here to add a section."""

from __future__ import annotations

from collections.abc import Callable

from smalti.report.facts import Facts
from smalti.report.section import Section
from smalti.report.sections.augmentation import augmentation
from smalti.report.sections.classes import classes
from smalti.report.sections.confusion import confusion
from smalti.report.sections.curves import curves
from smalti.report.sections.repeat import repeat
from smalti.report.sections.samples import samples
from smalti.report.sections.training import training

SECTIONS: tuple[Callable[[Facts], Section], ...] = (
    training,
    curves,
    confusion,
    classes,
    samples,
    augmentation,
    repeat,
)
