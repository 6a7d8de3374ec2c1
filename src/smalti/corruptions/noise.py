"""Noise of a sensor or of a transfer.

Noise of one size hides less of a large picture, whose shapes go over more pixels: its deviation
grows with the root of the side, which lies between how little and how much Hendrycks & Dietterich
raised it from pictures of 32 pixels to those of 224.
"""

from __future__ import annotations

import math

import numpy as np

_SIDE = 32
"""Of the pictures that the strengths are said for."""

_DEVIATIONS = (0.04, 0.07, 0.10, 0.14, 0.19)
_PHOTONS = (200, 100, 55, 30, 16)
_SHARES = (0.01, 0.025, 0.05, 0.08, 0.13)


def gaussian_noise(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Add normal noise to every value, as a sensor does in poor light."""
    deviation = 255 * _DEVIATIONS[strength - 1] * _growth(pictures)
    drawn = random.standard_normal(pictures.shape, np.float32)
    return pictures + np.float32(deviation) * drawn


def shot_noise(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Count photons: a value is drawn from Poisson's distribution, brighter ones vary more."""
    photons = _PHOTONS[strength - 1] / _growth(pictures) ** 2
    drawn: np.ndarray = random.poisson(pictures * (photons / 255)) * (255 / photons)
    return drawn


def impulse_noise(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Set some values to the lowest or the highest one (salt and pepper)."""
    share = min(0.5, _SHARES[strength - 1] * _growth(pictures))
    drawn = random.random(pictures.shape, np.float32)
    salted = np.where(drawn < share / 2, np.float32(255), pictures)
    return np.where(drawn > 1 - share / 2, np.float32(0), salted)


def _growth(pictures: np.ndarray) -> float:
    return math.sqrt(max(pictures.shape[1:3]) / _SIDE)
