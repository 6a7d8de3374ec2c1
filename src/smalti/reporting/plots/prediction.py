"""One picture and what a classifier makes of it: as given, as seen, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from smalti.reporting.plots.canvas import FONT_SIZE, PALETTE, Plot, shorten, style
from smalti.reporting.plots.pictures import draw_picture, sheet, shown_side, write
from smalti.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 168
_HEAD = 26
_GAP = 24
_BARS = 180
_ROW = 30
MOST = 5
"""Classes shown, the likeliest first."""

_NAME_LENGTH = 18


@style()
def prediction_plot(
    views: Sequence[tuple[str, np.ndarray]],
    probabilities: Mapping[str, float],
    *,
    label: str = "",
    name: str = "prediction",
) -> Plot:
    """Return pictures (uint8 H×W×C) under their titles, and bars of the likeliest classes.

    ``probabilities`` are by class name; where the true ``label`` is known, the bar of the answer
    is blue when it is right and orange when it is wrong.
    """
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])[:MOST]
    sides = [shown_side(max(picture.shape[:2]), _SIDE) for _, picture in views]
    left = sum(sides) + _GAP * len(sides)
    names = max(len(shorten(n, _NAME_LENGTH)) for n, _ in ranked) * 0.64 * FONT_SIZE + 10
    figure, axes = sheet(left + names + _BARS + 56, _HEAD + _SIDE)
    place = 0
    for (title, picture), side in zip(views, sides, strict=True):
        write(axes, place, FONT_SIZE / 2, title, color=PALETTE["muted"])
        draw_picture(axes, picture, place, _HEAD, side)
        place += side + _GAP
    write(axes, left + names, FONT_SIZE / 2, _verdict(ranked[0][0], label), fontweight="bold")
    _draw_bars(axes, ranked, left + names, label)
    said = ", ".join(f"{n} {percent(share)}" for n, share in ranked)
    return Plot(name, figure, f"{_verdict(ranked[0][0], label)}: {said}")


def _verdict(answer: str, label: str) -> str:
    if not label:
        return f"Taken for {shorten(answer, _NAME_LENGTH)}"
    right = "✓" if answer == label else f"✗, it is {shorten(label, _NAME_LENGTH)}"
    return f"{shorten(answer, _NAME_LENGTH)} {right}"


def _draw_bars(axes: Axes, ranked: Sequence[tuple[str, float]], left: float, label: str) -> None:
    from matplotlib.patches import Rectangle

    for row, (name, share) in enumerate(ranked):
        middle = _HEAD + row * _ROW + 12
        colour = PALETTE["muted"]
        if row == 0:
            colour = PALETTE["validation" if label in ("", name) else "train"]
        track: dict[str, Any] = {"height": 12, "linewidth": 0}
        axes.add_patch(Rectangle((left, middle - 6), _BARS, color=PALETTE["line"], **track))
        axes.add_patch(Rectangle((left, middle - 6), _BARS * share, color=colour, **track))
        quiet = PALETTE["ink" if row == 0 else "muted"]
        write(axes, left - 8, middle, shorten(name, _NAME_LENGTH), ha="right", color=quiet)
        write(axes, left + _BARS + 8, middle, percent(share, 1), color=quiet)
