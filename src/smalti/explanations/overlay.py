"""A heat map laid over its picture."""

from __future__ import annotations

import numpy as np

_COOL, _HOT = np.array([217.0, 106.0, 11.0]), np.array([255.0, 232.0, 120.0])
_STRENGTH = 0.85
_FADED = 0.7
"""How bright the grey picture is left: the heat has to stand out from white paper, too."""

ENLARGED_TO = 96
"""Side in pixels that small pictures are enlarged to, so that the heat is seen smooth."""


def overlay(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return uint8 RGB: the picture in grey, warm where the heat (H×W, 0 to 1) is.

    A small picture is enlarged by a whole factor, pixel by pixel, the heat smoothly.
    """
    grey = _FADED * enlarged(picture).astype(np.float64).mean(axis=2)
    warm = _smooth(heat, grey.shape)[..., None]
    colour = _COOL + (_HOT - _COOL) * warm
    share = _STRENGTH * warm
    mixed: np.ndarray = np.rint((1 - share) * grey[..., None] + share * colour)
    return mixed.clip(0, 255).astype(np.uint8)


def enlarged(picture: np.ndarray) -> np.ndarray:
    """Return a picture H×W×C as large as its overlay is, pixel by pixel."""
    factor = max(1, ENLARGED_TO // max(picture.shape[:2]))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def _smooth(heat: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    from PIL import Image

    image = Image.fromarray(heat.astype(np.float32))
    large = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(large, np.float64).clip(0, 1)
