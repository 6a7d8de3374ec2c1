"""Heat maps from the outside: what a classifier says where a part of the picture is hidden.

Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014. Works for
whatever answers pictures: files of others' too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from smalti.metrics import softmax

PLACES = 14
"""Positions across and down at which a square hides a part."""

_SHARE = 0.2
"""Side of the square, as a part of the picture's."""


def heat_maps(
    logits: Callable[[np.ndarray], np.ndarray], pictures: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """Return float32 n×H×W from 0 to 1: how much the class loses where a place is hidden.

    ``logits`` answers uint8 n×H×W×C. The loss is of the logarithm of the class's probability, the
    mean over the squares that cover a place; places whose hiding helps the class are 0.
    """
    maps = [_of_one(logits, *pair) for pair in zip(pictures, classes, strict=True)]
    return np.stack(maps) if maps else np.zeros((0, *pictures.shape[1:3]), np.float32)


def _of_one(
    logits: Callable[[np.ndarray], np.ndarray], picture: np.ndarray, number: int
) -> np.ndarray:
    height, width = picture.shape[:2]
    squares = [
        (slice(top, bottom), slice(left, right))
        for top, bottom in _spans(height)
        for left, right in _spans(width)
    ]
    hidden = np.repeat(picture[None], len(squares) + 1, axis=0)
    grey = np.rint(picture.mean(axis=(0, 1))).astype(np.uint8)
    for shown, (rows, columns) in zip(hidden[1:], squares, strict=True):
        shown[rows, columns] = grey
    known = np.log(softmax(logits(hidden))[:, number] + 1e-12)
    total, covered = np.zeros((height, width)), np.zeros((height, width))
    for lost, (rows, columns) in zip(known[0] - known[1:], squares, strict=True):
        total[rows, columns] += lost
        covered[rows, columns] += 1
    heat = np.maximum(total / np.maximum(covered, 1), 0)
    return (heat / heat.max() if heat.max() > 0 else heat).astype(np.float32)


def _spans(length: int) -> list[tuple[int, int]]:
    """Return where squares begin and end along one side; together they cover all of it."""
    size = max(1, round(_SHARE * length))
    starts = np.unique(np.rint(np.linspace(0, length - size, min(PLACES, length))).astype(int))
    return [(int(start), int(start) + size) for start in starts]
