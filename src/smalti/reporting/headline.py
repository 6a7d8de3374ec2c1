"""The one number that a report opens with, its interval, and what it was measured on."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.metrics import accuracy, wilson_interval
from smalti.reporting.facts import Facts
from smalti.wording import accuracy_with_interval


@dataclass(frozen=True)
class Headline:
    """``measure`` is ``"test accuracy"`` or ``"validation accuracy"``; fractions."""

    measure: str
    accuracy: float
    low: float
    high: float
    n: int
    split: str

    def __str__(self) -> str:
        number = accuracy_with_interval(self.accuracy, self.low, self.high, self.n)
        return f"{self.measure} {number}"


def headline(facts: Facts) -> Headline | None:
    """Return the test accuracy, before the test set was opened that of validation, or None.

    The interval of the validation accuracy is honest about n only: the epoch was chosen on the
    same pictures, which makes it a little too high.
    """
    if facts.metrics:
        return _from_metrics(facts)
    return _from_outputs(facts) or _from_history(facts)


def _from_metrics(facts: Facts) -> Headline:
    metrics = facts.metrics
    value, n = metrics.required("accuracy"), int(metrics.required("n"))
    return Headline(
        measure=f"{metrics.text('part', 'test')} accuracy",
        accuracy=value,
        low=metrics.required("accuracy_low"),
        high=metrics.required("accuracy_high"),
        n=n,
        split=metrics.text("split") or facts.environment.section("data").text("split"),
    )


def _from_outputs(facts: Facts) -> Headline | None:
    outputs = facts.validation
    if outputs is None:
        return None
    return _validation(accuracy(outputs.logits, outputs.labels), len(outputs.labels))


def _from_history(facts: Facts) -> Headline | None:
    n = facts.environment.section("data").number("validation")
    for row in facts.history:
        value = row["val_accuracy"]
        if row["epoch"] == facts.chosen_epoch and value is not None and n:
            return _validation(value, int(n))
    return None


def _validation(value: float, n: int) -> Headline:
    low, high = wilson_interval(value, n)
    split = "the pictures that chose the epoch"
    return Headline("validation accuracy", value, low, high, n, split)
