"""Pictures written one after the other make a plain .npy file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from smalti.data.image_writer import ImageWriter
from tests.support import shapes


def test_numpy_reads_what_was_written(tmp_path: Path) -> None:
    images, _ = shapes(1203, channels=3)
    path = tmp_path / "images.npy"
    with ImageWriter(path, (12, 12, 3)) as writer:
        for start in range(0, len(images), 100):
            writer.append(images[start : start + 100])
    assert (np.load(path) == images).all()
    assert writer.count == 1203
    assert writer.sha256 == hashlib.sha256(images.tobytes()).hexdigest()


def test_scattered_pictures_are_written_by_their_values(tmp_path: Path) -> None:
    images, _ = shapes(20)
    with ImageWriter(tmp_path / "images.npy", (12, 12, 1)) as writer:
        writer.append(images[::2])
    assert (np.load(tmp_path / "images.npy") == images[::2]).all()


@pytest.mark.parametrize("wrong", [np.zeros((3, 5, 5, 1), np.uint8), np.zeros((3, 12, 12, 1))])
def test_other_shapes_and_types_are_refused(tmp_path: Path, wrong: np.ndarray) -> None:
    with (
        ImageWriter(tmp_path / "images.npy", (12, 12, 1)) as writer,
        pytest.raises(ValueError, match="expected uint8"),
    ):
        writer.append(wrong)
