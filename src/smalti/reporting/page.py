"""The report: one self-contained HTML file and its plots, written from a run's files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalti.files import write_bytes
from smalti.reporting.cautions import cautions
from smalti.reporting.facts import Facts, read_facts
from smalti.reporting.headline import headline
from smalti.reporting.section import Section
from smalti.reporting.sections import sections_of
from smalti.runs import Run
from smalti.wording import count, interval, percent, points

if TYPE_CHECKING:
    from jinja2 import Environment


def write_report(run: Run) -> Path:
    """Write ``report.html`` and the plots of a run, and return the page's path.

    The page needs no network, prints, follows light and dark, and works on a phone. What the run
    does not have yet is replaced by the command that makes it. The same files give the same bytes.

    Raises:
        SmaltiError: where a file of the run is damaged.
        MachineError: where a file cannot be written.
    """
    facts = read_facts(run)
    sections = [section(facts) for section in sections_of(facts)]
    for plot in (plot for section in sections for plot in section.plots):
        write_bytes(run.plots_folder / f"{plot.name}.svg", plot.svg)
        write_bytes(run.plots_folder / f"{plot.name}.png", plot.png)
    write_bytes(run.report_file, render(facts, sections).encode())
    return run.report_file


def render(facts: Facts, sections: list[Section]) -> str:
    """Return the page."""
    page = templates().get_template("page.html")
    return page.render(
        facts=facts,
        headline=headline(facts),
        tiles=_tiles(facts),
        cautions=cautions(facts),
        sections=sections,
    )


def templates() -> Environment:
    """Return what renders a page: everything is escaped, a missing value is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("smalti.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters.update(percent=percent, points=points, count=count)
    made.globals.update(interval=interval)
    return made


def _tiles(facts: Facts) -> list[tuple[str, str, str]]:
    """Return (value, name, meaning) of the numbers beside the headline."""
    metrics: Any = facts.metrics
    found: list[tuple[float | None, str, str, str]] = [
        (metrics.number("top5_accuracy"), "percent", "top-5 accuracy", "the truth is among five"),
        (metrics.number("loss"), "loss", "loss", "mean cross-entropy, in nats"),
        (metrics.number("ece"), "percent", "calibration error", "gap of confidence and accuracy"),
    ]
    return [
        (percent(value) if style == "percent" else f"{value:.4f}", name, meaning)
        for value, style, name, meaning in found
        if value is not None
    ]
