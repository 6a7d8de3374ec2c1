"""Whether confidence is what it says: the reliability diagram, and accuracy against coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from smalti.calibration import Reliability
from smalti.reporting.plots.canvas import (
    FONT_SIZE,
    PALETTE,
    Plot,
    add_axes,
    new_figure,
    style,
)
from smalti.reporting.plots.epochs import percent_tick, write_title
from smalti.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 230
_LEFT, _TOP, _BOTTOM, _RIGHT = 50, 36, 40, 24
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_SMALLEST_DOT, _LARGEST_DOT = 3.0, 10.0
_LEAST_RANGE = 0.99
"""Accuracies from here up are always shown: less than a point is not worth a scale of its own."""

_POINTS = 400
"""Of the curve of accuracy over coverage: more cannot be told apart at its width."""


@style()
def reliability_plot(groups: Sequence[tuple[str, Reliability, str]], name: str) -> Plot:
    """Return how often answers of each confidence are right; each group has a name and a colour.

    The larger a dot, the more pictures; its line is the 95 % interval of the accuracy.
    """
    figure = new_figure(_LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BOTTOM)
    axes = add_axes(figure, _LEFT, _TOP, _SIDE, _SIDE)
    axes.plot([0, 1], [0, 1], color=PALETTE["muted"], linewidth=1, linestyle=(0, (4, 3)))
    for row, (label, found, colour) in enumerate(groups):
        _dots(axes, found, PALETTE[colour])
        _key(axes, label, PALETTE[colour], len(groups) - 1 - row)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    # Both begin with 0 %, which stands once in their corner.
    axes.set_xticks(_TICKS[1:], [percent_tick(tick, 0.2) for tick in _TICKS[1:]])
    axes.set_yticks(_TICKS, [percent_tick(tick, 0.2) for tick in _TICKS])
    _quiet(axes, "confidence")
    write_title(axes, "Right, by confidence", _LEFT)
    said = "; ".join(f"{label}: {_in_words(found)}" for label, found, _ in groups)
    return Plot(name, figure, f"Share of right answers at each confidence. {said}")


@style()
def coverage_plot(
    coverage: np.ndarray, accuracy: np.ndarray, mark: tuple[float, float] | None, name: str
) -> Plot:
    """Return the accuracy of the surest answers against how many those are.

    ``mark`` is (coverage, accuracy) at the threshold below which answers are marked.
    """
    figure = new_figure(_LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BOTTOM)
    axes = add_axes(figure, _LEFT, _TOP, _SIDE, _SIDE)
    # The first few answers jump: one mistake among three is no accuracy.
    first = min(len(coverage) - 1, 20)
    kept = np.unique(np.linspace(first, len(coverage) - 1, _POINTS).astype(int))
    axes.plot(coverage[kept], accuracy[kept], color=PALETTE["validation"], linewidth=1.8)
    low = float(accuracy[kept].min())
    bottom = max(0.0, min(_LEAST_RANGE, low - 0.08 * (1 - low)))
    axes.set(xlim=(0, 1.0), ylim=(bottom, 1 + 0.04 * (1 - bottom)))
    if mark is not None:
        axes.plot(*mark, "o", color=PALETTE["train"], markersize=7)
        text = f"{percent(mark[1])} of {percent(mark[0], 1)}"
        axes.annotate(
            text, mark, (-8, -4), textcoords="offset points", ha="right", va="top",
            color=PALETTE["train"], fontsize=FONT_SIZE,
        )  # fmt: skip
    axes.set_xticks(_TICKS, [percent_tick(tick, 0.2) for tick in _TICKS])
    _accuracy_ticks(axes, bottom)
    _quiet(axes, "answered, the surest first")
    write_title(axes, "Accuracy of the answers given", _LEFT)
    ends = f"{percent(float(accuracy[-1]))} where all are answered"
    half = f"{percent(float(accuracy[len(accuracy) // 2]))} for the surer half"
    return Plot(name, figure, f"Accuracy against the share of pictures answered: {ends}, {half}")


def _dots(axes: Axes, found: Reliability, colour: str) -> None:
    share = np.sqrt(found.counts / found.counts.max())
    for place, size in enumerate(_SMALLEST_DOT + (_LARGEST_DOT - _SMALLEST_DOT) * share):
        x, y = found.confidence[place], found.accuracy[place]
        axes.plot([x, x], [found.low[place], found.high[place]], color=colour, linewidth=1.2)
        axes.plot([x], [y], "o", color=colour, markersize=size, clip_on=False)


def _key(axes: Axes, label: str, colour: str, row: int) -> None:
    """Write a group's name in the lower right corner: nobody is that sure and that wrong."""
    axes.annotate(
        label, (1, 0), (-10, 14 + row * (FONT_SIZE + 4)), xycoords="axes fraction", ha="right",
        textcoords="offset points", color=colour, fontsize=FONT_SIZE, va="center",
    )  # fmt: skip


def _accuracy_ticks(axes: Axes, bottom: float) -> None:
    from matplotlib.ticker import MaxNLocator

    found = np.asarray(MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(bottom, 1.0))
    found = found[(found >= bottom) & (found <= 1 + 1e-9)]
    step = float(found[1] - found[0]) if len(found) > 1 else 0.01
    axes.set_yticks(found, [percent_tick(float(value), step) for value in found])


def _quiet(axes: Axes, across: str) -> None:
    axes.grid(axis="both", color=PALETTE["line"], linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(across, color=PALETTE["muted"], fontsize=FONT_SIZE, labelpad=4)


def _in_words(found: Reliability) -> str:
    cells = zip(found.confidence, found.accuracy, strict=True)
    return ", ".join(f"{percent(float(c), 0)} sure, {percent(float(a), 0)} right" for c, a in cells)
