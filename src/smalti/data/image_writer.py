"""A ``.npy`` file of pictures, written one after the other with a steady use of memory."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np


class ImageWriter:
    """Writes uint8 pictures n×H×W×C one batch after the other, and hashes them on the way.

    Written with plain writes, not through a memory map: on a full disk a write to a map kills the
    process, a plain one raises an error that can be told. How many pictures will come need not be
    known: NumPy leaves room for the count in the header, which is written again at the end.
    """

    def __init__(self, path: Path, image_shape: tuple[int, int, int]) -> None:
        self.image_shape = image_shape
        self.count = 0
        self._digest = hashlib.sha256()
        self._file: IO[bytes] = path.open("wb")
        self._write_header()
        self._start = self._file.tell()

    def append(self, images: np.ndarray) -> None:
        """Write a batch of pictures after those that are there."""
        if images.dtype != np.uint8 or images.shape[1:] != self.image_shape:
            raise ValueError(f"expected uint8 n×{self.image_shape}, got {images.shape}")
        content = np.ascontiguousarray(images).data
        self._file.write(content)
        self._digest.update(content)
        self.count += len(images)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the pictures written so far, as hexadecimal digits."""
        return self._digest.hexdigest()

    def __enter__(self) -> ImageWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._file as file:
            if error is None:
                file.seek(0)
                self._write_header()
                if file.tell() != self._start:
                    raise RuntimeError("the header of the .npy file changed its length")
                file.flush()
                os.fsync(file.fileno())

    def _write_header(self) -> None:
        header = {
            "descr": "|u1",
            "fortran_order": False,
            "shape": (self.count, *self.image_shape),
        }
        np.lib.format.write_array_header_1_0(self._file, header)
