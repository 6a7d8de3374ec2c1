"""CIFAR-10 and CIFAR-100 in both versions that are published: binary rows, and pickled batches.

Of each there is an archive and, once somebody has unpacked it, a folder. Nothing in them can run
code: the binary version is bytes, the pickles are read by :mod:`smalti.data.pickles`.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smalti.data.formats import damaged
from smalti.data.pickles import read_batch
from smalti.errors import SmaltiError
from smalti.files import unreadable

_PLANES = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_LARGEST_BYTES = 200_000_000
"""The largest file of any version has 156 MB; one that unpacks to more is not published."""

Batch = tuple[np.ndarray, np.ndarray]
"""Pictures uint8 n×32×32×3, and labels uint8."""


@dataclass(frozen=True)
class Version:
    """One version of a set: the names of its files, train's in order, and how one is decoded."""

    train: tuple[str, ...]
    test: str
    decode: Callable[[bytes, str], Batch]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.train, self.test)

    def from_archive(self, paths: Sequence[Path]) -> dict[str, np.ndarray]:
        """Return x_train, y_train, x_test, y_test of the ``.tar.gz`` file, the only path."""
        (path,) = paths
        batches: dict[str, Batch] = {}
        try:
            with tarfile.open(path, "r:gz") as archive:
                for member in archive:
                    name = Path(member.name).name
                    if member.isfile() and name in self.names and name not in batches:
                        file = archive.extractfile(member)
                        content = file.read(_LARGEST_BYTES + 1) if file else b""
                        batches[name] = self._decoded(content, path, name)
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise damaged(path, str(error)) from error
        missing = sorted(set(self.names) - set(batches))
        if missing:
            raise damaged(path, f"it holds no {missing[0]}")
        return self._together(batches)

    def from_files(self, paths: Sequence[Path]) -> dict[str, np.ndarray]:
        """Return the same from the unpacked files, given in the order of ``names``."""
        batches = {}
        for path in paths:
            try:
                with path.open("rb") as file:
                    content = file.read(_LARGEST_BYTES + 1)
            except OSError as error:
                raise unreadable(path, error) from error
            batches[path.name] = self._decoded(content, path.parent, path.name)
        return self._together(batches)

    def _decoded(self, content: bytes, where: Path, name: str) -> Batch:
        if len(content) > _LARGEST_BYTES:
            raise damaged(where, f"its {name} is far longer than any published file")
        return self.decode(content, f"{where / name}")

    def _together(self, batches: Mapping[str, Batch]) -> dict[str, np.ndarray]:
        images, labels = zip(*(batches[name] for name in self.train), strict=True)
        x_test, y_test = batches[self.test]
        return {
            "x_train": np.concatenate(images),
            "y_train": np.concatenate(labels),
            "x_test": x_test,
            "y_test": y_test,
        }


def _binary(label_bytes: int) -> Callable[[bytes, str], Batch]:
    """Return the decoder of rows: labels (the last one counts), then red, green and blue plane."""
    row = label_bytes + _PIXELS

    def decode(content: bytes, what: str) -> Batch:
        if not content or len(content) % row:
            raise damaged(Path(what), f"expected rows of {row:,} bytes")
        rows = np.frombuffer(content, np.uint8).reshape(-1, row)
        return _pictures(rows[:, label_bytes:]), rows[:, label_bytes - 1].copy()

    return decode


def _pickled(labels_key: str) -> Callable[[bytes, str], Batch]:
    def decode(content: bytes, what: str) -> Batch:
        batch = read_batch(content, what)
        data, labels = batch.get("data"), batch.get(labels_key)
        if not isinstance(data, np.ndarray) or data.shape[1:] != (_PIXELS,):
            raise _no_batch(what, labels_key)
        if not isinstance(labels, list) or len(labels) != len(data):
            raise _no_batch(what, labels_key)
        if not all(isinstance(label, int) and 0 <= label < 256 for label in labels):
            raise _no_batch(what, labels_key)
        return _pictures(data), np.array(labels, np.uint8)

    return decode


def _no_batch(what: str, labels_key: str) -> SmaltiError:
    return damaged(Path(what), f"expected `data` of rows of {_PIXELS:,} bytes and `{labels_key}`")


def _pictures(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows.reshape(-1, *_PLANES).transpose(0, 2, 3, 1))


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))

CIFAR10_BINARY = Version(
    tuple(f"{name}.bin" for name in _BATCHES), "test_batch.bin", _binary(label_bytes=1)
)
CIFAR10_PYTHON = Version(_BATCHES, "test_batch", _pickled("labels"))
# Each row of CIFAR-100 has the superclass first, then the class.
CIFAR100_BINARY = Version(("train.bin",), "test.bin", _binary(label_bytes=2))
CIFAR100_PYTHON = Version(("train",), "test", _pickled("fine_labels"))
