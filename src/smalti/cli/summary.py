"""A sentence about several runs."""

from __future__ import annotations

from smalti.metrics import mean_and_deviation
from smalti.runs import Run
from smalti.wording import mean_and_spread


def validation_summary(runs: list[Run]) -> str:
    """Return mean ± sd of the best validation accuracy over runs, or why there is none."""
    best = [run.best_validation() for run in runs]
    known = [value for value in best if value is not None]
    if len(known) < len(runs):
        return "no validation accuracy: trained without validation"
    return f"validation accuracy {mean_and_spread(*mean_and_deviation(known), len(known))}"
