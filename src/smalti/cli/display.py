"""What a training shows: a live line on a terminal, else one plain line an epoch."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

import click

from smalti.training.progress import Listener, Plan
from smalti.wording import count, duration, percent, plural


def make_display() -> Listener:
    """Return the display that suits where the output goes."""
    return LiveDisplay() if sys.stderr.isatty() else PlainDisplay()


class PlainDisplay(Listener):
    """The plan, then one line an epoch; nothing that floods a log."""

    plan: Plan

    def started(self, plan: Plan) -> None:
        self.plan = plan
        for line in plan_lines(plan):
            click.echo(line, err=True)

    def finished_epoch(self, row: Mapping[str, float | None], best: bool) -> None:
        click.echo(epoch_line(row, best, self.plan), err=True)

    def ended(self, reason: str) -> None:
        click.echo(reason, err=True)


class LiveDisplay(PlainDisplay):
    """The same lines, and under them a bar that is redrawn a few times a second."""

    def __init__(self) -> None:
        self._drawn = 0.0
        self._began = time.perf_counter()

    def stepped(self, epoch: int, step: int) -> None:
        if step == 1:
            self._began = time.perf_counter()
        now = time.perf_counter()
        if now - self._drawn < 0.2:
            return
        self._drawn = now
        click.echo(f"\r\x1b[2K{self._bar(epoch, step, now)}", err=True, nl=False)

    def finished_epoch(self, row: Mapping[str, float | None], best: bool) -> None:
        click.echo("\r\x1b[2K", err=True, nl=False)
        super().finished_epoch(row, best)

    def _bar(self, epoch: int, step: int, now: float) -> str:
        steps, width = self.plan.steps, 24
        full = width * step // steps
        pace = (now - self._began) / max(1, step)
        images = self.plan.batch_size / pace if pace > 0 else 0
        left = pace * (steps - step) + pace * steps * (self.plan.epochs - epoch)
        return (
            f"epoch {epoch}/{self.plan.epochs} {'━' * full}{'─' * (width - full)} "
            f"{count(images)} images/s, {duration(left)} left"
        )


def plan_lines(plan: Plan) -> list[str]:
    """Return what is about to happen, in three lines."""
    validation = f", {count(plan.validation)} validation" if plan.validation else ", no validation"
    begin = "" if plan.first_epoch == 1 else f", from epoch {plan.first_epoch}"
    return [
        f"device  {plan.hardware}",
        f"data    {plan.data}: {count(plan.train)} training{validation} pictures",
        f"plan    {plan.recipe}, {count(plan.parameters)} parameters, seed {plan.seed}, "
        f"{plural(plan.epochs, 'epoch')} × {count(plan.steps)} steps of {plan.batch_size}{begin}",
    ]


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
