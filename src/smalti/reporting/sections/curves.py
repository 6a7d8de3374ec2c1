"""How training went: the curves, and what they say about over- and underfitting."""

from __future__ import annotations

from smalti.reporting.diagnosis import diagnose
from smalti.reporting.facts import Facts
from smalti.reporting.plots.curves import all_curves
from smalti.reporting.plots.curves import curves as draw_curves
from smalti.reporting.section import Section


def curves(facts: Facts) -> Section:
    """Return loss, accuracy and learning rate over the epochs, with the chosen one marked."""
    title = "How training went"
    if not facts.history:
        missing = "No epoch has been finished yet, so there are no curves."
        return Section("curves", title, missing=missing, command=facts.resume_command)
    panels = draw_curves(facts.history, facts.chosen_epoch)
    values = {
        "panels": [panel.inline for panel in panels],
        "findings": diagnose(facts),
        "validated": facts.validated,
    }
    return Section("curves", title, values, (all_curves(facts.history, facts.chosen_epoch),))
