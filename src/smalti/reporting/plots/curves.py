"""Curves over the epochs: loss and accuracy of training and validation, and the learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smalti.reporting.facts import History
from smalti.reporting.plots.canvas import FONT_SIZE, PALETTE, Plot, add_axes, new_figure, style
from smalti.reporting.plots.epochs import (
    Curve,
    TickText,
    finite,
    label_ends,
    percent_tick,
    plain_tick,
    set_scales,
    write_title,
)

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
    tick: TickText


PANELS = (
    Panel("loss", "Loss", {"train": "train_loss", "validation": "val_loss"}, plain_tick),
    Panel(
        "accuracy",
        "Accuracy",
        {"train": "train_accuracy", "validation": "val_accuracy"},
        percent_tick,
    ),
    Panel("learning-rate", "Learning rate", {"ink": "lr"}, plain_tick),
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
    curves = [
        Curve(name, finite(history, column), PALETTE[name])
        for name, column in panel.columns.items()
    ]
    curves = [curve for curve in curves if np.isfinite(curve.values).any()]
    set_scales(axes, epochs, panel.tick, [curve.values for curve in curves])
    write_title(axes, panel.title, _LEFT)
    if chosen in epochs:
        _mark_epoch(axes, chosen)
    marker = "o" if len(epochs) == 1 else None
    for curve in curves:
        colour = curve.colour
        axes.plot(epochs, curve.values, color=colour, linewidth=1.8, marker=marker, markersize=5)
        if chosen in epochs and curve.name != "train":
            value = curve.values[epochs.index(chosen)]
            axes.plot([chosen], [value], "o", color=colour, markersize=5.5)
    if "train" in panel.columns:
        label_ends(axes, curves, HEIGHT - _TOP - _BOTTOM)


def _mark_epoch(axes: Axes, epoch: int) -> None:
    axes.axvline(epoch, color=PALETTE["muted"], linewidth=1, linestyle=(0, (2, 3)))
    axes.annotate(
        f"epoch {epoch} kept", (epoch, 1), (0, 7), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="center", color=PALETTE["muted"], fontsize=FONT_SIZE - 1,
    )  # fmt: skip


def _alt(panel: Panel, history: History, chosen: int | None) -> str:
    """Return what the panel shows, with first and last values, for those who cannot see it."""
    parts = []
    for colour, column in panel.columns.items():
        values = finite(history, column)
        values = values[np.isfinite(values)]
        if len(values):
            name = "" if colour == "ink" else f"{colour} "
            parts.append(f"{name}from {values[0]:.4g} to {values[-1]:.4g}")
    kept = f"; epoch {chosen} was kept" if chosen is not None else ""
    return f"{panel.title} over {len(history)} epochs: {', '.join(parts) or 'no values'}{kept}"
