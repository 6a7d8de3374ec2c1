"""Sheets of a data set: the right pictures, and the very augmentation of a recipe."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import smalti
from smalti import showing
from smalti.errors import SmaltiError
from smalti.recipes import Recipe, resolve
from smalti.reporting.plots import class_grid
from smalti.reporting.plots.class_grid import ClassRow
from tests.datasets import tiny_dataset


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[ClassRow]:
    """Return the rows of the last sheet that was drawn."""
    seen: list[ClassRow] = []
    draw = class_grid.class_grid_plot

    def watched(rows: list[ClassRow], **how: object) -> object:
        seen[:] = rows
        return draw(rows, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(class_grid, "class_grid_plot", watched)
    return seen


def recipe(**fields: object) -> Recipe:
    options = {f"augmentation.{name}": value for name, value in fields.items()}
    return resolve("cnn", "tiny", {"augmentation.policy": "affine", **options})


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_pictures_are_of_their_class_and_part(part: str, rows: list[ClassRow]) -> None:
    data = tiny_dataset()
    showing.class_sheet(data, part=part, number=4)
    chosen = data.part(part)
    assert [row.name for row in rows] == list(data.class_names)
    for label, row in enumerate(rows):
        theirs = chosen.pictures(np.flatnonzero(chosen.labels == label))
        assert len(row.pictures) == 4
        assert all((theirs == picture).all(axis=(1, 2, 3)).any() for picture in row.pictures)
        assert row.note == str(len(theirs))


def test_versions_stand_beside_their_picture(rows: list[ClassRow]) -> None:
    data = tiny_dataset(channels=3)
    mirror = recipe(shift=0, rotation=0, zoom=0, horizontal_flip=True)
    plot = showing.class_sheet(data, mirror, number=6)
    for row in rows:
        original, *versions = row.pictures
        assert len(versions) == 6
        for version in versions:
            assert version.dtype == np.uint8
            assert (version == original).all() or (version == original[:, ::-1]).all()
    assert any((row.pictures[0] != version).any() for row in rows for version in row.pictures)
    said = [text.get_text() for text in plot.figure.axes[0].texts]
    assert "augmentation affine: horizontal flip" in said


def test_mixing_is_shown_too(rows: list[ClassRow]) -> None:
    data = tiny_dataset()
    showing.class_sheet(data, resolve("dense", "tiny", {"augmentation.mixup": 5.0}), number=8)
    originals = np.stack([row.pictures[0] for row in rows]).astype(float)
    strange = 0
    for row in rows:
        for version in row.pictures[1:]:
            inside = (version >= originals.min(axis=0) - 1) & (version <= originals.max(axis=0) + 1)
            assert inside.all()
            strange += not any((version == original).all() for original in originals)
    assert strange


def test_the_seed_alone_decides() -> None:
    data = tiny_dataset()
    first, again, other = (
        showing.class_sheet(data, recipe(), number=2, seed=seed).png for seed in (0, 0, 1)
    )
    assert first == again != other


def test_a_class_without_pictures_has_an_empty_row(rows: list[ClassRow]) -> None:
    data = tiny_dataset(n=2, validation=0, test=0)  # no ring
    for made in (None, recipe()):
        showing.class_sheet(data, made, number=3)
        assert [bool(row.pictures) for row in rows] == [True, True, False]
        assert rows[2].note == "0"


def test_a_recipe_that_changes_nothing_is_refused() -> None:
    with pytest.raises(SmaltiError, match="changes no picture of tiny") as caught:
        showing.class_sheet(tiny_dataset(), resolve("dense", "tiny", {}))
    assert "leave out --augment" in caught.value.hint


@pytest.mark.parametrize("number", [0, -1, 51, 2.5, True, "3"])
def test_impossible_numbers_are_refused(number: object) -> None:
    with pytest.raises(SmaltiError, match="from 1 to 50"):
        showing.class_sheet(tiny_dataset(), number=number)  # type: ignore[arg-type]


def test_from_python(tmp_path: Path, npz: Callable[..., Path]) -> None:
    path = smalti.show_data(npz(), to=tmp_path / "sheet.png")
    assert path == tmp_path / "sheet.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"name": "own", "augmentation": {"policy": "affine", "shift": 0.2}}))
    path = smalti.show_data(npz(), file, to=tmp_path, n=2)
    assert path == tmp_path / "tiny-own-augmented.png"
    with pytest.raises(SmaltiError, match="no part of tiny called 'tset'"):
        smalti.show_data(npz(), part="tset")
