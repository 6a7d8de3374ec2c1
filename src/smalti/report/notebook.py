"""A run in a few lines of HTML, for a notebook."""

from __future__ import annotations

from html import escape

from smalti.report.facts import Facts, read_facts
from smalti.report.headline import headline
from smalti.runs import Run
from smalti.wording import duration, plural


def run_summary_html(run: Run) -> str:
    """Return a run's name, accuracy with its interval, what made it, and what to do next.

    Raises:
        SmaltiError: where a file of the run is damaged.
    """
    facts = read_facts(run)
    lines = [
        f"<b>{escape(run.name)}</b>",
        escape(_measured(facts)),
        escape(_made_of(facts)),
        f"<code>{escape(_next(facts))}</code>",
    ]
    return f"<div>{'<br>'.join(lines)}</div>"


def _measured(facts: Facts) -> str:
    found = headline(facts)
    if found is None:
        return "no accuracy yet"
    return f"{found}, {found.split}" if found.split else str(found)


def _made_of(facts: Facts) -> str:
    seconds = facts.environment.number("seconds")
    parts = [
        f"{facts.config.text('name')} on {facts.data_name or 'unknown data'}",
        f"seed {facts.config.number('seed') or 0:g}",
        plural(len(facts.history), "epoch") if facts.history else "",
        duration(seconds) if seconds is not None else "",
        facts.environment.text("device"),
    ]
    return ", ".join(part for part in parts if part)


def _next(facts: Facts) -> str:
    return f"smalti report {facts.path}" if facts.metrics else facts.evaluate_command
