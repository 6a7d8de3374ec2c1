"""What is planted is found: copies across parts, wrong labels, pictures that lie apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smalti.data.dataset import Dataset, Part
from smalti.evaluation import evaluating
from smalti.findings import balance_of
from smalti.metrics import accuracy
from smalti.recipes import resolve
from smalti.runs import Run
from smalti.search import inspecting
from smalti.search.folds import Judged, training_pictures
from smalti.training import session
from tests.data.test_perceptual import scenes

SIZES = {"train": 60, "validation": 20, "test": 20}
COPIES = {81: 3, 90: 70, 95: 82}
"""Picture by picture: test 1 copies train 3, test 10 validation 10, test 15 test 2."""


def album(channels: int = 1) -> Dataset:
    """Return scenes without classes, some of them faded copies of others."""
    images = scenes(100)[:, 2:34, 2:34]
    for copy, original in COPIES.items():
        images[copy] = 40 + 0.7 * images[original]
    pictures = np.repeat(images[..., None], channels, axis=3)
    part = Part.whole(pictures, np.arange(100) % 2)
    ends = np.cumsum(list(SIZES.values()))
    rows = np.split(np.arange(100), ends[:-1])
    parts = {name: part.only(r) for name, r in zip(SIZES, rows, strict=True)}
    return Dataset("scenes", "scenes.npz", ("left", "right"), parts, fingerprint="1" * 64)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    options = {"training.epochs": 1, "model.hidden": (16,)}
    recipe = resolve("dense", "scenes", options)
    made = session.start(recipe, album(), tmp_path_factory.mktemp("runs"))
    evaluating.evaluate(made, album)
    return made


@pytest.mark.parametrize("channels", [1, 3])
def test_copies_are_found_across_and_within_parts_without_a_model(channels: int) -> None:
    near = inspecting.inspect(album(channels)).near
    assert near is not None
    found = {(str(pair.first), str(pair.second)) for pair in near.pairs}
    assert found == {("train 3", "test 1"), ("validation 10", "test 10"), ("test 2", "test 15")}
    assert near.affected == (1, 10)
    assert near.pairs[0].likeness > 0.9
    assert "2 of 20 test pictures (10.00 %) have one" in near.sentence()


def test_without_a_run_nothing_else_is_claimed_and_nothing_written() -> None:
    found = inspecting.inspect(album())
    assert (found.labels, found.outliers, found.without, found.path) == (None, None, None, None)


def test_the_accuracy_without_affected_pictures_is_that_of_the_others(run: Run) -> None:
    found = inspecting.inspect(album(), run)
    assert found.without is not None
    logits, labels = run.outputs("test")
    left = [k for k in range(20) if k not in (1, 10)]
    assert found.without.without.n == 18
    assert found.without.without.accuracy == accuracy(logits[left], labels[left])
    assert found.without.all.accuracy == run.metrics()["accuracy"]


def test_test_labels_judge_no_picture(run: Run) -> None:
    known = album()
    other = replace(known.part("test"), labels=1 - known.part("test").labels)
    turned = replace(known, parts={**known.parts, "test": other})
    found, again = inspecting.inspect(known, run), inspecting.inspect(turned, run)
    assert found.labels == again.labels
    assert found.outliers == again.outliers


def test_a_label_error_says_where_the_picture_is(run: Run) -> None:
    data = album()
    part = training_pictures(data)
    probabilities = np.full((80, 2), 0.02)
    probabilities[np.arange(80), part.labels] = 0.98
    probabilities[[7, 65]] = probabilities[[7, 65], ::-1]
    judged = Judged(part, probabilities, "dense", 5, 1.0)
    found = inspecting.inspect(data, None, judged).labels
    assert found is not None
    assert {(str(e.place), e.place.row, e.likely) for e in found.errors} == {
        ("train 7", 7, True),
        ("validation 5", 65, True),
    }
    assert {(e.place.label, e.suggested) for e in found.errors} == {("right", "left")}
    assert found.sentence().startswith("2 of 80 training pictures likely labelled wrong")


def test_page_and_tables_are_written_and_need_no_network(run: Run, tmp_path: Path) -> None:
    found = inspecting.inspect(album(), run, folder=tmp_path / "out")
    page = found.page.read_text()
    assert 'alt="test 1, labelled right"' in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    table = (tmp_path / "out/near-duplicates.csv").read_text().splitlines()
    assert table[0].startswith("part,index,row,file,label,other_part,other_index")
    assert len(table) == 4
    assert found.results_file.exists()


def test_a_run_without_validation_says_what_judges_labels(tmp_path: Path) -> None:
    whole = album()
    data = replace(whole, parts={name: whole.part(name) for name in ("train", "test")})
    recipe = resolve("dense", "scenes", {"training.epochs": 1, "data.validation": 0})
    made = session.start(recipe, data, tmp_path)
    found = inspecting.inspect(data, made)
    assert found.labels is None
    assert any("--folds 5" in note for note in found.notes)


def test_too_many_pictures_are_not_compared_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inspecting, "MOST_COMPARED", 99)
    found = inspecting.inspect(album())
    assert found.near is None
    assert "up to 99 pictures" in found.notes[0]


def test_balance_in_words() -> None:
    assert balance_of({"a": 5, "b": 5}) == "every class has 5 training pictures"
    said = balance_of({"a": 5, "b": 50, "c": 0})
    assert "5 training pictures of 'a' to 50 of 'b', 10.0 times" in said
    assert "no training picture of 'c'" in said
