"""Which classes are taken for which: the matrix, and the most confused pairs in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.reporting.facts import Facts, Outputs
from smalti.reporting.plots.canvas import Plot
from smalti.reporting.plots.confusion import NUMBERED, confusion_plot
from smalti.reporting.section import Section

PAIRS = 10


@dataclass(frozen=True)
class Pair:
    """``count`` of ``total`` pictures of the class ``true`` were taken for ``predicted``."""

    true: str
    predicted: str
    count: int
    total: int

    @property
    def share(self) -> float:
        return self.count / self.total


def confusion(facts: Facts) -> Section:
    """Return the matrix of the test part (of validation before the test set was opened)."""
    title = "Which classes are confused"
    outputs = facts.judged
    if outputs is None:
        missing = "There are no stored outputs yet; evaluating the run writes them."
        return Section("confusion", title, missing=missing, command=facts.evaluate_command)
    n = len(outputs.class_names)
    plots = _plots(outputs)
    values = {
        "part": outputs.part,
        "matrices": [(plot.inline, caption) for caption, plot in plots.items()],
        "pairs": most_confused(outputs),
        "wide": n > 12,
    }
    return Section("confusion", title, values, tuple(plots.values()))


def _plots(outputs: Outputs) -> dict[str, Plot]:
    """Return the matrices by caption; without room for numbers one is enough."""
    if len(outputs.class_names) > NUMBERED:
        caption = "Stronger is more, as a share of the true class"
        return {caption: confusion_plot(outputs.confusion, outputs.class_names)}
    return {
        "Pictures": confusion_plot(outputs.confusion, outputs.class_names),
        "Percent of each true class": confusion_plot(
            outputs.confusion, outputs.class_names, normalised=True
        ),
    }


def most_confused(outputs: Outputs, limit: int = PAIRS) -> list[Pair]:
    """Return the pairs (true, predicted) with most mistakes, most first."""
    mistakes = outputs.confusion.copy()
    np.fill_diagonal(mistakes, 0)
    totals = outputs.confusion.sum(axis=1)
    names = outputs.class_names
    order = np.argsort(-mistakes, axis=None, kind="stable")[:limit]
    places = [divmod(int(place), len(names)) for place in order]
    return [
        Pair(names[true], names[predicted], int(mistakes[true, predicted]), int(totals[true]))
        for true, predicted in places
        if mistakes[true, predicted]
    ]
