"""What a training tells while it runs; the command line and notebooks listen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smalti.advice.finding import Finding
from smalti.runs import Run


@dataclass(frozen=True)
class Plan:
    """What is about to happen, for the first lines of a display."""

    run: Run
    data: str
    recipe: str
    seed: int
    train: int
    validation: int
    epochs: int
    first_epoch: int
    steps: int
    batch_size: int
    parameters: int
    hardware: str
    logs: tuple[str, ...] = ()
    """How to look at what trackers log: a command or an address each."""


class Listener:
    """Receives the moments of a training; every method may be left as it is."""

    def started(self, plan: Plan) -> None:
        """The first epoch is about to begin."""

    def stepped(self, epoch: int, step: int) -> None:
        """Step ``step`` (from 1) of an epoch is done. Called thousands of times: be quick."""

    def finished_epoch(self, row: Mapping[str, float | None], best: bool) -> None:
        """An epoch is finished and stored; ``row`` has the columns of the history."""

    def noticed(self, finding: Finding) -> None:
        """Something is clearly wrong in the first epochs already; told once at the most."""

    def interrupted(self, epochs: int) -> None:
        """Ctrl-C: ``epochs`` finished ones are kept, the running one is dropped."""

    def ended(self, reason: str) -> None:
        """The run folder is complete; ``reason`` says why it ended, in words."""

    def advised(self, findings: Sequence[Finding]) -> None:
        """After the end: what to try next, best first; not called where nothing was found."""
