"""The machines of a table: a letter beside each time, and below the table what it stands for."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from smalti import wording


class Machines:
    """Letters in the order in which machines are met, with the dates of their figures."""

    def __init__(self) -> None:
        self._dates: dict[str, set[str]] = {}

    def letter(self, machine: str, date: str) -> str:
        """Return the letter of a machine, given as people read it; ``date`` is a figure's."""
        self._dates.setdefault(machine, set()).add(date)
        return string.ascii_lowercase[list(self._dates).index(machine)]

    def legend(self) -> str:
        """Return one sentence that names all machines; empty where there is none."""
        said = []
        for machine, dates in self._dates.items():
            first, last = min(dates), max(dates)
            when = first if first == last else f"{first} to {last}"
            said.append(f"({self.letter(machine, first)}) {machine}, {when}")
        return f"Machines: {'; '.join(said)}." if said else ""


def of_seed(entry: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """Return the machine of one seed: device, threads of a CPU, number format.

    The oldest stored seeds, which lack both, ran on a CPU with one thread a core.
    """
    if entry.get("device_type", "cpu") != "cpu":
        return f"{entry['device']}, {entry['precision']}"
    threads = wording.plural(entry.get("threads", figures["machine"]["cores"]), "thread")
    clock = " (its processor time)" if _has_processor_time(entry) else ""
    return f"{entry['device']}, {threads}{clock}, {entry['precision']}"


def time_of_seed(entry: Mapping[str, Any]) -> float:
    """Return the seconds that a seed takes.

    With a single thread this is the processor time, which other work on the machine does not
    lengthen; otherwise the time that passed.
    """
    return float(entry["cpu_seconds"] if _has_processor_time(entry) else entry["seconds"])


def _has_processor_time(entry: Mapping[str, Any]) -> bool:
    return entry.get("threads") == 1 and "cpu_seconds" in entry


def of_figures(figures: Mapping[str, Any]) -> str:
    """Return the machine that figures of speed were measured on."""
    machine = figures["machine"]
    return f"{machine['processor']}, {wording.plural(machine['cores'], 'core')}"
