"""``smalti data check`` with a run and with folds, as a user types it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support import shapes

WRONG = [5, 17, 33, 58, 80, 101, 150, 199]


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Return a file with wrong labels, and with train 0 in the test part again."""
    x_train, y_train = shapes(240)
    x_test, y_test = shapes(30, seed=1)
    y_train[WRONG] = (y_train[WRONG] + 1) % 3
    x_test[4] = x_train[0]
    file = tmp_path / "own.npz"
    np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return file


DENSE = ("--recipe", "dense", "--epochs", "8", "--set", "training.batch_size=16")


def test_with_a_run(smalti: Callable, planted: Path) -> None:
    assert smalti("train", planted, *DENSE).code == 0
    outcome = smalti("data", "check", planted, "--run", "runs/own-dense-0")
    assert outcome.code == 0, outcome.err
    assert "duplicates   1 of test also in train" in outcome.out
    assert "near         1 pair of pictures almost the same; 1 of 30 test" in outcome.out
    assert "train 0" in outcome.out or "validation" in outcome.out
    assert "of 24 validation pictures likely labelled wrong" in outcome.out
    assert "of 240 training pictures are far from all" in outcome.out
    assert "smalti evaluate runs/own-dense-0" in outcome.out
    folder = Path("runs/own-dense-0/data-check")
    assert f"page  {folder / 'data-check.html'}" in outcome.out
    assert {"label-errors.csv", "near-duplicates.csv", "outliers.csv"} <= {
        path.name for path in folder.iterdir()
    }
    assert smalti("evaluate", "runs/own-dense-0").code == 0
    outcome = smalti("data", "check", planted, "--run", "runs/own-dense-0")
    assert re.search(r"without those: .* n = 29\)", outcome.out)


def test_with_folds_and_no_run_and_what_to_do_works(
    smalti: Callable, planted: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text(
        json.dumps(
            {"name": "d", "model": {"name": "dense"}, "training": {"epochs": 10, "batch_size": 16}}
        )
    )
    arguments = ("data", "check", planted, "--folds", "2", "--recipe", recipe)
    outcome = smalti(*arguments)
    assert outcome.code == 0, outcome.err
    assert "2 trainings by the recipe d, about" in outcome.err
    assert "240 training pictures likely labelled wrong, judged by 2 models" in outcome.out
    table = Path("runs/check-own/label-errors.csv")
    assert f"table {table}" in outcome.out
    with table.open() as file:
        rows = [int(line["row"]) for line in csv.DictReader(file)]
    assert len(set(rows[:16]) & set(WRONG)) >= 6
    again = smalti(*arguments, "--json")
    assert "all 2 folds are trained" in again.err
    found = json.loads(again.out)
    assert found["label_errors"]["n"] == 240
    assert found["near_duplicates"]["affected"] == [4]
    assert found["sizes"]["test"] == 30


def test_the_pairs_as_pictures_without_a_run(smalti: Callable, planted: Path) -> None:
    outcome = smalti("data", "check", planted, "--out", "found")
    assert outcome.code == 0
    page = Path("found/check-own/data-check.html").read_text()
    assert "test 4" in page
    assert page.count("<img") == 2
    assert not Path("runs").exists()


def test_what_is_left_out_by_the_page_s_commands(
    smalti: Callable, planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smalti import api

    found = api.check_data(str(planted), recipe="knn", folds=3, out="found")
    (_, text), *_ = found.repairs()
    monkeypatch.setattr("smalti.train", lambda path: None)
    exec(text, {})
    with np.load("cleaned.npz") as cleaned, np.load(planted) as whole:
        likely = [error.place.row for error in found.labels.errors if error.likely]
        assert likely
        kept = np.setdiff1d(np.arange(240), likely)
        assert np.array_equal(cleaned["x_train"], whole["x_train"][kept])
        assert np.array_equal(cleaned["y_train"], whole["y_train"][kept])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--recipe", "dense"), "for the models of folds"),
        (("--run", "missing"), "There is no run folder missing"),
        (("--folds", "1"), "1 is not in the range"),
        (("--likeness", "0.2"), "0.2 is not in the range"),
    ],
)
def test_bad_options(smalti: Callable, options: tuple[str, ...], said: str) -> None:
    outcome = smalti("data", "check", "digits", *options)
    assert outcome.code == 2
    assert said in outcome.err


def test_data_of_another_run_are_refused(smalti: Callable, planted: Path, finished: Path) -> None:
    outcome = smalti("data", "check", planted, "--run", finished)
    assert outcome.code == 2
    assert "These are not the pictures that" in outcome.err
    both = smalti("data", "check", "digits", "--run", finished, "--image-size", "8")
    assert "a run knows the size" in both.err
