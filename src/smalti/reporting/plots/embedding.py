"""The map of pictures as a file: a mark for each, by the colour and shape of its true class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smalti.reporting.plots.canvas import FONT_SIZE, PALETTE, Plot, add_axes, new_figure, style

WIDTH, HEIGHT = 640, 480
_BOTTOM = 30

COLOURS = ("validation", "train", "green", "rose", "violet")
SHAPES = (("round", "full"), ("square", "full"), ("round", "hollow"), ("square", "hollow"))
"""Orange and blue stay apart for everyone; what colour does not tell shape does, for 20 classes."""


def mark(place: int) -> tuple[str, str, str]:
    """Return colour, outline and filling of the class at this place; after 20 they repeat."""
    outline, filling = SHAPES[place // len(COLOURS) % len(SHAPES)]
    return COLOURS[place % len(COLOURS)], outline, filling


@style()
def embedding_plot(
    points: np.ndarray, labels: np.ndarray, wrong: np.ndarray, axes_said: Sequence[str], alt: str
) -> Plot:
    """Return the map: points N×2, true classes N, which were answered wrongly N."""
    figure = new_figure(WIDTH, HEIGHT)
    axes = add_axes(figure, 0, 0, WIDTH, HEIGHT - _BOTTOM)
    axes.set_xticks([])
    axes.set_yticks([])
    for place in np.unique(labels):
        colour, outline, filling = mark(int(place))
        here = labels == place
        axes.scatter(
            points[here, 0], points[here, 1], s=15, linewidths=1,
            marker="o" if outline == "round" else "s", edgecolors=PALETTE[colour],
            facecolors=PALETTE[colour] if filling == "full" else "none",
        )  # fmt: skip
    axes.scatter(
        points[wrong, 0], points[wrong, 1], s=46, marker="o", facecolors="none",
        edgecolors=PALETTE["ink"], linewidths=1.3,
    )  # fmt: skip
    axes.set_xlabel("; ".join(axes_said), color=PALETTE["muted"], fontsize=FONT_SIZE)
    return Plot("map", figure, alt)
