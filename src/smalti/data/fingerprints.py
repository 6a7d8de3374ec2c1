"""What a data set is, in 64 characters: SHA-256 over its pictures, labels and class names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

import numpy as np

from smalti.data.dataset import PARTS, Dataset

CHUNK_BYTES = 1 << 24
"""About how much of an array is held in memory at a time."""


def pictures_at_a_time(images: np.ndarray) -> int:
    """Return how many pictures of an array make up some megabytes."""
    return max(1, CHUNK_BYTES // max(1, images[:1].nbytes))


def chunks(array: np.ndarray) -> Iterable[np.ndarray]:
    """Yield an array in pieces of some megabytes along its first axis."""
    step = pictures_at_a_time(array)
    for start in range(0, len(array), step):
        yield array[start : start + step]


def sha256(array: np.ndarray) -> str:
    """Return the SHA-256 of an array's bytes in C order, as hexadecimal digits."""
    digest = hashlib.sha256()
    for piece in chunks(array):
        digest.update(np.ascontiguousarray(piece).data)
    return digest.hexdigest()


def fingerprint(dataset: Dataset) -> str:
    """Return the fingerprint of a data set's content.

    The arrays count as they are stored: how they are cut into parts makes no difference.
    """
    contents = []
    for images in _distinct(dataset):
        labels = np.full(len(images), -1, dtype=np.int64)
        for part in dataset.parts.values():
            if part.images is images:
                labels[part.rows] = part.labels
        contents.append((images.shape, sha256(images), labels))
    return combined(contents, dataset.class_names)


def combined(
    contents: Iterable[tuple[Sequence[int], str, np.ndarray]], class_names: Sequence[str]
) -> str:
    """Return the fingerprint from (shape of the images, their SHA-256, labels) of each array."""
    described = [
        [list(shape), images, sha256(np.asarray(labels, dtype="<i8"))]
        for shape, images, labels in contents
    ]
    text = json.dumps([described, list(class_names)])
    return hashlib.sha256(text.encode()).hexdigest()


def _distinct(dataset: Dataset) -> list[np.ndarray]:
    """Return the arrays that the parts live in, each once, in the order of the parts."""
    arrays: list[np.ndarray] = []
    for name in PARTS:
        part = dataset.parts.get(name)
        if part is not None and not any(part.images is known for known in arrays):
            arrays.append(part.images)
    return arrays
