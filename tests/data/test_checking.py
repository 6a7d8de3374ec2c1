"""A check counts classes, sizes, duplicates and label conflicts, and hashes the content again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smalti.data import fingerprints
from smalti.data.checking import check
from smalti.data.dataset import Dataset, Part
from smalti.data.fingerprints import fingerprint
from smalti.data.load import load_data
from tests.support import CLASS_NAMES, shapes


def parts_of(images: np.ndarray, labels: np.ndarray, **rows: list[int]) -> Dataset:
    whole = Part.whole(images, labels)
    parts = {name: whole.only(np.array(chosen)) for name, chosen in rows.items()}
    data = Dataset("d", "d", CLASS_NAMES, parts, fingerprint="")
    return replace(data, fingerprint=fingerprint(data))


@pytest.fixture
def repeated() -> Dataset:
    """Return twelve pictures, some of them again within and across parts."""
    images, labels = shapes(12)
    images[3] = images[0]  # train 0 and 3: same class
    images[9] = images[0]  # and test
    images[7] = images[1]  # train 1, validation 7: same class
    images[8] = images[1]  # validation 8: another class
    labels[[0, 3, 9]] = 0
    labels[[1, 7]] = 1
    labels[8] = 2
    return parts_of(
        images, labels, train=[0, 1, 2, 3, 4, 5], validation=[6, 7, 8], test=[9, 10, 11]
    )


def test_classes_are_counted_in_every_part(repeated: Dataset) -> None:
    found = check(repeated)
    assert found.sizes == {"train": 6, "validation": 3, "test": 3}
    for name, part in repeated.parts.items():
        expected = [int((part.labels == k).sum()) for k in range(3)]
        assert found.counts[name] == dict(zip(CLASS_NAMES, expected, strict=True))


def test_duplicates_within_and_across_parts(repeated: Dataset) -> None:
    found = check(repeated)
    assert found.duplicates == {"train": 1, "validation": 1, "test": 0}
    assert found.shared == {"train & validation": 2, "train & test": 1, "validation & test": 0}


def test_the_same_picture_with_two_labels(repeated: Dataset) -> None:
    found = check(repeated)
    assert found.conflicts == 1
    (example,) = found.conflict_examples
    places = {example.first, example.second}
    assert ("validation", 2) in places
    assert places <= {("train", 1), ("validation", 1), ("validation", 2)}
    assert {example.first_class, example.second_class} == {"column", "ring"}


def test_nothing_is_made_up() -> None:
    images, labels = shapes(60)
    found = check(load_data((images, labels)))
    assert set(found.duplicates.values()) == {0}
    assert set(found.shared.values()) == {0}
    assert (found.conflicts, found.conflict_examples, found.file_sizes) == (0, (), None)
    assert found.intact


def test_only_some_examples_are_kept() -> None:
    images = np.zeros((60, 4, 4, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(60) // 2
    found = check(parts_of(images, np.arange(60) % 2, train=list(range(60))))
    assert found.conflicts == 30
    assert len(found.conflict_examples) == 10
    assert found.duplicates == {"train": 30}


def test_pieces_make_no_difference(repeated: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = check(repeated)
    monkeypatch.setattr(fingerprints, "CHUNK_BYTES", 300)
    assert check(repeated) == whole


def test_a_change_is_noticed(repeated: Dataset) -> None:
    assert check(repeated).intact
    repeated.part("train").images[5, 0, 0, 0] ^= 1
    found = check(repeated)
    assert not found.intact
    assert found.recorded == repeated.fingerprint != found.fingerprint


def test_a_folder_tells_file_sizes_and_skipped_files(pictures: Callable[..., Path]) -> None:
    from PIL import Image

    folder = pictures(per_class=5)
    Image.new("RGB", (100, 30)).save(folder / "bar/wide.png")
    (folder / "bar/empty.png").touch()
    found = check(load_data(folder))
    assert found.file_sizes == {"smallest": (16, 16), "median": (16, 16), "largest": (100, 30)}
    assert found.skipped == (("bar/empty.png", "the file is empty (0 bytes)"),)
    assert found.image_shape == (64, 64, 3)


def test_it_can_be_written_as_json(repeated: Dataset) -> None:
    values = json.loads(json.dumps(check(repeated).to_dict()))
    assert values["intact"] is True
    assert values["sizes"]["train"] == 6
    assert values["shared"]["train & test"] == 1
    assert values["conflict_examples"][0]["first"][0] in ("train", "validation")
