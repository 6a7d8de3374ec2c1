"""Which classes are taken for which: the matrix, and the most confused pairs in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from smalti import metrics
from smalti.reporting.facts import Facts, Outputs
from smalti.reporting.pictures import Picture, pictures
from smalti.reporting.plots.canvas import Plot
from smalti.reporting.plots.confusion import NUMBERED, confusion_plot
from smalti.reporting.section import Section


@dataclass(frozen=True)
class Pair:
    """``count`` of ``total`` pictures of the class ``true`` were taken for ``predicted``."""

    true: str
    predicted: str
    count: int
    total: int
    pictures: tuple[Picture, ...] = ()

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
        "pairs": _with_pictures(most_confused(outputs), facts),
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


def most_confused(outputs: Outputs) -> list[Pair]:
    """Return the pairs (true, predicted) with most mistakes, most first."""
    confusion, names = outputs.confusion, outputs.class_names
    totals = confusion.sum(axis=1)
    return [
        Pair(names[true], names[guess], int(confusion[true, guess]), int(totals[true]))
        for true, guess in metrics.most_confused(confusion)
    ]


def _with_pictures(pairs: list[Pair], facts: Facts) -> list[Pair]:
    """Return the pairs with the pictures that evaluating kept of them."""
    kept = pictures(facts, "confused")
    return [
        replace(
            pair,
            pictures=tuple(
                one for one in kept if (one.label, one.predicted) == (pair.true, pair.predicted)
            ),
        )
        for pair in pairs
    ]
