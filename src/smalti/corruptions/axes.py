"""Changes that work on rows and on columns apart: one matrix down, one across."""

from __future__ import annotations

import numpy as np


def along(pictures: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Return pictures n×h×w×C of pictures n×H×W×C, their rows and then their columns combined.

    ``down`` is h×H, or n×h×H with one matrix for each picture; ``across`` w×W, or n×w×W.
    """
    n, height, width, channels = pictures.shape
    rows = down @ pictures.reshape(n, height, width * channels)
    rows = rows.reshape(n, -1, width, channels)
    columns: np.ndarray = (across if across.ndim == 2 else across[:, None]) @ rows
    return columns


def sampled(places: np.ndarray, size: int, reach: float = 1.0) -> np.ndarray:
    """Return the float32 matrix …×``size`` that reads an axis at these places (…, in pixels).

    Between pixels it interpolates; with a ``reach`` above 1 it averages over that many on either
    side, for pictures that shrink. Beyond its ends, less than ``size`` away, the axis is 0.
    """
    longer = np.arange(-size, 2 * size)
    weights = np.maximum(0, 1 - np.abs(longer - places[..., None]) / reach)
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights[..., size : 2 * size].astype(np.float32)


def spread(weights: np.ndarray, size: int) -> np.ndarray:
    """Return the matrix ``size``×``size`` that weighs each pixel's neighbours, 2r+1 of them.

    Beyond its ends the axis goes on as it ends.
    """
    reach = len(weights) // 2
    matrix = np.zeros((size, size), np.float32)
    for pixel in range(size):
        neighbours = np.clip(np.arange(pixel - reach, pixel + reach + 1), 0, size - 1)
        np.add.at(matrix[pixel], neighbours, weights)
    return matrix


def areas(size: int, pieces: int) -> np.ndarray:
    """Return the matrix ``pieces``×``size`` that averages an axis by equal pieces."""
    edges = np.linspace(0, size, pieces + 1)
    start, stop, pixel = edges[:-1, None], edges[1:, None], np.arange(size)
    shared = (np.minimum(stop, pixel + 1) - np.maximum(start, pixel)).clip(0)
    return (shared / shared.sum(axis=1, keepdims=True)).astype(np.float32)
