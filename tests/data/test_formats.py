"""The published formats, read from tiny files made by the book."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from smalti.data.formats import read_cifar10, read_idx
from smalti.errors import SmaltiError
from tests.data.published_sets import cifar_archive, cifar_rows, idx, tar_gz, tiny_arrays

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
        (b"no gzip at all", "Not a gzipped file"),
        (idx(CUBE)[:-12], "ended before|damaged"),
        (gzip.compress(b"\0\0\x08"), "does not begin like an idx file"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0"), "does not begin like an idx file"),
        (gzip.compress(b"\0\0\x08\x03\0\0\0\x01"), "its length does not fit its header"),
        (gzip.compress(gzip.decompress(idx(CUBE))[:-1]), "its length does not fit its header"),
        (gzip.compress(gzip.decompress(idx(CUBE)) + b"?"), "its length does not fit its header"),
    ],
    ids=["empty", "text", "truncated", "short", "floats", "half a header", "less", "more"],
)
def test_a_damaged_idx_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with pytest.raises(SmaltiError, match=words) as caught:
        read_idx(path)
    assert caught.value.problem.startswith(f"{path} is damaged")
    assert "fetch it again" in caught.value.hint


def test_cifar10(tmp_path: Path) -> None:
    arrays = tiny_arrays("cifar10")
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(cifar_archive(arrays))
    read = read_cifar10(path)
    assert {key: (array.shape, array.dtype) for key, array in read.items()} == {
        key: (array.shape, array.dtype) for key, array in arrays.items()
    }
    assert all((read[key] == arrays[key]).all() for key in arrays)


def test_cifar10_rows_are_planes_of_red_green_and_blue(tmp_path: Path) -> None:
    row = bytes([7]) + b"\x01" * 1024 + b"\x02" * 1024 + b"\x03" * 1024
    names = [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(tar_gz(dict.fromkeys(names, row)))
    read = read_cifar10(path)
    assert (read["x_train"] == (1, 2, 3)).all()
    assert read["y_train"].tolist() == [7] * 5


ROW = cifar_rows(np.zeros((1, 32, 32, 3), np.uint8), np.zeros(1))
NAMES = [f"data_batch_{k}.bin" for k in range(1, 6)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"no archive", "damaged"),
        (tar_gz(dict.fromkeys(NAMES, ROW)), "it holds no test_batch.bin"),
        (tar_gz({"data_batch_1.bin": ROW[:-1]}), "expected rows of 3,073 bytes"),
        (tar_gz({"data_batch_1.bin": b""}), "expected rows of 3,073 bytes"),
        (cifar_archive(tiny_arrays("cifar10"))[:5000], "damaged"),
        (tar_gz({}), "it holds no data_batch_1.bin"),
    ],
    ids=["empty", "text", "no test", "half a row", "no rows", "truncated", "nothing inside"],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(content)
    with pytest.raises(SmaltiError, match=words):
        read_cifar10(path)
