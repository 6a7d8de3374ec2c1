"""Each training picture is judged by a model that was not shown it; cut short, it goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smalti.data.dataset import Dataset
from smalti.data.splits import folds_of
from smalti.errors import SmaltiError
from smalti.recipes import Recipe, resolve
from smalti.search import folds
from smalti.training import session
from tests.datasets import tiny_dataset

COMMAND = "smalti data check tiny --folds 3"


@pytest.fixture
def dataset() -> Dataset:
    return tiny_dataset()


@pytest.fixture
def recipe() -> Recipe:
    options = {"training.epochs": 2, "training.batch_size": 16, "model.hidden": (16,)}
    return resolve("dense", "tiny", options)


def test_folds_are_even_in_every_class_and_the_same_by_the_seed() -> None:
    labels = np.repeat([0, 1, 2], [50, 31, 7])
    dealt = folds_of(labels, 5, 0)
    for label in (0, 1, 2):
        sizes = np.bincount(dealt[labels == label], minlength=5)
        assert sizes.max() - sizes.min() <= 1
    assert np.array_equal(dealt, folds_of(labels, 5, 0))
    assert not np.array_equal(dealt, folds_of(labels, 5, 1))


def test_every_picture_is_judged_by_a_model_that_was_not_shown_it(
    dataset: Dataset, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[set[int]] = []
    start = session.start

    def noted(recipe: Recipe, dataset: Dataset, *others: object) -> object:
        parts = (dataset.part("train"), dataset.part("validation"))
        shown.append({int(row) for part in parts for row in part.rows})
        asked = {int(row) for row in dataset.part("test").rows}
        assert not shown[-1] & asked
        return start(recipe, dataset, *others)

    monkeypatch.setattr(session, "start", noted)
    found = folds.judge(dataset, recipe, 3, tmp_path / "folds", COMMAND)
    rows = {int(row) for name in ("train", "validation") for row in dataset.part(name).rows}
    assert set.union(*shown) == rows == {int(row) for row in found.part.rows}
    assert all(not seen & set(dataset.part("test").rows.tolist()) for seen in shown)
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)
    right = (found.probabilities.argmax(axis=1) == found.part.labels).mean()
    assert right > 0.45
    assert not list((tmp_path / "folds").glob("training-*"))


def test_cut_short_it_goes_on_and_ends_with_the_same_answers(
    dataset: Dataset, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = folds.judge(dataset, recipe, 3, tmp_path / "whole", COMMAND)
    follow, done = folds._Course.follow, []

    def cut(course: folds._Course, number: int, *others: object, **named: object) -> None:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(number)
        follow(course, number, *others, **named)

    monkeypatch.setattr(folds._Course, "follow", cut)
    with pytest.raises(KeyboardInterrupt):
        folds.judge(dataset, recipe, 3, tmp_path / "cut", COMMAND)
    kept = (tmp_path / "cut/fold-1.safetensors").read_bytes()
    monkeypatch.setattr(folds._Course, "follow", follow)
    again = folds.judge(dataset, recipe, 3, tmp_path / "cut", COMMAND)
    assert (tmp_path / "cut/fold-1.safetensors").read_bytes() == kept
    assert np.array_equal(again.probabilities, whole.probabilities)


def test_a_training_that_was_cut_is_continued(
    dataset: Dataset, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folds, "_probabilities", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        folds.judge(dataset, recipe, 2, tmp_path / "folds", COMMAND)
    monkeypatch.undo()
    monkeypatch.setattr(session, "start", _second_only(session.start))
    found = folds.judge(dataset, recipe, 2, tmp_path / "folds", COMMAND)
    assert len(found.part) == 120


def test_a_classical_method_judges_too(dataset: Dataset, tmp_path: Path) -> None:
    found = folds.judge(dataset, resolve("knn", "tiny", {}), 3, tmp_path / "folds", COMMAND)
    assert (found.probabilities.argmax(axis=1) == found.part.labels).mean() > 0.6


def test_another_plan_in_the_same_folder_is_refused(
    dataset: Dataset, recipe: Recipe, tmp_path: Path
) -> None:
    folds.judge(dataset, recipe, 2, tmp_path / "folds", COMMAND)
    with pytest.raises(SmaltiError, match=r"another plan.*folds") as caught:
        folds.judge(dataset, recipe, 3, tmp_path / "folds", COMMAND)
    assert "rm -r" in caught.value.hint
    with pytest.raises(SmaltiError, match=r"another plan.*recipe"):
        folds.judge(dataset, replace(recipe, seed=1), 2, tmp_path / "folds", COMMAND)


def test_more_folds_than_pictures_and_tiny_classes_are_refused(
    dataset: Dataset, recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(SmaltiError, match="expects 2 to 120, not 121"):
        folds.judge(dataset, recipe, 121, tmp_path, COMMAND)
    few = dataset.part("train").only(np.array([0, 1, 2, 3, 4, 6, 7, 9, 10]))
    small = replace(dataset, parts={"train": few})
    with pytest.raises(SmaltiError, match="Too few pictures in class 'ring'"):
        folds.judge(small, recipe, 2, tmp_path, COMMAND)
    assert not list(tmp_path.iterdir())


def test_a_teacher_that_saw_the_labels_is_left_out(
    dataset: Dataset, recipe: Recipe, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taught = replace(recipe, training=replace(recipe.training, teacher="runs/teacher"))
    with caplog.at_level("INFO", "smalti"):
        folds.judge(dataset, taught, 2, tmp_path / "folds", COMMAND)
    assert "without the teacher" in caplog.text
    assert "2 trainings by the recipe dense, about" in caplog.text


def _interrupted(*_: object) -> np.ndarray:
    raise KeyboardInterrupt


def _second_only(start):
    def checked(recipe: Recipe, dataset: Dataset, *others: object) -> object:
        assert dataset.name.endswith("fold-2")
        return start(recipe, dataset, *others)

    return checked
