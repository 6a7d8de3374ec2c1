"""``smalti report``: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest

from smalti.cli.main import run as smalti
from smalti.runs import Run
from tests.support import CommandLine, process_environment


def test_it_says_what_was_written_and_what_comes_next(
    finished_run: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished_run(parent="my runs")
    assert smalti(["report", str(run.path)]) == 0
    assert capsys.readouterr().out == (
        f"report {run.report_file}\n"
        f"plots  {run.plots_folder}\n"
        f"card   {run.card_file}\n"
        f"next   smalti report '{run.path}' --open\n"
    )
    assert run.report_file.is_file()


def test_before_evaluation_the_next_step_is_to_evaluate(
    finished_run: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished_run(evaluated=False)
    assert smalti(["report", str(run.path)]) == 0
    assert f"next   smalti evaluate {run.path}" in capsys.readouterr().out


def test_open_shows_the_page(
    finished_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: opened.append(uri) or True)
    run = finished_run(parent="my runs")
    assert smalti(["report", str(run.path), "--open"]) == 0
    assert opened == [run.report_file.as_uri()]
    assert opened[0].startswith("file:///")


def test_open_without_a_browser_is_no_failure(
    finished_run: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda uri: False)
    run = finished_run()
    assert smalti(["report", str(run.path), "--open"]) == 0
    assert f"open the file {run.report_file} yourself" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_refused(cli: CommandLine, tmp_path: Path) -> None:
    done = cli("report", tmp_path)
    assert done.returncode == 2
    assert "is not a run folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_damage_is_one_sentence_and_exit_2(
    finished_run: Callable[..., Run], cli: CommandLine
) -> None:
    run = finished_run()
    run.metrics_file.write_text("{")
    done = cli("report", run.path)
    assert done.returncode == 2
    assert "metrics.json is damaged" in done.stderr
    assert "smalti evaluate" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_report_needs_no_framework_and_no_display(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    program = (
        "import sys, json; from smalti.cli.main import run; "
        f"code = run(['report', {str(run.path)!r}]); "
        "print(json.dumps([code, sorted({'torch', 'sklearn', 'tkinter', 'matplotlib.pyplot'} "
        "& set(sys.modules))]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=process_environment({"DISPLAY": None, "MPLBACKEND": None}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]
