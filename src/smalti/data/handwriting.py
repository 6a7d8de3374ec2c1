"""A picture of something handwritten, made like those that MNIST's classifiers were trained on.

MNIST shows light ink on black, the writing scaled to fit a box of 20×20 pixels with its
proportions kept, and placed so that its centre of mass is the centre of 28×28 (LeCun et al.,
"Gradient-based learning applied to document recognition", 1998). A picture of one's own is dark
ink on paper, anywhere, in any size: misread as it is, it is read well once it is made alike.
"""

from __future__ import annotations

import os
from numbers import Integral

import numpy as np

from smalti.data.pictures import PictureError, read_upright
from smalti.errors import SmaltiError

_BOX = 20 / 28
"""Part of the side that the longer side of the writing fills."""

_FAINTEST = 24
"""Grey levels by which ink differs from its paper at least; below, it is noise or a shadow."""

_SMOOTHING = 200
"""The radius of the smoothing is the shorter side divided by this."""

_READ_SIDE = 448
"""Pixels of the shorter side that a picture is read with: ink a pixel wide at 28 keeps its edge."""


def read_handwriting(source: str | os.PathLike[str] | bytes, side: int = 28) -> np.ndarray:
    """Return a picture file (or its bytes) as uint8 side×side×1: light writing, centred on black.

    Dark writing on light paper and light writing on dark are told apart by the border of the
    picture, which is taken for paper.

    Raises:
        PictureError: the file cannot be read, or nothing is written on it.
        SmaltiError: ``side`` is no whole number from 1 up.
    """
    name = "the picture" if isinstance(source, bytes) else os.fspath(source)
    grey = read_upright(source, _READ_SIDE)
    try:
        return center_handwriting(grey, side)
    except PictureError as error:
        raise PictureError(error.reason, name) from None


def center_handwriting(grey: np.ndarray, side: int = 28) -> np.ndarray:
    """Return writing of any size (uint8 H×W) as uint8 side×side×1, as :func:`read_handwriting`."""
    _require_side(side)
    ink = ink_of(grey)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    writing = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _placed(_scaled(writing, max(1, round(_BOX * side))), side)[..., None]


def _require_side(side: int) -> None:
    if not isinstance(side, Integral) or isinstance(side, bool) or side < 1:
        raise SmaltiError(
            f"side is {side!r}; expected a whole number of pixels from 1 up.",
            "MNIST's pictures have 28.",
        )


def ink_of(grey: np.ndarray) -> np.ndarray:
    """Return how much ink is where, uint8 H×W: 0 is paper, 255 the strongest ink.

    The paper is a plane through the grey levels of the border: light falls on it from one side.
    What differs from it by less than half of Otsu's threshold (1979) between paper and ink is
    paper, too: shadows, noise, the grain of a camera.
    """
    levels = _without_grain(grey)
    difference = levels - _paper(levels)
    # The ink lies on the side of the paper on which the picture has its extremes.
    if -difference.min() > difference.max():
        difference = -difference
    ink = difference.clip(0)
    strongest = float(np.quantile(ink[ink > _FAINTEST], 0.9)) if ink.max() > _FAINTEST else 0.0
    if not strongest:
        raise PictureError("nothing is written on it: its grey hardly differs from its border's")
    ink[ink < _otsu(ink) / 2] = 0
    return np.rint(255 * (ink / strongest).clip(0, 1)).astype(np.uint8)


def _without_grain(grey: np.ndarray) -> np.ndarray:
    """Return grey levels as float32, smoothed in large pictures by less than a stroke's width."""
    from PIL import Image, ImageFilter

    radius = min(grey.shape) / _SMOOTHING
    if radius < 0.5:
        return grey.astype(np.float32)
    smooth = Image.fromarray(grey).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(smooth).astype(np.float32)


def _paper(levels: np.ndarray) -> np.ndarray:
    """Return the plane of grey levels through the border, ink that crosses it left aside."""
    height, width = levels.shape
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    border = np.zeros(levels.shape, bool)
    border[[0, -1]] = border[:, [0, -1]] = True
    known = np.stack([np.ones(border.sum(), np.float32), rows[border], columns[border]], axis=1)
    wanted = levels[border]
    near = np.abs(wanted - np.median(wanted)).argsort()[: -(-len(wanted) * 3 // 4)]
    (level, down, across), *_ = np.linalg.lstsq(known[near], wanted[near])
    plane: np.ndarray = level + down * rows + across * columns
    return plane


def _otsu(values: np.ndarray) -> float:
    """Return the threshold that divides values from 0 to 255 into the two most different groups."""
    counts = np.histogram(values, bins=256, range=(0, 256))[0].astype(np.float64)
    levels = np.arange(256)
    below, sums = counts.cumsum(), (counts * levels).cumsum()
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums / below - (sums[-1] - sums) / above
        between = np.nan_to_num(below * above * means**2)
    return float(between.argmax())


def _scaled(writing: np.ndarray, box: int) -> np.ndarray:
    """Return the writing with its longer side ``box`` pixels long, its proportions kept."""
    from PIL import Image

    height, width = writing.shape
    factor = box / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    shrinking = factor < 1
    how = Image.Resampling.BOX if shrinking else Image.Resampling.BICUBIC
    scaled = np.asarray(Image.fromarray(writing).resize(size, how)).astype(np.float32)
    # Thin lines pale as they are shrunk: MNIST's strokes are white in their middle.
    return scaled * (255 / max(1.0, float(scaled.max())))


def _placed(writing: np.ndarray, side: int) -> np.ndarray:
    """Return the writing on black, its centre of mass as near the middle as the edges allow."""
    height, width = writing.shape
    mass = writing.sum()
    row = float((writing.sum(axis=1) * (np.arange(height) + 0.5)).sum() / mass)
    column = float((writing.sum(axis=0) * (np.arange(width) + 0.5)).sum() / mass)
    top = min(max(0, round(side / 2 - row)), side - height)
    left = min(max(0, round(side / 2 - column)), side - width)
    picture = np.zeros((side, side), np.uint8)
    picture[top : top + height, left : left + width] = np.rint(writing).astype(np.uint8)
    return picture
