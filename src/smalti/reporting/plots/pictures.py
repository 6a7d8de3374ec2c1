"""Pictures in rows, with captions, marked right or wrong.

Small pictures are enlarged by a whole factor and keep every pixel: what is seen is what the
network sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from smalti.reporting.plots.canvas import (
    FONT_SIZE,
    PALETTE,
    Plot,
    add_axes,
    new_figure,
    shorten,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE = 96
"""Largest side of a shown picture in page pixels."""

COLUMNS = 8
_GAP = 20
_CAPTION_SIZE = FONT_SIZE - 1
_LINE = FONT_SIZE + 4
_TITLE = 30
_BETWEEN = 14
_SMOOTH_FROM = 48
"""Sides from which a picture is shrunk or enlarged smoothly rather than shown pixel by pixel."""

RIGHT_MARK, WRONG_MARK = "✓", "✗"


@dataclass(frozen=True)
class Tile:
    """A picture (uint8 H×W×C or H×W) with what stands under it.

    ``right`` marks the caption as a right or a wrong answer; ``note`` is a second, quiet line.
    """

    picture: np.ndarray
    caption: str = ""
    note: str = ""
    right: bool | None = None


@style()
def pictures_plot(
    groups: Sequence[tuple[str, Sequence[Tile]]], *, name: str = "pictures", columns: int = COLUMNS
) -> Plot:
    """Return groups of pictures under each other, each under its title (none where empty)."""
    groups = [(title, tiles) for title, tiles in groups if tiles]
    columns = max(1, min(columns, max((len(tiles) for _, tiles in groups), default=1)))
    heights = [_group_height(title, tiles, columns) for title, tiles in groups]
    width = columns * (SIDE + _GAP) - _GAP
    figure, axes = sheet(width, max(1, sum(heights) + _BETWEEN * (len(groups) - 1)))
    top = 0.0
    for (title, tiles), height in zip(groups, heights, strict=True):
        _draw_group(axes, title, tiles, columns, top)
        top += height + _BETWEEN
    return Plot(name, figure, _alt(groups))


def sheet(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure, and axes over all of it in page pixels from the upper left corner."""
    figure = new_figure(width, height)
    axes = add_axes(figure, 0, 0, width, height)
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def write(axes: Axes, left: float, top: float, text: str, **how: Any) -> None:
    """Write a text, centred in height at ``top`` unless told otherwise."""
    standard = {"fontsize": FONT_SIZE, "color": PALETTE["ink"], "va": "center", "clip_on": False}
    if text:
        axes.text(left, top, text, **{**standard, **how})


def draw_picture(axes: Axes, picture: np.ndarray, left: float, top: float, side: int) -> None:
    """Draw a picture centred in a square of ``side`` page pixels of a :func:`sheet`.

    As far as it fits, it is enlarged by a whole factor.
    """
    height, width = picture.shape[:2]
    longest = max(height, width)
    factor = shown_side(longest, side) / longest
    across, down = max(1.0, width * factor), max(1.0, height * factor)
    # Whole pixels, or a picture is drawn with seams.
    left, top = round(left + (side - across) / 2), round(top + (side - down) / 2)
    grey = picture.ndim == 2 or picture.shape[2] == 1
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(
        picture.reshape(height, width) if grey else picture,
        cmap="gray" if grey else None,
        vmin=0,
        vmax=255,
        extent=(left, left + across, top + down, top),
        aspect="auto",
        interpolation="nearest" if factor == round(factor) else "antialiased",
    )
    axes.set(xlim=limits[0], ylim=limits[1])  # imshow narrows them to its own picture


def shown_side(longest: int, side: int) -> int:
    """Return how large a picture's longest side is shown where there is room for ``side``."""
    return side // longest * longest if longest < min(_SMOOTH_FROM, side + 1) else side


def _rows(tiles: Sequence[Tile], columns: int) -> Iterator[Sequence[Tile]]:
    for start in range(0, len(tiles), columns):
        yield tiles[start : start + columns]


def _row_height(tiles: Sequence[Tile]) -> float:
    lines = bool(any(t.caption for t in tiles)) + bool(any(t.note for t in tiles))
    return SIDE + lines * _LINE + (6 if lines else 0)


def _group_height(title: str, tiles: Sequence[Tile], columns: int) -> float:
    rows = [_row_height(row) for row in _rows(tiles, columns)]
    return (_TITLE if title else 0) + sum(rows) + _BETWEEN * (len(rows) - 1)


def _draw_group(axes: Axes, title: str, tiles: Sequence[Tile], columns: int, top: float) -> None:
    if title:
        write(axes, 0, top + FONT_SIZE / 2, title, fontsize=FONT_SIZE + 1, fontweight="bold")
        top += _TITLE
    for row in _rows(tiles, columns):
        for column, tile in enumerate(row):
            _draw_tile(axes, tile, column * (SIDE + _GAP), top)
        top += _row_height(row) + _BETWEEN


def _draw_tile(axes: Axes, tile: Tile, left: float, top: float) -> None:
    draw_picture(axes, tile.picture, left, top, SIDE)
    caption, colour = tile.caption, PALETTE["ink"]
    if tile.right is not None:
        caption = f"{RIGHT_MARK if tile.right else WRONG_MARK} {caption}"
        colour = PALETTE["validation" if tile.right else "train"]
    middle, first = left + SIDE / 2, top + SIDE + 4 + _LINE / 2
    how: dict[str, Any] = {"ha": "center", "fontsize": _CAPTION_SIZE}
    write(axes, middle, first, _cut(caption), color=colour, **how)
    write(axes, middle, first + _LINE, _cut(tile.note), color=PALETTE["muted"], **how)


def _cut(text: str) -> str:
    """Return a text short enough to stand under a picture without touching its neighbour's."""
    cut = text
    while len(cut) > 1 and _measured(cut) > SIDE + _GAP - 4:
        cut = shorten(text, len(cut) - 1)
    return cut


@cache
def _measured(text: str) -> float:
    """Return how wide a caption is drawn, in page pixels."""
    from matplotlib.textpath import TextPath

    return float(TextPath((0, 0), text, size=_CAPTION_SIZE).get_extents().width)


def _alt(groups: Sequence[tuple[str, Sequence[Tile]]]) -> str:
    parts = []
    for title, tiles in groups:
        said = (" ".join(filter(None, (tile.caption, tile.note))) for tile in tiles)
        captions = ", ".join(filter(None, said))
        parts.append(f"{title or 'Pictures'}: {captions}" if captions else title or "Pictures")
    return "; ".join(parts) or "No pictures"
