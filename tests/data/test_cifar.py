"""CIFAR's archives and folders, in both versions, made by the book; damage is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smalti.data import cifar
from smalti.data.cifar import CIFAR10_BINARY, CIFAR10_PYTHON, CIFAR100_BINARY, CIFAR100_PYTHON
from smalti.errors import SmaltiError
from tests.data.published_sets import (
    cifar100_archive,
    cifar100_batches,
    cifar_archive,
    cifar_batches,
    cifar_rows,
    tar_gz,
    tiny_arrays,
)
from tests.data.python2_pickles import pickled


def archive(folder: Path, content: bytes) -> list[Path]:
    path = folder / "cifar.tar.gz"
    path.write_bytes(content)
    return [path]


def inside(folder: str, batches: dict[str, bytes]) -> bytes:
    return tar_gz({f"{folder}/{name}": body for name, body in batches.items()})


def versions() -> dict[str, tuple[str, cifar.Version, Callable[[dict], bytes]]]:
    """Every published archive: its set, what reads it, and what makes it."""
    return {
        "10 binary": ("cifar10", CIFAR10_BINARY, cifar_archive),
        "10 python": (
            "cifar10",
            CIFAR10_PYTHON,
            lambda arrays: inside("cifar-10-batches-py", cifar_batches(arrays)),
        ),
        "100 binary": ("cifar100", CIFAR100_BINARY, cifar100_archive),
        "100 python": (
            "cifar100",
            CIFAR100_PYTHON,
            lambda arrays: inside("cifar-100-python", cifar100_batches(arrays)),
        ),
    }


@pytest.mark.parametrize(("name", "version", "made"), versions().values(), ids=versions())
def test_every_published_archive(
    tmp_path: Path, name: str, version: cifar.Version, made: Callable[[dict], bytes]
) -> None:
    arrays = tiny_arrays(name)
    read = version.from_archive(archive(tmp_path, made(arrays)))
    assert list(read) == list(arrays)
    for key, array in arrays.items():
        assert (read[key].shape, read[key].dtype) == (array.shape, array.dtype)
        assert (read[key] == array).all()
    assert set(read["y_train"].tolist()) == set(range(100 if name == "cifar100" else 10))


@pytest.mark.parametrize(
    ("name", "version", "made"),
    [("cifar10", CIFAR10_PYTHON, cifar_batches), ("cifar100", CIFAR100_PYTHON, cifar100_batches)],
)
def test_unpacked_folders(
    tmp_path: Path, name: str, version: cifar.Version, made: Callable[[dict], dict[str, bytes]]
) -> None:
    arrays = tiny_arrays(name)
    for file, body in made(arrays).items():
        (tmp_path / file).write_bytes(body)
    read = version.from_files([tmp_path / file for file in version.names])
    assert all((read[key] == arrays[key]).all() for key in arrays)


def test_rows_are_planes_of_red_green_and_blue(tmp_path: Path) -> None:
    row = bytes([7]) + b"\x01" * 1024 + b"\x02" * 1024 + b"\x03" * 1024
    read = CIFAR10_BINARY.from_archive(
        archive(tmp_path, tar_gz(dict.fromkeys(CIFAR10_BINARY.names, row)))
    )
    assert (read["x_train"] == (1, 2, 3)).all()
    assert read["y_train"].tolist() == [7] * 5


def test_of_cifar100_the_second_label_is_the_class(tmp_path: Path) -> None:
    row = bytes([3, 61]) + b"\x01" * 1024 + b"\x02" * 1024 + b"\x03" * 1024
    read = CIFAR100_BINARY.from_archive(
        archive(tmp_path, tar_gz({"train.bin": row * 2, "test.bin": row}))
    )
    assert read["y_train"].tolist() == [61, 61]
    assert (read["x_test"] == (1, 2, 3)).all()


ROW = cifar_rows(np.zeros((1, 32, 32, 3), np.uint8), np.zeros(1))
NAMES = CIFAR10_BINARY.train


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
    with pytest.raises(SmaltiError, match=words):
        CIFAR10_BINARY.from_archive(archive(tmp_path, content))


DATA = np.zeros((2, 3072), np.uint8)


@pytest.mark.parametrize(
    "batch",
    [
        {"data": DATA},
        {"data": DATA, "fine_labels": [1]},
        {"data": DATA, "fine_labels": [1, 300]},
        {"data": DATA, "fine_labels": ["a", "b"]},
        {"data": DATA[:, :-1], "fine_labels": [1, 2]},
        {"data": [1, 2], "fine_labels": [1, 2]},
        {"fine_labels": [1, 2]},
    ],
)
def test_a_batch_that_does_not_hold_what_it_should_is_refused(tmp_path: Path, batch: dict) -> None:
    content = inside("cifar-100-python", {"train": pickled(batch)})
    with pytest.raises(SmaltiError, match="expected `data` of rows of 3,072 bytes and `fine_lab"):
        CIFAR100_PYTHON.from_archive(archive(tmp_path, content))


@pytest.mark.parametrize("version", [CIFAR10_PYTHON, CIFAR10_BINARY])
def test_a_file_that_unpacks_to_more_than_was_published_is_refused(
    tmp_path: Path, version: cifar.Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar, "_LARGEST_BYTES", 10_000)
    content = tar_gz({version.train[0]: bytes(20_000)})
    with pytest.raises(SmaltiError, match="far longer than any published file"):
        version.from_archive(archive(tmp_path, content))
    (tmp_path / version.train[0]).write_bytes(bytes(20_000))
    with pytest.raises(SmaltiError, match="far longer than any published file"):
        version.from_files([tmp_path / version.train[0]])
