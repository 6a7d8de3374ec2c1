"""The confusion matrix: right predictions in blue on the diagonal, mistakes in orange.

The two have scales of their own: on a good classifier a common scale shows the diagonal alone.
Colours are half transparent, so that the same picture works on light and on dark pages.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    text_width,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RIGHT_COLOUR = (0x03, 0x69, 0xA1)
_WRONG_COLOUR = (0xD9, 0x6A, 0x0B)
_STRONGEST = 0.62
"""Opacity of the strongest cell: text on it stays readable in light and in dark."""

NUMBERED = 25
"""With more classes than this, cells are too small for numbers."""

_LABEL_LENGTH = 14


@style()
def confusion_plot(
    confusion: np.ndarray, class_names: Sequence[str], *, normalised: bool = False
) -> Plot:
    """Return the matrix K×K with counts in its cells, or with the percent of each true class.

    The colours are shares of the true class either way. Cells of more than ``NUMBERED`` classes
    have no numbers.
    """
    n = len(confusion)
    cell = 56 if n <= 4 else 34 if n <= 10 else 30 if n <= NUMBERED else max(1.2, 840 / n)
    size = min(FONT_SIZE, cell - 0.8) if n > NUMBERED else FONT_SIZE
    labels = [shorten(name, _LABEL_LENGTH) for name in class_names]
    longest = _longest(labels, size)
    turned = longest > cell - 4
    left, below = longest + 24, (longest if turned else size) + 28
    figure = new_figure(left + n * cell + 4, 4 + n * cell + below)
    axes = add_axes(figure, left, 4, n * cell, n * cell)
    shares = confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
    _draw_cells(axes, shares)
    if n <= NUMBERED:
        _write_numbers(axes, confusion, shares if normalised else None)
    _label_axes(axes, labels, size, turned)
    name = "confusion-normalised" if normalised else "confusion"
    what = "percent of each true class" if normalised else "counts"
    return Plot(name, figure, f"Confusion matrix of {n} classes, {what}; rows are true classes")


def _draw_cells(axes: Axes, shares: np.ndarray) -> None:
    n = len(shares)
    mistakes = shares * (1 - np.eye(n))
    # Below the first power: rare mistakes are most of what there is to see.
    strength = (mistakes / max(mistakes.max(), 1e-12)) ** 0.65
    np.fill_diagonal(strength, np.diag(shares))
    colours = np.empty((n, n, 4), np.uint8)
    colours[..., :3] = np.where(np.eye(n, dtype=bool)[..., None], _RIGHT_COLOUR, _WRONG_COLOUR)
    colours[..., 3] = np.rint(255 * _STRONGEST * strength)
    axes.set_axis_off()
    axes.imshow(colours, interpolation="none", aspect="auto")
    axes.set_xlim(-0.5, n - 0.5)
    axes.set_ylim(n - 0.5, -0.5)
    every = 1 if n <= NUMBERED else 10
    edges = np.arange(0, n + 1, every) - 0.5
    colour, width = PALETTE["line"], 1.0 if every == 1 else 0.7
    axes.vlines(edges, -0.5, n - 0.5, colors=colour, linewidth=width, clip_on=False)
    axes.hlines(edges, -0.5, n - 0.5, colors=colour, linewidth=width, clip_on=False)


def _write_numbers(axes: Axes, confusion: np.ndarray, shares: np.ndarray | None) -> None:
    for row, column in zip(*np.nonzero(confusion), strict=True):
        count = int(confusion[row, column])
        text = str(count) if shares is None else _percent(float(shares[row, column]))
        size = FONT_SIZE + 1 - max(0, len(text) - 3)
        axes.text(
            column, row, text, ha="center", va="center_baseline", fontsize=size,
            color=PALETTE["ink"], fontweight="bold" if row == column else "normal",
        )  # fmt: skip


def _percent(share: float) -> str:
    """Return percent without the sign, short enough for a cell: ``"96"``, ``"0.4"``."""
    return f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.1f}"


def _label_axes(axes: Axes, labels: Sequence[str], size: float, turned: bool) -> None:
    """Write the class names beside the cells (as ticks, two hundred of them take a second)."""
    n = len(labels)
    cell = axes.bbox.width / n
    first, last = -0.5, n - 0.5
    gap, edge = 5 / cell, (_longest(labels, size) + 9) / cell
    style: dict[str, Any] = {"fontsize": size, "color": PALETTE["muted"]}
    for place in range(0, n, max(1, int(np.ceil(7 / cell)))):
        axes.text(first - gap, place, labels[place], ha="right", va="center", **style)
        axes.text(
            place, last + gap, labels[place], ha="center", va="top",
            rotation=90 if turned else 0, **style,
        )  # fmt: skip
    style["fontsize"] = FONT_SIZE
    below = edge if turned else (size + 10) / cell
    centre = (n - 1) / 2
    axes.text(centre, last + below, "predicted", ha="center", va="top", **style)
    axes.text(first - edge, centre, "true", ha="right", va="center", rotation=90, **style)


def _longest(labels: Sequence[str], size: float) -> float:
    return max(text_width(label, size) for label in labels)
