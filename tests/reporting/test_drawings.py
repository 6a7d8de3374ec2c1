"""The drawings of a run by name, and drawings as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smalti.errors import SmaltiError
from smalti.names import DRAWINGS
from smalti.reporting.drawings import compare, draw
from smalti.reporting.plots import canvas
from smalti.runs import Run

MakeRun = Callable[..., Run]


@pytest.mark.parametrize("what", DRAWINGS)
def test_every_name_draws_an_evaluated_run(finished_run: MakeRun, what: str) -> None:
    plot = draw(finished_run(n=200), what)
    assert plot.svg.startswith(b"<?xml")
    assert plot.alt


@pytest.mark.parametrize("what", ["samples"])
def test_what_evaluation_writes_names_the_command(finished_run: MakeRun, what: str) -> None:
    with pytest.raises(SmaltiError, match=r"Do: smalti evaluate .*cifar10-cnn-0"):
        draw(finished_run(evaluated=False, n=50), what)


def test_before_the_test_set_is_opened_the_matrix_is_that_of_validation(
    finished_run: MakeRun,
) -> None:
    assert draw(finished_run(evaluated=False, n=50), "confusion").name == "confusion"


def test_a_run_that_has_only_begun_says_how_to_go_on(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "begun", {"name": "cnn"})
    for what in ("curves", "augmented"):
        with pytest.raises(SmaltiError, match="train --resume"):
            draw(run, what)
    with pytest.raises(SmaltiError, match="smalti evaluate"):
        draw(run, "confusion")
    with pytest.raises(SmaltiError, match="no finished epoch"):
        compare([run])


def test_a_mistyped_name_gets_the_nearest(finished_run: MakeRun) -> None:
    with pytest.raises(SmaltiError, match="Did you mean 'curves'"):
        draw(finished_run(n=50), "curvs")


def test_a_damaged_sample_is_one_sentence(finished_run: MakeRun) -> None:
    run = finished_run(n=50)
    path = run.samples_folder / "wrong-00.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(SmaltiError, match="is damaged or missing"):
        draw(run, "samples")


def test_samples_say_what_was_predicted_how_surely_and_what_is_true(
    finished_run: MakeRun,
) -> None:
    run = finished_run(n=200)
    wrong, right = run.samples()["wrong"][0], run.samples()["right"][0]
    alt = draw(run, "samples").alt
    assert f"{wrong['predicted']}, {100 * wrong['confidence']:.0f} % is {wrong['label']}" in alt
    assert f"Right: {right['label']}, {100 * right['confidence']:.0f} %" in alt


def test_runs_are_compared_under_their_names(finished_run: MakeRun) -> None:
    runs = [finished_run(name=name, n=50) for name in ("one", "two")]
    assert compare(runs).alt == "validation loss and accuracy of one, two"


# Files.


@pytest.fixture
def plot(finished_run: MakeRun) -> canvas.Plot:
    return draw(finished_run(n=50), "curves")


def test_a_folder_gets_the_drawing_under_its_name(plot: canvas.Plot, tmp_path: Path) -> None:
    path = plot.save(tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "curves.png"
    assert path.read_bytes() == plot.png
    dotted = tmp_path / "run-0.5"
    dotted.mkdir()
    assert plot.save(dotted).parent == dotted


def test_the_ending_of_a_file_decides_its_kind(plot: canvas.Plot, tmp_path: Path) -> None:
    assert plot.save(tmp_path / "a.svg").read_bytes() == plot.svg
    with pytest.raises(SmaltiError, match=r"\.png or \.svg, not as a\.jpg"):
        plot.save(tmp_path / "a.jpg")


def test_a_notebook_shows_it_in_page_pixels(plot: canvas.Plot) -> None:
    png, size = plot._repr_png_()
    width = np.frombuffer(png[16:20], ">u4")[0]
    assert width == 2 * size["width"]
    assert "figure" not in repr(plot)


def test_it_is_opened_in_the_viewer(
    plot: canvas.Plot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    opened: list[str] = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)))
    plot.show()
    assert opened[0].endswith("/curves.png")
    assert Path(opened[0].removeprefix("file://")).read_bytes() == plot.png
    assert "No viewer could be started" in caplog.text
