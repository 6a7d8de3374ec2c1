"""What a training shows: a live line on a terminal, one line in a notebook, else plain lines."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from smalti.advice.finding import Finding
from smalti.notebook import in_notebook, replaceable_line
from smalti.runs import Run
from smalti.training.progress import Listener, Plan
from smalti.wording import count, duration, percent, plural

REDRAW_SECONDS = 0.2
BAR_WIDTH = 24


def make_display() -> Listener:
    """Return the display that suits where the output goes."""
    if in_notebook():
        return NotebookDisplay(sys.stdout)
    return LiveDisplay(sys.stderr) if sys.stderr.isatty() else PlainDisplay(sys.stderr)


class PlainDisplay(Listener):
    """The plan, then one line an epoch; nothing that floods a log."""

    plan: Plan

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def started(self, plan: Plan) -> None:
        self.plan = plan
        for line in plan_lines(plan):
            self._write(line + "\n")

    def finished_epoch(self, row: Mapping[str, float | None], best: bool) -> None:
        self._write(epoch_line(row, best, self.plan) + "\n")

    def interrupted(self, epochs: int) -> None:
        kept = f"{plural(epochs, 'finished epoch')} kept" if epochs else "no epoch was finished"
        self._write(f"\n{kept}; continue with: {self.plan.run.repair}\n")

    def ended(self, reason: str) -> None:
        self._write(reason + "\n")

    def noticed(self, finding: Finding) -> None:
        self._write(f"note    {finding.line()}\n")

    def advised(self, findings: Sequence[Finding]) -> None:
        for line in advice_lines(findings, self.plan.run):
            self._write(line + "\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class LiveDisplay(PlainDisplay):
    """The same lines, and under them a bar that is redrawn a few times a second."""

    _clear = "\r\x1b[2K"

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._drawn = self._began = time.perf_counter()

    def stepped(self, epoch: int, step: int) -> None:
        now = time.perf_counter()
        if step == 1:
            self._began = now
        elif now - self._drawn >= REDRAW_SECONDS:
            self._drawn = now
            self._redraw(bar(self.plan, epoch, step, now - self._began))

    def _redraw(self, text: str) -> None:
        self._write(self._clear + text)

    def finished_epoch(self, row: Mapping[str, float | None], best: bool) -> None:
        self._write(self._clear)
        super().finished_epoch(row, best)


class NotebookDisplay(LiveDisplay):
    """A single line that is replaced in place.

    A notebook stores all that it is sent: a line written over would be kept as often as it was
    drawn.
    """

    def __init__(self, stream: TextIO, show: Callable[[str], None] | None = None) -> None:
        super().__init__(stream)
        self._show = show or replaceable_line()

    def started(self, plan: Plan) -> None:
        self.plan = plan
        for line in (plan_lines(plan)[0], *log_lines(plan)):
            self._write(line + "\n")

    def _redraw(self, text: str) -> None:
        self._show(text)

    def finished_epoch(self, row: Mapping[str, float | None], best: bool) -> None:
        self._show(epoch_line(row, best, self.plan))

    def noticed(self, finding: Finding) -> None:
        self._write(f"note: {finding.line(python=True)}\n")

    def advised(self, findings: Sequence[Finding]) -> None:
        for line in advice_lines(findings, self.plan.run, python=True):
            self._write(line + "\n")


def plan_lines(plan: Plan) -> list[str]:
    """Return what is about to happen, in three lines, and where it is logged."""
    validation = f", {count(plan.validation)} validation" if plan.validation else ", no validation"
    begin = "" if plan.first_epoch == 1 else f", from epoch {plan.first_epoch}"
    return [
        f"device  {plan.hardware}",
        f"data    {plan.data}: {count(plan.train)} training{validation} pictures",
        f"plan    {plan.recipe}, {count(plan.parameters)} parameters, seed {plan.seed}, "
        f"{plural(plan.epochs, 'epoch')} × {count(plan.steps)} steps of {plan.batch_size}{begin}",
        *log_lines(plan),
    ]


def log_lines(plan: Plan) -> list[str]:
    """Return how to look at each log that is kept beside, a line each."""
    return [f"log     look with: {look}" for look in plan.logs]


def epoch_line(row: Mapping[str, float | None], best: bool, plan: Plan) -> str:
    """Return one epoch in one line: training, validation, time, and a star for the best so far."""
    epoch, seconds = int(row["epoch"] or 0), row["seconds"] or 0.0
    width = len(str(plan.epochs))
    text = f"epoch {epoch:>{width}}/{plan.epochs}  train {percent(row['train_accuracy'])}"
    text += f" loss {row['train_loss']:.3f}"
    if row["val_accuracy"] is not None:
        text += f"  validation {percent(row['val_accuracy'])} loss {row['val_loss']:.3f}"
        text += " *" if best else "  "
    pace = count(plan.train / seconds) if seconds else "–"
    return f"{text}  {duration(seconds)}, {pace} images/s"


def advice_lines(findings: Sequence[Finding], run: Run, python: bool = False) -> list[str]:
    """Return what to try next, and the first of it as a whole command or call."""
    lines = ["what to try, best first"]
    lines += [f"  {n}. {finding.line(python)}" for n, finding in enumerate(findings, 1)]
    remedies = [remedy for finding in findings for remedy in finding.remedies]
    if not remedies:
        return lines
    if python:
        call = f'smalti.train(data, "{run.config_file}", {remedies[0].python})'
        return [*lines, f"  for example: {call}"]
    if run.recipe().data.source:
        command = f"smalti train --recipe {shlex.quote(str(run.config_file))} {remedies[0]}"
        return [*lines, f"  for example: {command}"]
    return lines


def bar(plan: Plan, epoch: int, step: int, seconds: float) -> str:
    """Return the line of a running epoch: how far, how fast, how long until all is done.

    ``seconds`` have passed since the epoch's first step was done.
    """
    full = BAR_WIDTH * step // plan.steps
    pace = seconds / (step - 1)
    left = pace * (plan.steps - step + plan.steps * (plan.epochs - epoch))
    return (
        f"epoch {epoch}/{plan.epochs} {'━' * full}{'─' * (BAR_WIDTH - full)} "
        f"{count(plan.batch_size / pace)} images/s, {duration(left)} left"
    )
