"""Fog and snow between the camera and the thing."""

from __future__ import annotations

import numpy as np

from smalti.corruptions.axes import along, sampled
from smalti.corruptions.blurring import drawn_out

_THICKNESS = (0.25, 0.40, 0.52, 0.63, 0.75)
_FOG = 225.0
_GRIDS = (2, 4, 8)
"""Places a side at which fog is drawn, coarse ones twice as strong as the next finer."""

_FLAKES = (0.02, 0.035, 0.055, 0.08, 0.11)
"""Share of the places at which a flake is."""

_HAZE = (0.05, 0.10, 0.15, 0.20, 0.26)
_FINEST = 32
"""Places a side at which flakes may be: in a larger picture a flake is larger too."""


def fog(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Lay uneven bright fog over the picture."""
    height, width = pictures.shape[1:3]
    field = np.zeros((len(pictures), height, width, 1), np.float32)
    for number, grid in enumerate(_GRIDS):
        drawn = random.random((len(pictures), grid, grid, 1), np.float32)
        field += _stretched(drawn, height, width) / 2**number
    low, high = (end(field, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    even = (field - low) / np.maximum(high - low, 1e-6)
    share = np.float32(_THICKNESS[strength - 1]) * (0.7 + 0.3 * even)
    return pictures + share * (_FOG - pictures)


def snow(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Let white flakes fall aslant, and whiten the air."""
    height, width = pictures.shape[1:3]
    down, across = min(height, _FINEST), min(width, _FINEST)
    drawn = random.random((len(pictures), down, across, 1), np.float32)
    share = np.float32(_FLAKES[strength - 1])
    # The rarest draws are flakes at every strength: more come in, and those that are there grow.
    flakes = 2 * np.clip(1 - drawn / share, 0, 1)
    falling = drawn_out(flakes, (1, -1), 3.0)
    white = np.clip(2 * _stretched(falling, height, width), 0, 1)
    hazy = pictures + np.float32(_HAZE[strength - 1]) * (255 - pictures)
    return hazy + white * (255 - hazy)


def _stretched(field: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return fields n×h×w×1 as large as a picture, interpolated."""
    if field.shape[1:3] == (height, width):
        return field
    down = sampled(np.linspace(0, field.shape[1] - 1, height), field.shape[1])
    across = sampled(np.linspace(0, field.shape[2] - 1, width), field.shape[2])
    return along(field, down, across)
