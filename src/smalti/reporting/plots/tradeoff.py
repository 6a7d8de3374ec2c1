"""Accuracy against time: a point with its interval for each way of training, named beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from smalti.reporting.plots.comparison import COLOURS
from smalti.reporting.plots.epochs import percent_tick, spread_apart, write_title
from smalti.wording import duration, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _LEAST_HEIGHT = 270, 230
_LEFT, _TOP, _BOTTOM = 50, 36, 40
_GAP = 26
"""Between the axes and the names, for the lines that lead to them."""

_NAME_LENGTH = 24
_LINE = FONT_SIZE + 3

_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000, 86400)

_ROUND = (1, 10, 60, 600, 3600, 36000)
_MANY = 60
"""Times the shortest from which on only such times are marked as people count by."""


@dataclass(frozen=True)
class Point:
    """A way of training: seconds across, accuracy with its interval up (fractions)."""

    label: str
    seconds: float
    accuracy: float
    low: float
    high: float
    colour: str


def colour_of(place: int) -> str:
    """Return the colour of the row at this place (from 0), the same in every drawing."""
    return COLOURS[place % len(COLOURS)]


@style()
def tradeoff_plot(points: Sequence[Point], name: str, title: str, across: str) -> Plot:
    """Return accuracy against a time on a logarithmic scale; ``across`` says which time."""
    height = max(_LEAST_HEIGHT, _LINE * len(points) + 10)
    names = [shorten(point.label, _NAME_LENGTH) for point in points]
    right = _GAP + max(text_width(text) for text in names)
    figure = new_figure(_LEFT + _WIDTH + right, _TOP + height + _BOTTOM)
    axes = add_axes(figure, _LEFT, _TOP, _WIDTH, height)
    _set_scales(axes, points, across)
    write_title(axes, title, _LEFT)
    for point in points:
        axes.plot(
            [point.seconds] * 2, [point.low, point.high], color=point.colour, linewidth=1.6,
            solid_capstyle="butt",
        )  # fmt: skip
        axes.plot([point.seconds], [point.accuracy], "o", color=point.colour, markersize=7)
    _write_names(axes, points, names, height)
    said = "; ".join(f"{p.label} {percent(p.accuracy)}, {duration(p.seconds)}" for p in points)
    return Plot(name, figure, f"{title}, {across}: {said}")


def _set_scales(axes: Axes, points: Sequence[Point], across: str) -> None:
    from matplotlib.ticker import MaxNLocator, NullLocator

    low, high = min(p.seconds for p in points), max(p.seconds for p in points)
    margin = max(1.25, (high / low) ** 0.07)
    axes.set_xscale("log")
    axes.set_xlim(low / margin, high * margin)
    axes.xaxis.set_minor_locator(NullLocator())
    ticks = _ticks(low / margin, high * margin)
    axes.set_xticks(ticks, [_time(tick) for tick in ticks])
    axes.set_xlabel(across, color=PALETTE["muted"], fontsize=FONT_SIZE, labelpad=4)
    bottom, top = min(p.low for p in points), max(p.high for p in points)
    spare = 0.06 * (top - bottom) or 0.01
    axes.set_ylim(bottom - spare, top + spare)
    found = np.asarray(MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(bottom - spare, top + spare))
    found = found[(found >= bottom - spare) & (found <= top + spare) & (found <= 1)]
    step = float(found[1] - found[0]) if len(found) > 1 else 0.01
    axes.set_yticks(found, [percent_tick(float(value), step) for value in found])
    axes.grid(axis="y", color=PALETTE["line"], linewidth=1)
    axes.set_axisbelow(True)


def _ticks(low: float, high: float) -> list[float]:
    """Return up to five times that people say, inside a range of seconds."""
    small = [m * 10.0**e for e in range(-7, 0) for m in (1, 2, 5)]
    large = [m * 10.0**e for e in range(5, 8) for m in (1, 2, 5)]
    between: Sequence[float]
    if high / low > _MANY:
        small, large = [t for t in small if _is_decade(t)], [t for t in large if _is_decade(t)]
        between = _ROUND
    else:
        between = _SECONDS
    there = [t for t in (*small, *map(float, between), *large) if low <= t <= high]
    if len(there) < 2:
        ends = (low ** (1 - share) * high**share for share in (0.2, 0.8))
        return sorted({float(f"{end:.2g}") for end in ends})
    every = math.ceil(len(there) / 5)
    return there[::every]


def _is_decade(value: float) -> bool:
    return abs(math.log10(value) % 1) < 1e-6 or abs(math.log10(value) % 1 - 1) < 1e-6


def _time(seconds: float) -> str:
    """Return a round time, as short as it can be said."""
    for unit, size in (("h", 3600), ("min", 60), ("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size * 0.999:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.1e} s"


def _write_names(axes: Axes, points: Sequence[Point], names: Sequence[str], height: float) -> None:
    """Write each name at the right, a thin line leading to it from its point."""
    low, high = axes.get_ylim()
    left, right = (math.log(end) for end in axes.get_xlim())
    pixels = height / (high - low)
    wanted = [(point.accuracy - low) * pixels for point in points]
    placed = spread_apart(wanted, height - 4)
    for point, name, place in zip(points, names, placed, strict=True):
        across = (math.log(point.seconds) - left) / (right - left)
        axes.annotate(
            name, (1, place / height), (_GAP, 0), xycoords="axes fraction",
            textcoords="offset points", va="center", color=point.colour, fontsize=FONT_SIZE,
        )  # fmt: skip
        start = (point.accuracy - low) / (high - low)
        bend = 1 + 0.3 * _GAP / _WIDTH
        axes.plot(
            [across + 6 / _WIDTH, bend, 1 + (_GAP - 4) / _WIDTH],
            [start, start, place / height],
            transform=axes.transAxes, clip_on=False, zorder=1, color=PALETTE["muted"],
            linewidth=0.8, linestyle=(0, (1, 2.5)),
        )  # fmt: skip
