"""A run in a notebook: a few lines of safe HTML."""

from __future__ import annotations

from collections.abc import Callable

from smalti.report.notebook import run_summary_html
from smalti.runs import Run


def test_it_gives_accuracy_origin_and_the_next_command(finished_run: Callable[..., Run]) -> None:
    run = finished_run(n=2000)
    shown = run_summary_html(run)
    assert "<b>cifar10-cnn-0</b>" in shown
    assert "n = 2,000), official split" in shown
    assert "cnn on cifar10, seed 0, 12 epochs, 8 min 31 s, cpu" in shown
    assert f"<code>smalti report {run.path}</code>" in shown


def test_before_evaluation_it_says_how_to_evaluate(finished_run: Callable[..., Run]) -> None:
    run = finished_run(evaluated=False)
    shown = run_summary_html(run)
    assert "validation accuracy" in shown
    assert f"<code>smalti evaluate {run.path}</code>" in shown


def test_a_run_without_numbers(finished_run: Callable[..., Run]) -> None:
    run = finished_run(evaluated=False, validation=False)
    run.history_file.unlink()
    assert "no accuracy yet" in run_summary_html(run)


def test_names_are_text(finished_run: Callable[..., Run]) -> None:
    assert "<script" not in run_summary_html(finished_run(data="<script>alert(1)</script>"))


def test_it_stays_short(finished_run: Callable[..., Run]) -> None:
    assert len(run_summary_html(finished_run())) < 1000
