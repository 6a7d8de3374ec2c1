"""The curves of growth in one drawing: time above, memory below, an axis a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import results
from benchmarks.growth import CURVES, ROW, Curve, point_of
from smalti import wording
from smalti.reporting.plots.canvas import FONT_SIZE, PALETTE, Plot, add_axes, new_figure, style
from smalti.reporting.plots.epochs import Curve as Line
from smalti.reporting.plots.epochs import label_ends, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT = results.REPOSITORY / "benchmarks" / "plots" / "growth.png"
"""Where the drawing of the figures in benchmarks/results stands."""

Entry = Mapping[str, Any]
"""A stored point with its figures."""

_WIDTH, _HEIGHT = 206, 140
_LEFT, _TOP, _RIGHT, _BOTTOM = 52, 34, 26, 46
_NAMES = 40
"""What the names at the ends of the first column's lines take."""


@dataclass(frozen=True)
class _Row:
    """What a row of the drawing shows: a figure of each point, in a unit."""

    what: str
    title: str
    unit: float


_ROWS = (
    _Row("seconds", "Seconds an epoch", 1.0),
    _Row("peak_bytes", "Peak memory, GB", 1e9),
)
_SIDES = (32, 64, 96, 128)
"""Where the axis of pixels has its marks."""

_COLUMNS = {
    "images": "training pictures",
    "pixels": "pixels of a picture",
    "classes": "classes",
}


def draw(folder: Path = results.RESULTS) -> Path:
    """Draw the points that a results folder holds, with the lines fitted to them.

    Returns the file: :data:`PLOT`, or beside figures that are kept elsewhere.
    """
    figures = results.read(ROW, folder)
    assert figures is not None
    to = PLOT if folder == results.RESULTS else folder / PLOT.name
    return growth_plot(figures["points"], figures["fits"]).save(to)


@style()
def growth_plot(
    points: Mapping[str, Sequence[Entry]],
    fits: Mapping[str, Mapping[str, Mapping[str, float]]],
    curves: Mapping[str, Curve] = CURVES,
) -> Plot:
    """Return the drawing: measured points joined by nothing, the straight line dashed."""
    across, down = _LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + _BOTTOM
    figure = new_figure(across * len(_COLUMNS) + _NAMES, down * len(_ROWS))
    for place, axis in enumerate(_COLUMNS):
        left = place * across + _LEFT + (_NAMES if place else 0)
        shown = [name for name, curve in curves.items() if curve.axis == axis and points.get(name)]
        for row, measured in enumerate(_ROWS):
            axes = add_axes(figure, left, row * down + _TOP, _WIDTH, _HEIGHT)
            lines = [
                _draw(axes, curves[name], points[name], fits.get(name, {}), measured, colour)
                for name, colour in zip(shown, ("validation", "train"), strict=False)
            ]
            _finish(axes, axis, measured, lines)
    return Plot("growth", figure, _alt(points))


def _draw(
    axes: Axes,
    curve: Curve,
    entries: Sequence[Entry],
    fits: Mapping[str, Mapping[str, float]],
    row: _Row,
    colour: str,
) -> Line:
    """Draw one curve, and return it with its name for the label at its end."""
    along = np.array([curve.along(point_of(entry)) for entry in entries])
    values = np.array([entry[row.what] for entry in entries]) / row.unit
    axes.plot(along, values, "o", color=PALETTE[colour], markersize=4.5, clip_on=False)
    fit = fits.get(row.what)
    if fit is not None:
        ends = np.array([0, along.max()])
        line = (fit["slope"] * ends + fit["offset"]) / row.unit
        axes.plot(ends, line, color=PALETTE[colour], linewidth=1.2, linestyle=(0, (4, 2)))
    return Line("folder" if curve.folder else "arrays", values, PALETTE[colour])


def _finish(axes: Axes, axis: str, row: _Row, lines: Sequence[Line]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    if axis == "pixels":
        axes.set_xticks([side**2 for side in _SIDES], [f"{side}²" for side in _SIDES])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="y", color=PALETTE["line"], linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(_COLUMNS[axis], color=PALETTE["muted"], fontsize=FONT_SIZE, labelpad=4)
    write_title(axes, row.title, _LEFT - 16)
    if len(lines) > 1:
        label_ends(axes, lines, _HEIGHT)


def _thousands(value: float, _: object) -> str:
    return f"{value / 1000:g}k" if value >= 10_000 else wording.count(value)


def _alt(points: Mapping[str, Sequence[Entry]]) -> str:
    counts = (f"{name}: {wording.plural(len(found), 'point')}" for name, found in points.items())
    return f"Time and memory of an epoch against {'; '.join(counts)}"
