"""Other light, or none of the usual: brighter, flatter, inverted."""

from __future__ import annotations

import numpy as np

_ADDED = (0.10, 0.20, 0.30, 0.40, 0.50)
_KEPT = (0.60, 0.45, 0.33, 0.24, 0.15)
_STRIPES = (0.2, 0.4, 0.6, 0.8, 1.0)


def brightness(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Brighten every value by the same amount."""
    return pictures + np.float32(255 * _ADDED[strength - 1])


def contrast(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Bring every value nearer to the mean of its channel."""
    mean = pictures.mean(axis=(1, 2), keepdims=True)
    return mean + np.float32(_KEPT[strength - 1]) * (pictures - mean)


def invert(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Show an upright stripe of the picture as a negative, at strength 5 all of it."""
    width = pictures.shape[2]
    wide = max(1, round(_STRIPES[strength - 1] * width))
    left = np.floor(random.random(len(pictures)) * (width - wide + 1)).astype(int)[:, None]
    column = np.arange(width)
    inside = (column >= left) & (column < left + wide)
    return np.where(inside[:, None, :, None], 255 - pictures, pictures)
