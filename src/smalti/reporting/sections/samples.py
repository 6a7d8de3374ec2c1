"""Sample predictions, wrong ones and right ones, as pictures."""

from __future__ import annotations

from smalti.reporting.facts import Facts
from smalti.reporting.pictures import Picture, pictures
from smalti.reporting.section import Section

SHOWN = 16


def samples(facts: Facts) -> Section:
    """Return pictures that were classified wrong and right, with label and confidence."""
    title = "Sample predictions"
    groups: list[tuple[str, bool, list[Picture]]] = [
        ("Wrong", False, pictures(facts, "wrong", SHOWN)),
        ("Right", True, pictures(facts, "right", SHOWN)),
    ]
    if not any(shown for _, _, shown in groups):
        missing = "Sample predictions are written when the run is evaluated."
        return Section("samples", title, missing=missing, command=facts.evaluate_command)
    return Section("samples", title, {"groups": [group for group in groups if group[2]]})
