"""Where a network puts pictures: what its last layer answers from, as a map of two dimensions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smalti.classifier.native import NativeClassifier
from smalti.data.dataset import Part

SAMPLED = 2000
"""Pictures that are put on the map; more would hide each other."""

TILE = 32
"""Largest side of a picture on the sheet, in pixels."""


@dataclass(frozen=True)
class Embedding:
    """Places of pictures of a part (float32 n×2), which they are, and the pictures on one sheet.

    ``explained`` are the shares of the variance that the two axes hold. The sheet (uint8 H×W×C) has
    the pictures in rows of ``across``, in order.
    """

    points: np.ndarray
    indices: np.ndarray
    explained: tuple[float, float]
    sheet: np.ndarray
    across: int


def embed(classifier: NativeClassifier, part: Part, sampled: int = SAMPLED) -> Embedding:
    """Put pictures of a part, spread over it at random but the same each time, on the map."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(part))[:sampled])
    pictures = part.pictures(chosen)
    points, explained = principal_plane(classifier.embeddings(pictures))
    across = math.ceil(math.sqrt(len(chosen)))
    return Embedding(points, chosen, explained, _sheet(pictures, across), across)


def principal_plane(values: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the first two principal components (float32 N×2) and their shares of the variance.

    The largest weight of each is positive, so that the same values give the same map. What does not
    vary lies at zero. Source: K. Pearson, On Lines and Planes of Closest Fit, 1901.
    """
    centred = values.astype(np.float64) - values.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred)
    variances, axes = variances[::-1].clip(0), axes[:, ::-1]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
    points = np.zeros((len(values), 2), np.float32)
    points[:, : axes.shape[1]] = (centred @ (axes * np.sign(largest)))[:, :2]
    shares = np.zeros(2)
    if variances.sum() > 0:
        shares[: len(variances)] = (variances / variances.sum())[:2]
    return points, (float(shares[0]), float(shares[1]))


def _sheet(pictures: np.ndarray, across: int) -> np.ndarray:
    """Return pictures in rows, without anything between them; large ones are made smaller."""
    tiles = np.stack([_tile(picture) for picture in pictures])
    n, height, width, channels = tiles.shape
    rows = -(-n // across)
    full = np.zeros((rows * across, height, width, channels), np.uint8)
    full[:n] = tiles
    lined = full.reshape(rows, across, height, width, channels).swapaxes(1, 2)
    return lined.reshape(rows * height, across * width, channels)


def _tile(picture: np.ndarray) -> np.ndarray:
    from PIL import Image

    shown = picture if picture.shape[2] in (1, 3) else picture[..., :1]
    if max(shown.shape[:2]) <= TILE:
        return shown
    image = Image.fromarray(shown[..., 0] if shown.shape[2] == 1 else shown)
    image.thumbnail((TILE, TILE))
    small = np.asarray(image)
    return small[..., None] if small.ndim == 2 else small
