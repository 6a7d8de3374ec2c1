"""The per-class table: precision, recall, F1 and support."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.metrics import per_class
from smalti.reporting.facts import Facts
from smalti.reporting.section import Section

_COLUMN_LENGTH = 20
"""With more classes than this the table stands in two halves beside each other."""


@dataclass(frozen=True)
class Row:
    """The scores of a class, fractions."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


def classes(facts: Facts) -> Section:
    """Return the table in the order of the classes."""
    title = "Each class"
    outputs = facts.judged
    if outputs is None:
        missing = "The table of precision, recall and F1 is written when the run is evaluated."
        return Section("classes", title, missing=missing, command=facts.evaluate_command)
    scores = per_class(outputs.confusion)
    columns = zip(
        outputs.class_names,
        scores.precision.tolist(),
        scores.recall.tolist(),
        scores.f1.tolist(),
        scores.support.tolist(),
        strict=True,
    )
    rows = [Row(*cells) for cells in columns]
    mean = Row(
        "mean of the classes",
        float(scores.precision.mean()),
        float(scores.recall.mean()),
        float(scores.f1.mean()),
        int(scores.support.sum()),
    )
    half = len(rows) if len(rows) <= _COLUMN_LENGTH else -(-len(rows) // 2)
    marked = 3 if len(rows) > 6 else 0
    values = {
        "part": outputs.part,
        "tables": [rows[start : start + half] for start in range(0, len(rows), half)],
        "mean": mean,
        "weakest": {row.name for row in sorted(rows, key=lambda row: row.f1)[:marked]},
    }
    return Section("classes", title, values)
