"""Axes over the epochs, shared by every drawing that has them: values, scales, named curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smalti.reporting.facts import History
from smalti.reporting.plots.canvas import FONT_SIZE, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TickText = Callable[[float, float], str]
"""How a tick is said, from its value and the distance between two ticks."""

_LINE = FONT_SIZE + 3


@dataclass(frozen=True)
class Curve:
    """Values over the epochs (nan where there is none), with the name that stands at its end."""

    name: str
    values: np.ndarray
    colour: str


def plain_tick(value: float, step: float) -> str:
    """Return a number with as many decimals as tell it from the next tick."""
    decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
    if decimals <= 4:
        return f"{value:.{decimals}f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}" if value else "0"


def percent_tick(value: float, step: float) -> str:
    """Return a fraction in percent, with as many decimals as tell it from the next tick."""
    return f"{plain_tick(100 * value, 100 * step)} %"


def finite(history: History, column: str) -> np.ndarray:
    """Return a column of the history; what is missing or not finite is nan."""
    values = np.array([math.nan if row[column] is None else row[column] for row in history])
    return np.where(np.isfinite(values), values, np.nan)


def set_scales(
    axes: Axes, epochs: Sequence[int], tick: TickText, series: Sequence[np.ndarray]
) -> None:
    """Give the axes whole epochs across, round values down, and quiet lines at these."""
    from matplotlib.ticker import MaxNLocator

    first, last = epochs[0], epochs[-1]
    axes.set_xlim(first - (first == last), last + (first == last))
    values = np.concatenate([*series, [math.nan]])
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    margin = 0.06 * (high - low) or 0.06 * abs(high) or 0.5
    axes.set_ylim(low - margin, high + margin)
    axes.set_xticks(
        [t for t in MaxNLocator(6, integer=True).tick_values(first, last) if first <= t <= last]
    )
    ticks = np.array([low])
    if low < high:
        locator = MaxNLocator(6, steps=[1, 2, 5, 10])
        ticks = np.asarray(locator.tick_values(low - margin, high + margin))
        ticks = ticks[(ticks >= low - margin) & (ticks <= high + margin)]
    step = float(ticks[1] - ticks[0]) if len(ticks) > 1 else _last_digit(low)
    axes.set_yticks(ticks, [tick(float(value), step) for value in ticks])
    axes.grid(axis="y", color=PALETTE["line"], linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel("epoch", color=PALETTE["muted"], fontsize=FONT_SIZE, labelpad=4)


def write_title(axes: Axes, title: str, left: float) -> None:
    """Write a title above the axes, ``left`` page pixels further left: over the tick texts."""
    axes.annotate(
        title, (0, 1), (-left, 14), xycoords="axes fraction", textcoords="offset points",
        fontsize=FONT_SIZE + 1, fontweight="bold", color=PALETTE["ink"],
    )  # fmt: skip


def _last_digit(value: float) -> float:
    """Return the place of a number's last digit that is said: ``0.002`` gives ``0.001``."""
    decimals = len(f"{value:.4g}".partition(".")[2])
    return 10.0**-decimals if 1e-4 <= abs(value) < 1e4 else 10.0 ** math.floor(math.log10(value))


def label_ends(axes: Axes, curves: Sequence[Curve], height: float) -> None:
    """Write each curve's name at its end, moved apart where they would touch.

    ``height`` is that of the axes in page pixels.
    """
    low, high = axes.get_ylim()
    pixels = height / (high - low)
    ends = [float(curve.values[np.isfinite(curve.values)][-1] - low) * pixels for curve in curves]
    for curve, place in zip(curves, spread_apart(ends, height - 4), strict=True):
        axes.annotate(
            curve.name, (1, low + place / pixels), (6, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", color=curve.colour, fontsize=FONT_SIZE,
        )  # fmt: skip


def spread_apart(places: Sequence[float], highest: float) -> list[float]:
    """Return heights for lines of text near the wanted ones, in the same order, none touching.

    Lines that would touch share what they lack; at the upper end all below give way.
    """
    if not places:
        return []
    order = np.argsort(places, kind="stable")
    groups: list[list[float]] = []
    for place in np.asarray(places, dtype=float)[order]:
        groups.append([place])
        while len(groups) > 1 and _reach(groups[-2])[1] > _reach(groups[-1])[0]:
            last = groups.pop()
            groups[-1] += last
    moved = np.concatenate([_in_lines(group) for group in groups])
    limit = highest - _LINE * np.arange(len(moved))[::-1]
    apart = np.empty(len(moved))
    apart[order] = np.minimum(moved, limit)
    return [float(place) for place in apart]


def _in_lines(group: Sequence[float]) -> np.ndarray:
    """Return lines of text one under the other, around the middle of the wanted places."""
    return np.mean(group) + _LINE * (np.arange(len(group)) - (len(group) - 1) / 2)


def _reach(group: Sequence[float]) -> tuple[float, float]:
    middle, half = float(np.mean(group)), _LINE * len(group) / 2
    return middle - half, middle + half
