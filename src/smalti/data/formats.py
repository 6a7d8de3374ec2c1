"""The files in which MNIST and CIFAR-10 are published: idx, and CIFAR's binary version.

Both are rows of bytes with fixed lengths; nothing in them can run code.
"""

from __future__ import annotations

import gzip
import math
import tarfile
import zlib
from pathlib import Path

import numpy as np

from smalti.errors import SmaltiError

_IDX_UNSIGNED_BYTES = 0x08
_CIFAR_SHAPE = (3, 32, 32)
_CIFAR_ROW = 1 + 3 * 32 * 32


def read_idx(path: Path) -> np.ndarray:
    """Return the uint8 array of a gzipped idx file.

    The format (LeCun): two zero bytes, the type, the number of axes, each axis as a big-endian
    32-bit number, then the values in C order.
    """
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path, str(error)) from error
    axes = content[3] if len(content) > 4 else 0
    if content[:3] != bytes([0, 0, _IDX_UNSIGNED_BYTES]) or not axes:
        raise damaged(path, "it does not begin like an idx file of bytes")
    start = 4 + 4 * axes
    shape = np.frombuffer(content[4:start], dtype=">u4").tolist()
    if len(shape) != axes or len(content) - start != math.prod(shape):
        raise damaged(path, "its length does not fit its header")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def read_cifar10(path: Path) -> dict[str, np.ndarray]:
    """Return x_train, y_train, x_test, y_test (uint8, N×32×32×3) of CIFAR-10's binary archive.

    Each row is the label and the red, green and blue plane of one picture.
    """
    train = [f"data_batch_{number}.bin" for number in range(1, 6)]
    batches = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = Path(member.name).name
                if member.isfile() and name in {*train, "test_batch.bin"}:
                    file = archive.extractfile(member)
                    batches[name] = _cifar_rows(file.read() if file else b"", path)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(path, str(error)) from error
    missing = sorted({*train, "test_batch.bin"} - set(batches))
    if missing:
        raise damaged(path, f"it holds no {missing[0]}")
    x_train, y_train = _pictures(np.concatenate([batches.pop(name) for name in train]))
    x_test, y_test = _pictures(batches["test_batch.bin"])
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def damaged(path: Path, reason: str) -> SmaltiError:
    """Return the error for a published file that is not as it was published."""
    return SmaltiError(
        f"{path} is damaged: {reason or 'it is cut short'}.", "Delete it and fetch it again."
    )


def _cifar_rows(content: bytes, path: Path) -> np.ndarray:
    if not content or len(content) % _CIFAR_ROW:
        raise damaged(path, f"expected rows of {_CIFAR_ROW:,} bytes")
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, _CIFAR_ROW)


def _pictures(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    planes = rows[:, 1:].reshape(-1, *_CIFAR_SHAPE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), rows[:, 0].copy()
