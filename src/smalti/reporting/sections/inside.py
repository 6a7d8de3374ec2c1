"""Inside the network: the first layer's filters, and feature maps of one picture."""

from __future__ import annotations

from smalti.reporting.facts import Facts
from smalti.reporting.pictures import pictures, sheets
from smalti.reporting.section import Section


def inside(facts: Facts) -> Section:
    """Return what evaluating stored of the network's inside."""
    title = "Inside the network"
    filters, maps = sheets(facts, "filters"), sheets(facts, "maps")
    if not filters and not maps:
        missing = "Filters and feature maps of a run's own network are stored when it is evaluated."
        command = facts.evaluate_command + (" --again" if facts.metrics else "")
        return Section("inside", title, missing=missing, command=command)
    of = {entry.text("of") for entry in facts.samples.records("maps")}
    right = zip(facts.samples.records("right"), pictures(facts, "right"), strict=True)
    seen = [picture for entry, picture in right if entry.text("file") in of]
    values = {"filters": filters, "maps": maps, "picture": seen[0] if seen else None}
    return Section("inside", title, values)
