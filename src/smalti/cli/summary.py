"""Sentences about several runs, and about a training that was stopped."""

from __future__ import annotations

from pathlib import Path

from smalti.metrics import mean_and_deviation
from smalti.runs import Run, find_runs
from smalti.wording import mean_and_spread


def validation_summary(runs: list[Run]) -> str:
    """Return mean ± sd of the best validation accuracy over runs, or why there is none."""
    best = [run.best_validation() for run in runs]
    known = [value for value in best if value is not None]
    if len(known) < len(runs):
        return "no validation accuracy: trained without validation"
    return f"validation accuracy {mean_and_spread(*mean_and_deviation(known), len(known))}"


def interrupted(where: str) -> str:
    """Say what is kept of a training that Ctrl-C stopped, and how to go on."""
    path = Path(where)
    runs = [Run(path)] if (path / "config.json").is_file() else find_runs(path)
    if not runs:
        return "Stopped before anything was written."
    run = runs[-1]
    epochs = len(run.history())
    kept = f"{epochs} finished epoch{'s' * (epochs != 1)} kept" if epochs else "no epoch finished"
    return f"\nStopped: {kept}. Continue with: smalti train --resume {run.path}"
