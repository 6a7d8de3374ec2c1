"""The idx format, read from tiny files made by the book."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from smalti.data import formats
from smalti.data.formats import read_idx
from smalti.errors import SmaltiError
from tests.data.published_sets import idx

CUBE = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("array", [CUBE, CUBE.ravel(), CUBE[:0], CUBE.reshape(2, 3, 2, 2)])
def test_idx(tmp_path: Path, array: np.ndarray) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(idx(array))
    read = read_idx(path)
    assert read.shape == array.shape
    assert (read == array).all()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not begin like an idx file"),
        (b"no gzip at all", "does not begin like an idx file"),
        (b"\x1f\x8bno gzip at all", "Unknown compression method"),
        (idx(CUBE)[:-12], "ended before|damaged"),
        (gzip.compress(b"\0\0\x08"), "does not begin like an idx file"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0"), "does not begin like an idx file"),
        (gzip.compress(b"\0\0\x08\x03\0\0\0\x01"), "its length does not fit its header"),
        (gzip.compress(gzip.decompress(idx(CUBE))[:-1]), "its length does not fit its header"),
        (gzip.compress(gzip.decompress(idx(CUBE)) + b"?"), "its length does not fit its header"),
    ],
    ids=[
        "empty",
        "text",
        "no gzip",
        "truncated",
        "short",
        "floats",
        "half a header",
        "less",
        "more",
    ],
)
def test_a_damaged_idx_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with pytest.raises(SmaltiError, match=words) as caught:
        read_idx(path)
    assert caught.value.problem.startswith(f"{path} is damaged")
    assert "fetch it again" in caught.value.hint


def test_an_unpacked_idx_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.decompress(idx(CUBE)))
    assert (read_idx(path) == CUBE).all()


def test_a_file_that_unpacks_to_more_than_was_published_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "_LARGEST_BYTES", 1000)
    path = tmp_path / "bomb.gz"
    path.write_bytes(idx(np.zeros((100, 28, 28), np.uint8)))
    with pytest.raises(SmaltiError, match="its length does not fit its header"):
        read_idx(path)
