"""The model card: every heading, the run's own figures, and what somebody wrote is kept."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from smalti.cli.main import run as smalti
from smalti.reporting.card import write_card
from smalti.runs import Run

HEADINGS = (
    "Model details", "Intended use", "Factors", "Metrics", "Training data and evaluation data",
    "Quantitative analyses", "Ethical considerations", "Caveats and recommendations",
    "Make it again",
)  # fmt: skip


def card_of(run: Run) -> str:
    assert write_card(run) == run.card_file
    return run.card_file.read_text(encoding="utf-8")


def test_the_card_has_the_usual_headings_and_the_runs_figures(
    finished_run: Callable[..., Run],
) -> None:
    run = finished_run(n=400)
    text = card_of(run)
    assert tuple(re.findall("^## (.+)$", text, re.MULTILINE)) == HEADINGS
    metrics = run.metrics()
    assert metrics is not None
    assert f"test accuracy {100 * metrics['accuracy']:.2f} % (95 % interval" in text
    assert "n = 400" in text
    for name in run.classifier()["class_names"]:
        assert re.search(rf"^\| {name} \| [\d.]+ % \|", text, re.MULTILINE)
    assert "Mean corruption accuracy" in text
    assert "near-duplicates in the training part" in text
    assert "To be added" in text


@pytest.mark.parametrize(
    "plan",
    [
        {"evaluated": False},
        {"evaluated": False, "validation": False},
        {"validation": False},
        {"class_names": tuple(f"class {place}" for place in range(100)), "n": 600},
        {"class_names": ("yes", "no"), "channels": 1, "side": 28},
    ],
)
def test_whatever_the_run_lacks_leaves_a_whole_card(
    plan: dict[str, object], finished_run: Callable[..., Run]
) -> None:
    run = finished_run(**plan)
    text = card_of(run)
    assert tuple(re.findall("^## (.+)$", text, re.MULTILINE)) == HEADINGS
    assert "None" not in text
    if not plan.get("evaluated", True):
        assert "test accuracy" not in text
    if plan == {"evaluated": False, "validation": False}:
        assert f"`smalti evaluate {run.path}`" in text


def test_a_name_cannot_become_markdown(finished_run: Callable[..., Run]) -> None:
    names = ("a|b", "<i>", *(f"c{place}" for place in range(8)))
    text = card_of(finished_run(class_names=names, n=400))
    assert "| a\\|b |" in text
    assert "\\<i\\>" in text
    assert "<i>" not in text


def test_the_same_files_give_the_same_card_and_an_edited_one_is_kept(
    finished_run: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished_run(n=200)
    first = card_of(run)
    assert card_of(run) == first
    run.card_file.write_text(first.replace("names, contact, licence", "me"), encoding="utf-8")
    edited = run.card_file.read_bytes()
    assert write_card(run) is None
    assert smalti(["report", str(run.path)]) == 0
    assert "edited by hand: left as it is" in capsys.readouterr().out
    assert run.card_file.read_bytes() == edited
    run.card_file.unlink()
    assert card_of(run) == first
