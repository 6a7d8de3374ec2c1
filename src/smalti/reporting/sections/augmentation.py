"""Training pictures as the network was fed them."""

from __future__ import annotations

from smalti.reporting.facts import Facts
from smalti.reporting.pictures import pictures
from smalti.reporting.section import Section

SHOWN = 16


def augmentation(facts: Facts) -> Section:
    """Return examples of augmented training pictures and the policy that made them."""
    title = "What the network was fed"
    shown = pictures(facts, "augmented", SHOWN)
    if not shown:
        missing = "Augmented training pictures are written when training ends."
        return Section("augmentation", title, missing=missing, command=facts.resume_command)
    policy = facts.config.section("augmentation").text("policy", "none")
    settings = [
        (name, value)
        for name, value in facts.config.section("augmentation").values.items()
        if name != "policy" and value
    ]
    return Section(
        "augmentation", title, {"pictures": shown, "policy": policy, "settings": settings}
    )
