"""Curves over the epochs: loss and accuracy of training and validation, and the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smalti.reporting.facts import History
from smalti.reporting.plots.canvas import FONT_SIZE, PALETTE, Plot, add_axes, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 340, 230
_LEFT, _TOP, _RIGHT, _BOTTOM = 46, 34, 66, 38


@dataclass(frozen=True)
class Panel:
    """One set of axes: file name, title, history columns by the colour they are drawn in."""

    name: str
    title: str
    columns: dict[str, str]
    tick: Callable[[float, float], str]


def _plain_tick(value: float, step: float) -> str:
    decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
    if decimals <= 4:
        return f"{value:.{decimals}f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}" if value else "0"


def _percent_tick(value: float, step: float) -> str:
    return f"{_plain_tick(100 * value, 100 * step)} %"


PANELS = (
    Panel("loss", "Loss", {"train": "train_loss", "validation": "val_loss"}, _plain_tick),
    Panel(
        "accuracy",
        "Accuracy",
        {"train": "train_accuracy", "validation": "val_accuracy"},
        _percent_tick,
    ),
    Panel("learning-rate", "Learning rate", {"ink": "lr"}, _plain_tick),
)


@style()
def curves(history: History, chosen: int | None) -> list[Plot]:
    """Return one plot a panel, for the page: they stand beside or under each other."""
    plots = []
    for panel in PANELS:
        figure = new_figure(WIDTH, HEIGHT)
        _draw_panel(_panel_axes(figure, 0), panel, history, chosen)
        plots.append(Plot(panel.name, figure, _alt(panel, history, chosen)))
    return plots


@style()
def all_curves(history: History, chosen: int | None) -> Plot:
    """Return all panels side by side in one plot, for a file."""
    figure = new_figure(WIDTH * len(PANELS), HEIGHT)
    for place, panel in enumerate(PANELS):
        _draw_panel(_panel_axes(figure, place * WIDTH), panel, history, chosen)
    return Plot("curves", figure, "; ".join(_alt(panel, history, chosen) for panel in PANELS))


def _panel_axes(figure: Figure, left: float) -> Axes:
    return add_axes(figure, left + _LEFT, _TOP, WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM)


def _draw_panel(axes: Axes, panel: Panel, history: History, chosen: int | None) -> None:
    epochs = [int(row["epoch"] or 0) for row in history]
    series = {colour: _finite(history, column) for colour, column in panel.columns.items()}
    series = {colour: values for colour, values in series.items() if np.isfinite(values).any()}
    _set_scales(axes, epochs, panel, list(series.values()))
    if chosen in epochs:
        _mark_epoch(axes, chosen)
    marker = "o" if len(epochs) == 1 else None
    for colour, values in series.items():
        axes.plot(epochs, values, color=PALETTE[colour], linewidth=1.8, marker=marker, markersize=5)
        if chosen in epochs and colour != "train":
            value = values[epochs.index(chosen)]
            axes.plot([chosen], [value], "o", color=PALETTE[colour], markersize=5.5)
    if "train" in panel.columns:
        _label_ends(axes, epochs[-1], series)


def _finite(history: History, column: str) -> np.ndarray:
    values = np.array([math.nan if row[column] is None else row[column] for row in history])
    return np.where(np.isfinite(values), values, np.nan)


def _set_scales(
    axes: Axes, epochs: Sequence[int], panel: Panel, series: Sequence[np.ndarray]
) -> None:
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
    axes.set_yticks(ticks, [panel.tick(float(tick), step) for tick in ticks])
    axes.grid(axis="y", color=PALETTE["line"], linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel("epoch", color=PALETTE["muted"], fontsize=FONT_SIZE, labelpad=4)
    axes.set_title(
        panel.title, loc="left", x=-_LEFT / (WIDTH - _LEFT - _RIGHT), pad=14,
        fontsize=FONT_SIZE + 1, fontweight="bold", color=PALETTE["ink"],
    )  # fmt: skip


def _last_digit(value: float) -> float:
    """Return the place of a number's last digit that is said: ``0.002`` gives ``0.001``."""
    decimals = len(f"{value:.4g}".partition(".")[2])
    return 10.0**-decimals if 1e-4 <= abs(value) < 1e4 else 10.0 ** math.floor(math.log10(value))


def _mark_epoch(axes: Axes, epoch: int) -> None:
    axes.axvline(epoch, color=PALETTE["muted"], linewidth=1, linestyle=(0, (2, 3)))
    axes.annotate(
        f"epoch {epoch} kept", (epoch, 1), (0, 7), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="center", color=PALETTE["muted"], fontsize=FONT_SIZE - 1,
    )  # fmt: skip


def _label_ends(axes: Axes, last: int, series: dict[str, np.ndarray]) -> None:
    """Write each curve's name at its end, moved apart where they would touch."""
    ends = {name: values[np.isfinite(values)][-1] for name, values in series.items()}
    low, high = axes.get_ylim()
    pixels = (HEIGHT - _TOP - _BOTTOM) / (high - low)
    places = {name: (value - low) * pixels for name, value in ends.items()}
    if len(places) == 2:
        lower, upper = sorted(places, key=places.__getitem__)
        push = max(0.0, FONT_SIZE + 3 - (places[upper] - places[lower])) / 2
        places[lower] -= push
        places[upper] += push
        above = max(0.0, places[upper] - (HEIGHT - _TOP - _BOTTOM) + 4)
        places = {name: place - above for name, place in places.items()}
    for name, place in places.items():
        axes.annotate(
            name, (1, low + place / pixels), (6, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", color=PALETTE[name], fontsize=FONT_SIZE,
        )  # fmt: skip


def _alt(panel: Panel, history: History, chosen: int | None) -> str:
    """Return what the panel shows, with first and last values, for those who cannot see it."""
    parts = []
    for colour, column in panel.columns.items():
        values = _finite(history, column)
        values = values[np.isfinite(values)]
        if len(values):
            name = "" if colour == "ink" else f"{colour} "
            parts.append(f"{name}from {values[0]:.4g} to {values[-1]:.4g}")
    kept = f"; epoch {chosen} was kept" if chosen is not None else ""
    return f"{panel.title} over {len(history)} epochs: {', '.join(parts) or 'no values'}{kept}"
