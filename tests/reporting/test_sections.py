"""The sections one by one, where the page's text does not tell enough."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from smalti.errors import SmaltiError
from smalti.metrics import softmax
from smalti.names import CORRUPTIONS
from smalti.reporting.facts import Outputs, read_facts
from smalti.reporting.page import write_report
from smalti.reporting.plots.embedding import mark
from smalti.reporting.plots.robustness import KINDS
from smalti.reporting.sections import SECTIONS
from smalti.reporting.sections.alike import alike
from smalti.reporting.sections.classes import classes
from smalti.reporting.sections.confidence import confidence
from smalti.reporting.sections.confusion import Pair, confusion, most_confused
from smalti.reporting.sections.repeat import repeat
from smalti.reporting.sections.stress import stress
from smalti.reporting.sections.training import training
from smalti.runs import Run
from tests.reporting.made_up import HUNDRED


def outputs(confusion: list[list[int]]) -> Outputs:
    """Return outputs with this confusion matrix."""
    n = len(confusion)
    pairs = [
        (true, guess)
        for true in range(n)
        for guess in range(n)
        for _ in range(confusion[true][guess])
    ]
    labels, guesses = np.array(pairs).T
    return Outputs("test", np.eye(n)[guesses], labels, tuple("abcdef"[:n]))


def test_most_confused_come_first_and_right_ones_never() -> None:
    found = most_confused(outputs([[50, 3, 0], [8, 40, 3], [0, 0, 9]]))
    assert found == [Pair("b", "a", 8, 51), Pair("a", "b", 3, 53), Pair("b", "c", 3, 51)]


def test_confused_pairs_are_shown_with_their_pictures(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    pairs = confusion(read_facts(run)).values["pairs"]
    kept = run.samples()["confused"]
    assert any(pair.pictures for pair in pairs)
    for pair in pairs:
        of_pair = [e for e in kept if (e["label"], e["predicted"]) == (pair.true, pair.predicted)]
        assert [one.index for one in pair.pictures] == [entry["index"] for entry in of_pair]
    assert report_of(run).count('class="strip"') == sum(bool(pair.pictures) for pair in pairs)


def test_the_mean_of_the_classes_is_the_macro_average(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    values = classes(read_facts(run)).values
    metrics = run.metrics()
    assert metrics is not None
    recalls = [value for key, value in metrics.items() if key.startswith("recall/")]
    assert values["mean"].recall == pytest.approx(np.mean(recalls))
    assert values["mean"].support == 2000


def test_the_lowest_f1_are_marked(finished_run: Callable[..., Run]) -> None:
    values = classes(read_facts(finished_run())).values
    rows = sorted(values["tables"][0], key=lambda row: row.f1)
    assert values["weakest"] == {row.name for row in rows[:3]}


def test_with_few_classes_none_is_marked(finished_run: Callable[..., Run]) -> None:
    assert not classes(read_facts(finished_run(class_names=("a", "b", "c")))).values["weakest"]


def test_many_classes_stand_in_two_columns(finished_run: Callable[..., Run]) -> None:
    tables = classes(read_facts(finished_run(class_names=HUNDRED))).values["tables"]
    assert [len(table) for table in tables] == [50, 50]
    assert [row.name for table in tables for row in table] == list(HUNDRED)


def test_thresholds_of_validation_are_tried_on_the_test_part(
    finished_run: Callable[..., Run],
) -> None:
    facts = read_facts(finished_run())
    values, found, outputs = confidence(facts).values, facts.calibration, facts.test
    assert found is not None
    assert outputs is not None
    sure = softmax(outputs.logits / found.temperature).max(axis=1)
    right = outputs.logits.argmax(axis=1) == outputs.labels
    assert [row.wanted for row in values["rows"]] == [t.wanted for t in found.thresholds]
    for row in values["rows"]:
        kept = sure >= row.threshold
        assert (row.coverage, row.accuracy) == (kept.mean(), right[kept].mean())
    assert values["mark"][1] > right.mean()
    assert values["ece"] < values["ece_before"]
    assert [row.wanted for row in values["sets"]] == [0.9, 0.95, 0.99]
    for row in values["sets"]:
        assert row.low < row.coverage < row.high
        assert 0 < row.single <= 1 <= row.size
    assert values["missing_sets"] == []


def test_without_a_calibration_confidence_is_shown_as_trained(
    finished_run: Callable[..., Run],
) -> None:
    run = finished_run()
    run.calibration_file.unlink()
    values = confidence(read_facts(run)).values
    assert values["rows"] == []
    assert values["ece"] == values["ece_before"]
    assert "smalti train --resume" in report_of(run)
    assert "none is left to fit it on" in report_of(finished_run(validation=False, name="all"))


def report_of(run: Run) -> str:
    return write_report(run).read_text(encoding="utf-8")


def test_speed_is_pictures_over_the_epochs_own_seconds(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    run.write_history([{**row, "seconds": 45.0} for row in run.history()])
    groups = dict(training(read_facts(run)).values["groups"])
    assert dict(groups["Time and machine"])["Speed"] == "1,000 training pictures a second"


def test_what_is_unknown_is_left_out(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    run.environment_file.unlink()
    run.classifier_file.unlink()
    run.history_file.unlink()
    groups = dict(training(read_facts(run)).values["groups"])
    assert groups["Time and machine"] == []
    assert dict(groups["Data"]) == {"Data set": "cifar10"}


def test_arrays_in_memory_are_repeated_with_a_place_to_fill_in(
    finished_run: Callable[..., Run],
) -> None:
    commands = dict(repeat(read_facts(finished_run(data=""))).values["commands"])
    assert commands["Train it again"].startswith("smalti train DATA --recipe ")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_names_its_template(
    section: Callable, finished_run: Callable[..., Run]
) -> None:
    found = section(read_facts(finished_run()))
    assert found.key == section.__name__
    assert not found.missing


# How it breaks.


def test_each_corruption_has_its_pictures_and_figures(finished_run: Callable[..., Run]) -> None:
    facts = read_facts(finished_run(n=100))
    values = stress(facts).values
    assert facts.stress is not None
    for card, one in zip(values["cards"], facts.stress.corruptions, strict=True):
        assert card.corruption == one
        assert [state.share for state in card.states] == list(one.by_strength)
        assert all(state.picture is not None for state in card.states)
    assert [plot.name for plot in stress(facts).plots] == ["stress", "attacks"]


def test_pictures_that_are_gone_leave_the_figures(finished_run: Callable[..., Run]) -> None:
    run = finished_run(n=100)
    run.write_samples("corrupted", [], [])
    cards = stress(read_facts(run)).values["cards"]
    assert all(state.picture is None for card in cards for state in card.states)
    assert "in all its states" not in write_report(run).read_text(encoding="utf-8")


def test_without_attacks_the_reason_stands_there(finished_run: Callable[..., Run]) -> None:
    run = finished_run(n=100, attacks=False)
    assert [plot.name for plot in stress(read_facts(run)).plots] == ["stress"]
    assert "No FGSM and no PGD. They were left out." in write_report(run).read_text("utf-8")


def test_what_was_not_measured_on_worse_pictures_names_the_command(
    finished_run: Callable[..., Run],
) -> None:
    run = finished_run(n=100)
    run.stress_file.unlink()
    section = stress(read_facts(run))
    assert section.command == f"smalti stress {run.path}"
    assert "measured by" in section.missing


def test_every_corruption_is_of_a_kind_that_is_drawn() -> None:
    drawn = [name for names in KINDS.values() for name in names]
    assert sorted(drawn) == sorted(CORRUPTIONS)


# The map.


def test_the_map_has_every_sampled_picture_where_it_lies(finished_run: Callable[..., Run]) -> None:
    facts = read_facts(finished_run(n=60, class_names=HUNDRED))
    section = alike(facts)
    points, outputs = section.values["points"], facts.test
    assert outputs is not None
    assert section.values["n"] == len(points) == 30
    assert len({(point.row, point.column) for point in points}) == 30
    assert all(2.5 <= side <= 97.5 for point in points for side in (point.x, point.y))
    assert [point.place for point in points] == sorted(point.place for point in points)
    for point in points:
        index = 2 * (12 * point.row + point.column)
        guess = int(outputs.logits[index].argmax())
        assert point.place == outputs.labels[index]
        assert point.wrong == (guess != outputs.labels[index])
        assert point.said.startswith(HUNDRED[point.place])
        assert point.said.endswith(f"(picture {index})")
        assert (f"taken for {HUNDRED[guess]}" in point.said) == point.wrong
    assert section.values["repeated"]
    [plot] = section.plots
    assert plot.svg.startswith(b"<?xml")


def test_twenty_classes_have_marks_of_their_own() -> None:
    marks = [mark(place) for place in range(20)]
    assert len(set(marks)) == 20
    assert len({colour for colour, _, _ in marks[:5]}) == 5
    assert mark(20) == mark(0)


def test_a_map_of_another_evaluation_is_refused(finished_run: Callable[..., Run]) -> None:
    run = finished_run(n=60)
    run.write_embedding(np.zeros((2, 2)), np.array([3, 60]), (0.5, 0.5))
    with pytest.raises(SmaltiError, match="do not belong together") as caught:
        alike(read_facts(run))
    assert "evaluate" in caught.value.hint
    run.write_embedding(np.full((2, 2), np.nan), np.array([3, 4]), (0.5, 0.5))
    with pytest.raises(SmaltiError, match="is damaged"):
        alike(read_facts(run))


def test_without_a_map_the_command_that_makes_it_is_said(finished_run: Callable[..., Run]) -> None:
    fresh = alike(read_facts(finished_run(evaluated=False)))
    assert fresh.command.startswith("smalti evaluate")
    assert not fresh.command.endswith("--again")
    run = finished_run(name="older")
    run.outputs_file("embedding").unlink()
    assert alike(read_facts(run)).command.endswith("--again")
