"""A picture of a folder is found again by its file, also beside files that are left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from smalti.data.file_names import file_names
from smalti.data.load import load_data


def test_each_row_has_its_file(pictures: Callable[..., Path]) -> None:
    folder = pictures(per_class=6)
    (folder / "column/0000.png").write_bytes(b"no picture")
    dataset = load_data(folder)
    names = file_names(dataset)
    assert len(names) == 18
    for part in dataset.parts.values():
        for row, label in zip(part.rows, part.labels, strict=True):
            assert names[row].split("/")[0] == dataset.class_names[label]
    (folder / "bar/new.png").write_bytes((folder / "bar/0.png").read_bytes())
    assert file_names(dataset) == []


def test_arrays_have_none(npz: Callable[..., Path]) -> None:
    assert file_names(load_data(npz())) == []
