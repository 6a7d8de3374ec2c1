"""A data set shows itself in one line, and its parts hand out pictures by position."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.errors import SmaltiError
from tests.datasets import tiny_dataset


def test_it_shows_itself_in_one_line() -> None:
    data = tiny_dataset(n=1200)
    assert repr(data) == (
        "Dataset('tiny': 1,200 train, 30 validation, 30 test; 12×12×1; 3 classes; made for tests)"
    )
    assert repr(data.part("test")) == "Part(30 pictures)"


def test_pictures_by_position() -> None:
    part = tiny_dataset().part("validation")
    pictures = part.pictures(np.array([3, 1]))
    assert (pictures == part.images[part.rows[[3, 1]]]).all()
    pictures[:] = 0
    assert part.pictures(slice(3, 4)).any()


def test_a_missing_part_names_those_there_are() -> None:
    with pytest.raises(SmaltiError, match=r"Did you mean 'test'\?"):
        tiny_dataset().part("tets")


# Samples.


def test_a_sample_keeps_every_class_in_its_proportion_and_the_order() -> None:
    data = tiny_dataset(n=90)
    small = data.sample(12)
    assert {name: len(part) for name, part in small.parts.items()} == dict.fromkeys(
        ("train", "validation", "test"), 12
    )
    assert np.bincount(small.part("train").labels).tolist() == [4, 4, 4]
    assert (np.diff(small.part("train").rows) > 0).all()
    assert (small.part("train").rows == data.sample(12).part("train").rows).all()


def test_a_sample_is_never_taken_for_the_whole_set() -> None:
    data = tiny_dataset()
    small = data.sample(12)
    assert small.fingerprint not in (data.fingerprint, data.sample(9).fingerprint)
    assert small.source == ""
    assert small.split == "a sample of the made for tests"
    assert data.sample(10_000) is data


def test_the_first_pictures_of_a_class() -> None:
    part = tiny_dataset().part("train")
    pictures = part.of_class(2, 5)
    assert len(pictures) == 5
    assert (pictures[1] == part.pictures()[part.labels == 2][1]).all()
    assert len(part.of_class(7, 5)) == 0
