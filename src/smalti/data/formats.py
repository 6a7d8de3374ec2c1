"""The idx files in which MNIST and Fashion-MNIST are published."""

from __future__ import annotations

import gzip
import math
import zlib
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from smalti.errors import SmaltiError
from smalti.files import unreadable

_IDX_UNSIGNED_BYTES = 0x08
_GZIP = b"\x1f\x8b"
_LARGEST_BYTES = 100_000_000
"""The largest of these files has 47 MB; one that unpacks to more is not published."""


def read_idx(path: Path) -> np.ndarray:
    """Return the uint8 array of an idx file, gzipped as it is published, or unpacked.

    The format (LeCun): two zero bytes, the type, the number of axes, each axis as a big-endian
    32-bit number, then the values in C order.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) if packed else nullcontext(raw) as file:
                content = file.read(_LARGEST_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path, str(error)) from error
    except OSError as error:
        raise unreadable(path, error) from error
    axes = content[3] if len(content) > 4 else 0
    if content[:3] != bytes([0, 0, _IDX_UNSIGNED_BYTES]) or not axes:
        raise damaged(path, "it does not begin like an idx file of bytes")
    start = 4 + 4 * axes
    shape = np.frombuffer(content[4:start], dtype=">u4").tolist()
    if len(shape) != axes or len(content) - start != math.prod(shape):
        raise damaged(path, "its length does not fit its header")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def damaged(path: Path, reason: str) -> SmaltiError:
    """Return the error for a published file that is not as it was published."""
    return SmaltiError(
        f"{path} is damaged: {reason or 'it is cut short'}.", "Delete it and fetch it again."
    )
