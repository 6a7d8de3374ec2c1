"""Pictures out of focus, or of what moved."""

from __future__ import annotations

import math

import numpy as np

from smalti.corruptions.axes import along, spread

_DEVIATIONS = (0.014, 0.018, 0.023, 0.028, 0.038)
_LENGTHS = (0.07, 0.10, 0.13, 0.16, 0.22)
"""Parts of the side."""

_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def blur(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Put the picture out of focus (a Gaussian)."""
    height, width = pictures.shape[1:3]
    deviation = _DEVIATIONS[strength - 1] * max(height, width)
    reach = math.ceil(3 * deviation)
    weights = np.exp(-((np.arange(-reach, reach + 1) / deviation) ** 2) / 2)
    weights /= weights.sum()
    return along(pictures, spread(weights, height), spread(weights, width))


def motion_blur(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Draw each picture out along a direction of its own: across, down or a diagonal."""
    length = _LENGTHS[strength - 1] * max(pictures.shape[1:3])
    drawn = random.integers(len(_DIRECTIONS), size=len(pictures))
    changed = np.empty_like(pictures)
    for number, direction in enumerate(_DIRECTIONS):
        chosen = drawn == number
        changed[chosen] = drawn_out(pictures[chosen], direction, length)
    return changed


def drawn_out(pictures: np.ndarray, direction: tuple[int, int], length: float) -> np.ndarray:
    """Return the mean over a line through each pixel; ``direction`` is rows and columns a step."""
    down, across = direction
    # The ends of the line lie between pixels: those outermost count in part.
    half = max(0.0, (length / math.hypot(down, across) - 1) / 2)
    reach = math.ceil(half)
    weights = np.clip(half + 1 - np.abs(np.arange(-reach, reach + 1)), 0, 1)
    weights /= weights.sum()
    padded = np.pad(pictures, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    height, width = pictures.shape[1:3]
    total = np.zeros_like(pictures)
    for step, weight in zip(range(-reach, reach + 1), weights, strict=True):
        top, left = reach + step * down, reach + step * across
        total += np.float32(weight) * padded[:, top : top + height, left : left + width]
    return total
