"""The number that a report opens with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smalti.errors import SmaltiError
from smalti.metrics import accuracy, wilson_interval
from smalti.reporting.facts import read_facts
from smalti.reporting.headline import Headline, headline
from smalti.runs import Run


def test_it_is_what_evaluate_stored(finished_run: Callable[..., Run]) -> None:
    stored = {"accuracy": 0.97222, "accuracy_low": 0.94961, "accuracy_high": 0.98483, "n": 360}
    found = headline(read_facts(finished_run(n=360, metrics=stored)))
    assert str(found) == "test accuracy 97.22 % (95 % interval 94.96–98.48, n = 360)"
    assert found is not None
    assert found.split == "official split"


def test_bounds_of_zero_and_one_are_kept(finished_run: Callable[..., Run]) -> None:
    stored = {"accuracy": 0.0, "accuracy_low": 0.0, "accuracy_high": 0.1}
    found = headline(read_facts(finished_run(metrics=stored)))
    assert found is not None
    assert (found.low, found.high) == (0.0, 0.1)


def test_validation_outputs_come_before_the_history(finished_run: Callable[..., Run]) -> None:
    run = finished_run(evaluated=False)
    outputs = run.outputs("validation")
    assert outputs is not None
    value = accuracy(*outputs)
    low, high = wilson_interval(value, 1000)
    expected = Headline(
        "validation accuracy", value, low, high, 1000, "the pictures that chose the epoch"
    )
    assert headline(read_facts(run)) == expected


def test_the_history_stands_in_for_missing_outputs(finished_run: Callable[..., Run]) -> None:
    run = finished_run(evaluated=False)
    run.outputs_file("validation").unlink()
    found = headline(read_facts(run))
    assert found is not None
    assert found.accuracy == run.history()[10]["val_accuracy"]
    assert found.n == 5000


def test_without_any_there_is_none(finished_run: Callable[..., Run]) -> None:
    assert headline(read_facts(finished_run(evaluated=False, validation=False))) is None


def test_metrics_without_accuracy_are_damaged(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    run.write_metrics({"n": 2000})
    with pytest.raises(SmaltiError, match=r"metrics\.json is damaged: expected a number") as error:
        headline(read_facts(run))
    assert "smalti evaluate" in error.value.hint
