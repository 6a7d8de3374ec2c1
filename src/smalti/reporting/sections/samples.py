"""Sample predictions, wrong ones and right ones, as pictures."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.reporting.facts import Facts
from smalti.reporting.pictures import Picture, pictures
from smalti.reporting.section import Section

SHOWN = 16


@dataclass(frozen=True)
class Looked:
    """A mistake, and over it what spoke for each of the classes (the answer, then the truth)."""

    picture: Picture
    reasons: tuple[Picture, ...]


def samples(facts: Facts) -> Section:
    """Return pictures that were classified wrong and right, with label and confidence."""
    title = "Sample predictions"
    wrong, looked = pictures(facts, "wrong", SHOWN), _looked(facts)
    groups: list[tuple[str, bool, list[Picture]]] = [
        ("Wrong", False, [] if looked else wrong),
        ("Right", True, pictures(facts, "right", SHOWN)),
    ]
    if not looked and not any(shown for _, _, shown in groups):
        missing = "Sample predictions are written when the run is evaluated."
        return Section("samples", title, missing=missing, command=facts.evaluate_command)
    shown = [group for group in groups if group[2]]
    return Section("samples", title, {"groups": shown, "looked": looked})


def _looked(facts: Facts) -> list[Looked]:
    """Return the mistakes whose heat maps evaluating stored, in their order."""
    drawn = zip(facts.samples.records("reasons"), pictures(facts, "reasons"), strict=True)
    of: dict[str, list[Picture]] = {}
    for entry, picture in drawn:
        of.setdefault(entry.text("of"), []).append(picture)
    shown = zip(facts.samples.records("wrong"), pictures(facts, "wrong"), strict=True)
    return [
        Looked(picture, tuple(of[entry.text("file")]))
        for entry, picture in shown
        if entry.text("file") in of
    ]
