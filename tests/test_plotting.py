"""``smalti.plot`` and its companions: which subject gives which drawing, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import smalti
from smalti.classifier.protocol import Prediction
from smalti.errors import SmaltiError
from smalti.training.progress import Listener
from tests.datasets import tiny_dataset
from tests.reporting.made_up import Plan, make_run


@pytest.fixture
def run(tmp_path: Path) -> smalti.Run:
    return make_run(tmp_path, Plan(n=50, epochs=2))


def test_a_run_gives_its_curves_or_what_is_asked_for(run: smalti.Run, tmp_path: Path) -> None:
    assert smalti.plot(run).name == "curves"
    assert smalti.plot(str(run.path), "samples", to=tmp_path / "here").name == "samples"
    assert (tmp_path / "here" / "samples.png").is_file()


def test_several_runs_are_compared(run: smalti.Run) -> None:
    assert smalti.plot([run, run.path]).name == "comparison"
    with pytest.raises(SmaltiError, match="Of several runs, smalti draws curves, not 'samples'"):
        smalti.plot([run, run], "samples")


def test_an_evaluation_gives_its_matrix(tmp_path: Path) -> None:
    data = tiny_dataset()
    small = {"model.hidden": (4,), "training.batch_size": 32}
    run = smalti.train(data, "dense", epochs=1, set=small, out=tmp_path, listener=Listener())
    evaluation = smalti.evaluate(run, data)
    assert smalti.plot(evaluation).name == "confusion"
    with pytest.raises(SmaltiError, match="Of an evaluation, smalti draws confusion"):
        smalti.plot(evaluation, "curves")


def test_a_data_set_gives_some_of_every_class(tmp_path: Path) -> None:
    words = smalti.plot(tiny_dataset(), to=tmp_path / "as they are.svg").svg.decode()
    assert all(f">{name}<" in words for name in ("bar", "column", "ring"))
    with pytest.raises(SmaltiError, match="Of a data set, smalti draws samples, not 'curves'"):
        smalti.plot(tiny_dataset(), "curves")


def test_a_recipe_shows_them_as_training_sees_them(run: smalti.Run) -> None:
    plain, changed = smalti.plot(tiny_dataset()), smalti.plot(tiny_dataset(), recipe="cnn")
    assert changed.name != plain.name
    with pytest.raises(SmaltiError, match="a run has its own"):
        smalti.plot(run, recipe="cnn")


def test_pictures_are_marked_where_the_truth_is_known(tmp_path: Path) -> None:
    pictures = tiny_dataset().part("test").pictures(slice(0, 2))
    plot = smalti.plot_pictures(pictures, ["bar", "ring"], ["bar", "column"], to=tmp_path)
    assert plot.alt == "Pictures: bar, ring is column"
    assert (tmp_path / "pictures.png").is_file()
    with pytest.raises(SmaltiError, match="Got 2 pictures, 1 captions"):
        smalti.plot_pictures(pictures, ["bar"])


def test_an_answer_is_drawn_beside_its_picture(run: smalti.Run, tmp_path: Path) -> None:
    answer = Prediction("0", "bar", 0.9, {"bar": 0.9, "ring": 0.1})
    given = run.samples_folder / "right-00.png"
    picture = tiny_dataset().part("test").pictures(slice(0, 1))[0]
    assert smalti.plot_prediction(answer, picture, "ring").alt.startswith("bar ✗, it is ring: bar")
    plot = smalti.plot_prediction(answer, picture, given=given, to=tmp_path / "own.png")
    assert "as it was given" in plot.svg.decode()
    assert (tmp_path / "own.png").is_file()
