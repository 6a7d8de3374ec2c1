"""The thing elsewhere in its picture, turned, or further away.

What comes in from outside has the colour of the border (its median): to repeat the border would
draw what touches it out to long streaks. Angles stay far below those that make a 9 of a 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from smalti.corruptions.axes import along, sampled

_SHIFTS = (0.06, 0.11, 0.16, 0.20, 0.25)
"""Parts of the side."""

_ANGLES = (8, 15, 22, 29, 36)
"""In degrees."""

_SCALES = (0.90, 0.80, 0.70, 0.60, 0.50)

_DIRECTIONS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def shift(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Move each picture by whole pixels in one of eight directions."""
    chosen = np.array(_DIRECTIONS)[random.integers(len(_DIRECTIONS), size=len(pictures))]
    matrices = []
    for axis, size in enumerate(pictures.shape[1:3]):
        pixels = max(1, round(_SHIFTS[strength - 1] * size))
        matrices.append(sampled(np.arange(size) - pixels * chosen[:, axis, None], size))
    return _on_its_ground(pictures, lambda shown: along(shown, *matrices))


def rotate(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Turn each picture about its centre, to the left or to the right."""
    angle = math.radians(_ANGLES[strength - 1])
    to_the_left = random.random(len(pictures)) < 0.5

    def turned(shown: np.ndarray) -> np.ndarray:
        changed = np.empty_like(shown)
        changed[to_the_left] = _turned(shown[to_the_left], angle)
        changed[~to_the_left] = _turned(shown[~to_the_left], -angle)
        return changed

    return _on_its_ground(pictures, turned)


def scale(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Shrink the picture about its centre."""
    factor = _SCALES[strength - 1]
    matrices = []
    for size in pictures.shape[1:3]:
        middle = (size - 1) / 2
        places = middle + (np.arange(size) - middle) / factor
        matrices.append(sampled(places, size, reach=1 / factor))
    return _on_its_ground(pictures, lambda shown: along(shown, *matrices))


def _on_its_ground(pictures: np.ndarray, move: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return moved pictures before the colour of each one's border; ``move`` leaves 0 there."""
    ends = (pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1])
    ground = np.median(np.concatenate(ends, axis=1), axis=1)[:, None, None]
    return ground + move(pictures - ground)


def _turned(pictures: np.ndarray, angle: float) -> np.ndarray:
    """Return pictures turned anticlockwise by an angle, interpolated; 0 comes in from outside."""
    n, height, width, channels = pictures.shape
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    cosine, sine = math.cos(angle), math.sin(angle)
    rows = cosine * y + sine * x + (height - 1) / 2
    columns = cosine * x - sine * y + (width - 1) / 2
    flat = pictures.reshape(n, height * width, channels)
    total = np.zeros_like(flat)
    for row, of_row in _two_nearest(rows, height):
        for column, of_column in _two_nearest(columns, width):
            weights = (of_row * of_column).astype(np.float32).reshape(-1, 1)
            total += weights * flat[:, (row * width + column).ravel()]
    return total.reshape(pictures.shape)


def _two_nearest(places: np.ndarray, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the pixel before and the one behind each place, with their weights."""
    before = np.floor(places).astype(int)
    found = []
    for pixel in (before, before + 1):
        inside = (pixel >= 0) & (pixel < size)
        weights = np.where(inside, 1 - np.abs(places - pixel), 0)
        found.append((np.clip(pixel, 0, size - 1), weights))
    return found
