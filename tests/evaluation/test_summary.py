"""Results as people read them, in a terminal and in a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

import smalti
from smalti.evaluation.evaluating import Evaluation
from smalti.evaluation.summary import as_html
from smalti.training.progress import Listener
from tests.datasets import tiny_dataset


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    small = {"model.hidden": (8,), "training.batch_size": 16}
    data = tiny_dataset()
    run = smalti.train(data, "dense", epochs=2, set=small, out=tmp_path, listener=Listener())
    return smalti.evaluate(run, data)


def test_printed_it_is_loss_and_accuracy_with_its_interval(evaluation: Evaluation) -> None:
    assert str(evaluation).startswith(f"test loss {evaluation.loss:.4f}, test accuracy ")
    assert f"{100 * evaluation.accuracy:.2f} % (95 % interval" in str(evaluation)
    assert "n = 30)" in str(evaluation)


def test_every_class_has_a_line(evaluation: Evaluation) -> None:
    head, *lines = evaluation.class_table.splitlines()
    assert head.split() == ["class", "precision", "recall", "F1", "pictures"]
    assert [line.split()[0] for line in lines] == ["bar", "column", "ring"]
    assert all(line.endswith(" 10") for line in lines)
    assert len({len(line) for line in (head, *lines)}) == 1


def test_a_notebook_shows_the_same(evaluation: Evaluation) -> None:
    shown = evaluation._repr_html_()
    assert str(evaluation) in shown
    assert shown.count("<tr>") == 4


def test_names_cannot_break_the_page_and_many_are_counted(evaluation: Evaluation) -> None:
    names = ("<script>", *(f"class {number}" for number in range(24)))
    shown = as_html(evaluation.metrics, names)
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "and 5 more classes" in shown
