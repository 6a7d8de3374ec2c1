"""A sheet of pictures of every class: a row a class, in blocks side by side where many."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from smalti.reporting.plots.canvas import (
    FONT_SIZE,
    PALETTE,
    PNG_SCALE,
    Plot,
    shorten,
    style,
    text_width,
)
from smalti.reporting.plots.pictures import sheet, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP = 4
_APART = 14
"""Between the first picture of a row, as it is, and its changed versions."""

_BETWEEN_BLOCKS = 32
_NOTE_SIZE = FONT_SIZE - 2
_TITLE, _SUBTITLE, _BELOW_TITLE = 18, 16, 12
_LONGEST_NAME = 24
_LETTER = 0.5
"""Width of an average letter of a sentence, in parts of its size."""

_SMOOTH_FROM = 48
"""Sides from which pictures are scaled smoothly: single pixels are not to be seen any more."""

_ASPECT = 1.4
"""Width by height that a sheet comes close to, where nobody chose the number of blocks."""


@dataclass(frozen=True)
class ClassRow:
    """A class: its name, a quiet second line, and pictures (uint8 H×W×C, all of one size)."""

    name: str
    note: str
    pictures: Sequence[np.ndarray]


@dataclass(frozen=True)
class _Layout:
    """Sizes in page pixels; ``pitch`` is from one picture to the next."""

    side: int
    names: float
    across: int
    blocks: int
    rows: int
    apart: int

    @property
    def pitch(self) -> int:
        return self.side + _GAP

    @property
    def block_width(self) -> float:
        return self.names + self.across * self.pitch - _GAP + self.apart

    @property
    def size(self) -> tuple[float, float]:
        width = self.blocks * (self.block_width + _BETWEEN_BLOCKS) - _BETWEEN_BLOCKS
        return width, self.rows * self.pitch - _GAP

    def corner(self, row: int) -> tuple[float, float]:
        """Return where the names of a row begin, from the upper left corner of the grid."""
        block, down = divmod(row, self.rows)
        return block * (self.block_width + _BETWEEN_BLOCKS), down * self.pitch

    def place(self, row: int, column: int) -> tuple[int, int]:
        """Return the upper left corner of a picture."""
        left, top = self.corner(row)
        beside = self.apart if column else 0
        return round(left + self.names + column * self.pitch + beside), round(top)


@style()
def class_grid_plot(
    rows: Sequence[ClassRow],
    *,
    name: str,
    title: str,
    subtitle: Sequence[str] = (),
    first_apart: bool = False,
    blocks: int = 0,
) -> Plot:
    """Return the pictures of every class under a title; ``blocks`` 0 chooses how many suit.

    Small pictures are enlarged by a whole factor, every pixel a square; ``first_apart`` leaves a
    wider gap after the first of each row. Lines of the ``subtitle`` are broken where they are wider
    than the pictures.
    """
    layout = _layout(rows, _APART if first_apart else 0, blocks)
    width, height = layout.size
    across = max(width, text_width(title, FONT_SIZE + 2))
    letters = int(across / (_LETTER * FONT_SIZE))
    lines = [line for text in subtitle for line in textwrap.wrap(text, letters)]
    head = _TITLE + len(lines) * _SUBTITLE + _BELOW_TITLE
    figure, axes = sheet(across, height + head)
    write(axes, 0, _TITLE / 2, title, fontsize=FONT_SIZE + 2, fontweight="bold")
    for number, line in enumerate(lines):
        write(axes, 0, _TITLE + (number + 0.5) * _SUBTITLE, line, color=PALETTE["muted"])
    _draw_pictures(axes, rows, layout, head)
    for number, row in enumerate(rows):
        _write_name(axes, row, layout, number, head)
    return Plot(name, figure, f"{title}: {', '.join(row.name for row in rows)}")


def _layout(rows: Sequence[ClassRow], apart: int, blocks: int) -> _Layout:
    pictures = [picture for row in rows for picture in row.pictures]
    target = next(side for most, side in ((12, 72), (40, 56), (math.inf, 40)) if len(rows) <= most)
    # In pixels of the file, of which a page pixel has several: more whole factors fit.
    drawn = target * PNG_SCALE
    longest = max((max(_scaled(picture.shape[:2], drawn)) for picture in pictures), default=drawn)
    side = math.ceil(longest / PNG_SCALE)
    names = 12 + max(
        max(text_width(_shown(row.name)), text_width(row.note, _NOTE_SIZE)) for row in rows
    )
    across = max(1, *(len(row.pictures) for row in rows))

    def with_blocks(number: int) -> _Layout:
        return _Layout(side, names, across, number, -(-len(rows) // number), apart)

    if blocks:
        used = with_blocks(min(blocks, len(rows)))
        return with_blocks(-(-len(rows) // used.rows))  # none stays empty
    choices = [with_blocks(number) for number in range(1, min(len(rows), 12) + 1)]
    choices = [choice for choice in choices if choice.rows * (choice.blocks - 1) < len(rows)]
    return min(choices, key=lambda choice: abs(math.log(np.divide(*choice.size) / _ASPECT)))


def _draw_pictures(axes: Axes, rows: Sequence[ClassRow], layout: _Layout, top: float) -> None:
    """Draw all pictures as one: hundreds of them, one by one, would take many seconds."""
    width, height = (math.ceil(pixels) for pixels in layout.size)
    paper = [int(PALETTE["paper"][start:end], 16) for start, end in pairwise((1, 3, 5, 7))]
    canvas = np.full((height * PNG_SCALE, width * PNG_SCALE, 3), paper, dtype=np.uint8)
    for number, row in enumerate(rows):
        for column, picture in enumerate(row.pictures):
            left, upper = (PNG_SCALE * value for value in layout.place(number, column))
            shown = _enlarged(picture, layout.side * PNG_SCALE)
            down = upper + (layout.side * PNG_SCALE - shown.shape[0]) // 2
            right = left + (layout.side * PNG_SCALE - shown.shape[1]) // 2
            canvas[down : down + shown.shape[0], right : right + shown.shape[1]] = shown
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(
        canvas, extent=(0, width, top + height, top), aspect="auto", interpolation="nearest"
    )
    axes.set(xlim=limits[0], ylim=limits[1])  # imshow narrows them to its own picture


def _scaled(size: tuple[int, ...], side: int) -> tuple[int, int]:
    """Return height and width that a picture has where there is room for ``side``."""
    longest = max(size)
    factor = side // longest if longest < min(_SMOOTH_FROM, side + 1) else side / longest
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _enlarged(picture: np.ndarray, side: int) -> np.ndarray:
    """Return a picture in RGB: pixel by pixel where it is small, else scaled smoothly to fit."""
    from PIL import Image

    height, width = _scaled(picture.shape[:2], side)
    colours = Image.fromarray(np.repeat(picture, 3 // picture.shape[2], axis=2))
    small = max(picture.shape[:2]) < min(_SMOOTH_FROM, side + 1)
    how = Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS
    return np.asarray(colours.resize((width, height), how))


def _write_name(axes: Axes, row: ClassRow, layout: _Layout, number: int, top: float) -> None:
    left, upper = layout.corner(number)
    right, middle = left + layout.names - 12, top + upper + layout.side / 2
    shift = (FONT_SIZE + 1) / 2 if row.note else 0
    write(axes, right, middle - shift, _shown(row.name), ha="right")
    how = {"ha": "right", "fontsize": _NOTE_SIZE, "color": PALETTE["muted"]}
    write(axes, right, middle + shift, row.note, **how)


def _shown(name: str) -> str:
    return shorten(name, _LONGEST_NAME)
