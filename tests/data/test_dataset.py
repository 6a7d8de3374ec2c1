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
