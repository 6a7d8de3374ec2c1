"""What is lost when pictures are stored: JPEG, and too few pixels."""

from __future__ import annotations

import io

import numpy as np

from smalti.corruptions.axes import along, areas

_QUALITIES = (60, 40, 25, 16, 9)
_SIDES = (0.85, 0.72, 0.60, 0.50, 0.40)
"""Pixels that are left, as parts of the side."""

_FINEST = 32
"""Of larger pictures no more is left than of those of this side: squares grow with the picture."""


def jpeg(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Compress each picture as JPEG, colours at half the size as is usual."""
    from PIL import Image

    grey = pictures.shape[3] == 1
    changed = np.empty_like(pictures)
    for number, picture in enumerate(pictures.astype(np.uint8)):
        stored = io.BytesIO()
        image = Image.fromarray(picture[..., 0] if grey else picture)
        image.save(stored, "JPEG", quality=_QUALITIES[strength - 1])
        with Image.open(stored, formats=["JPEG"]) as read:
            changed[number] = np.asarray(read).reshape(picture.shape)
    return changed


def pixelate(pictures: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """Store the picture with fewer pixels, and show those as squares."""
    down, across = (_there_and_back(side, _SIDES[strength - 1]) for side in pictures.shape[1:3])
    return along(pictures, down, across)


def _there_and_back(size: int, share: float) -> np.ndarray:
    """Return the matrix that averages an axis by pieces and puts each pixel's own in its place."""
    pieces = max(1, round(share * min(size, _FINEST)))
    middles = np.arange(size) + 0.5
    return areas(size, pieces)[(middles * pieces / size).astype(int)]
