"""How it breaks: accuracy on worse and worse pictures, and under attack."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.reporting.facts import Facts
from smalti.reporting.pictures import Picture, pictures
from smalti.reporting.plots.robustness import attack_plot, kind_plots, stress_plot
from smalti.reporting.section import Section
from smalti.robustness import STRENGTHS, Corrupted, Robustness, Share


@dataclass(frozen=True)
class State:
    """A strength of a corruption: its accuracy, and a picture that shows it (None: not stored)."""

    strength: int
    share: Share
    picture: Picture | None


@dataclass(frozen=True)
class Card:
    """A corruption with its states."""

    corruption: Corrupted
    states: tuple[State, ...]


def stress(facts: Facts) -> Section:
    """Return what ``smalti stress`` found."""
    title, found = "How it breaks", facts.stress
    if found is None:
        missing = "How far its accuracy holds where pictures get worse is measured by"
        return Section("stress", title, missing=missing, command=facts.stress_command)
    attacks = attack_plot(found.attacks) if found.attacks else None
    values = {
        "found": found,
        "panels": [plot.inline for plot in kind_plots(found)],
        "attacks": attacks.inline if attacks else "",
        "cards": _cards(facts, found),
        "label": next((entry.text("label") for entry in facts.samples.records("corrupted")), ""),
    }
    return Section("stress", title, values, (stress_plot(found), *([attacks] if attacks else [])))


def _cards(facts: Facts, found: Robustness) -> list[Card]:
    entries = facts.samples.records("corrupted")
    shown = {
        (entry.text("corruption"), int(entry.required("strength"))): picture
        for entry, picture in zip(entries, pictures(facts, "corrupted"), strict=True)
    }
    return [
        Card(
            one,
            tuple(
                State(strength, share, shown.get((one.name, strength)))
                for strength, share in zip(STRENGTHS, one.by_strength, strict=True)
            ),
        )
        for one in found.corruptions
    ]
