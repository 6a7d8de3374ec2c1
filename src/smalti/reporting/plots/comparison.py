"""Validation curves of several runs in the same axes, each named at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from smalti.reporting.facts import History
from smalti.reporting.plots.canvas import (
    PALETTE,
    Plot,
    add_axes,
    new_figure,
    shorten,
    style,
    text_width,
)
from smalti.reporting.plots.curves import PANELS
from smalti.reporting.plots.epochs import Curve, finite, label_ends, set_scales, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = tuple(
    PALETTE[name]
    for name in ("validation", "train", "green", "violet", "rose", "muted", "teal", "brown")
)
"""Told apart by the colour-blind as far as eight colours can be; the names stand beside them."""

_WIDTH, _HEIGHT = 280, 200
_LEFT, _TOP, _BOTTOM = 46, 34, 38
_NAME_LENGTH = 24


@style()
def comparison_plot(histories: Sequence[tuple[str, History]]) -> Plot:
    """Return loss and accuracy over the epochs, one curve a run, named as given.

    Validation where every run has it, else training.
    """
    validated = all(row["val_loss"] is not None for _, history in histories for row in history)
    part = "validation" if validated else "train"
    names = [shorten(name, _NAME_LENGTH) for name, _ in histories]
    pitch = _LEFT + _WIDTH + max(text_width(name) for name in names) + 14
    figure = new_figure(2 * pitch, _TOP + _HEIGHT + _BOTTOM)
    longest = max((history for _, history in histories), key=len)
    for place, panel in enumerate(PANELS[:2]):
        axes = add_axes(figure, place * pitch + _LEFT, _TOP, _WIDTH, _HEIGHT)
        curves = [
            Curve(name, finite(history, panel.columns[part]), COLOURS[number % len(COLOURS)])
            for number, (name, (_, history)) in enumerate(zip(names, histories, strict=True))
        ]
        epochs = [int(row["epoch"] or 0) for row in longest]
        set_scales(axes, epochs, panel.tick, [curve.values for curve in curves])
        write_title(axes, f"{panel.title}, {part}", _LEFT)
        _draw(axes, [curve for curve in curves if np.isfinite(curve.values).any()])
    return Plot("comparison", figure, f"{part} loss and accuracy of {', '.join(names)}")


@style()
def comparison_panels(curves: Sequence[tuple[str, History, str]]) -> list[Plot]:
    """Return loss and accuracy as a plot each, for a page: name, history and colour of each curve.

    Validation where every run has it, else training.
    """
    validated = all(row["val_loss"] is not None for _, history, _ in curves for row in history)
    part = "validation" if validated else "train"
    names = [shorten(name, _NAME_LENGTH) for name, _, _ in curves]
    width = _LEFT + _WIDTH + max(text_width(name) for name in names) + 10
    height = max(_HEIGHT, 15 * len(names))
    epochs = list(range(1, max(len(history) for _, history, _ in curves) + 1))
    plots = []
    for panel in PANELS[:2]:
        figure = new_figure(width, _TOP + height + _BOTTOM)
        axes = add_axes(figure, _LEFT, _TOP, _WIDTH, height)
        drawn = [
            Curve(name, finite(history, panel.columns[part]), colour)
            for name, (_, history, colour) in zip(names, curves, strict=True)
        ]
        set_scales(axes, epochs, panel.tick, [curve.values for curve in drawn])
        write_title(axes, f"{panel.title}, {part}", _LEFT)
        _draw(axes, [curve for curve in drawn if np.isfinite(curve.values).any()], height)
        said = f"{panel.title} over the epochs, {part}: {', '.join(names)}"
        plots.append(Plot(f"{panel.name}-curves", figure, said))
    return plots


def _draw(axes: Axes, curves: Sequence[Curve], height: float = _HEIGHT) -> None:
    for curve in curves:
        epochs = np.arange(1, len(curve.values) + 1)
        marker = "o" if len(epochs) == 1 else None
        axes.plot(
            epochs, curve.values, color=curve.colour, linewidth=1.8, marker=marker, markersize=5
        )
    label_ends(axes, curves, height)
