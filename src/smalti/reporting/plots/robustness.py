"""Accuracy by strength where pictures get worse, a set of axes for each kind; and under attack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from smalti.reporting.plots.canvas import FONT_SIZE, PALETTE, Plot, add_axes, new_figure, style
from smalti.reporting.plots.epochs import Curve, label_ends, percent_tick, write_title
from smalti.robustness import STRENGTHS, Attacks, Corrupted, Robustness, Share
from smalti.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS: Mapping[str, Sequence[str]] = {
    "Noise": ("gaussian-noise", "shot-noise", "impulse-noise"),
    "Blur": ("blur", "motion-blur"),
    "Weather": ("fog", "snow"),
    "Light": ("brightness", "contrast", "invert"),
    "Storing": ("jpeg", "pixelate"),
    "Place": ("shift", "rotate", "scale"),
}
"""Corruptions that stand in the same axes."""

_COLOURS = ("validation", "train", "green")
_WIDTH, _HEIGHT = 220, 170
_LEFT, _TOP, _RIGHT, _BOTTOM = 50, 36, 104, 40
_ACROSS = 3
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@style()
def kind_plots(found: Robustness) -> list[Plot]:
    """Return one plot a kind of corruption, for the page: they stand beside or under each other."""
    plots = []
    for title, shown in _kinds(found):
        figure = new_figure(_LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + _BOTTOM)
        _draw(add_axes(figure, _LEFT, _TOP, _WIDTH, _HEIGHT), title, shown, found.clean)
        plots.append(Plot(f"stress-{title.lower()}", figure, _alt(title, shown, found.clean)))
    return plots


@style()
def stress_plot(found: Robustness) -> Plot:
    """Return all kinds in one plot, for a file."""
    kinds = _kinds(found)
    across = min(_ACROSS, len(kinds))
    wide, high = _LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + _BOTTOM
    figure = new_figure(across * wide, -(-len(kinds) // across) * high)
    for place, (title, shown) in enumerate(kinds):
        row, column = divmod(place, across)
        axes = add_axes(figure, column * wide + _LEFT, row * high + _TOP, _WIDTH, _HEIGHT)
        _draw(axes, title, shown, found.clean)
    said = "; ".join(_alt(title, shown, found.clean) for title, shown in kinds)
    return Plot("stress", figure, said)


@style()
def attack_plot(found: Attacks) -> Plot:
    """Return the accuracy under FGSM and PGD by epsilon; each step across is twice as far."""
    figure = new_figure(_LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + _BOTTOM)
    axes = add_axes(figure, _LEFT, _TOP, _WIDTH, _HEIGHT)
    curves = [("FGSM", [one.fgsm for one in found.by_epsilon], "validation")]
    curves.append(("PGD", [one.pgd for one in found.by_epsilon], "train"))
    drawn = [_curve(axes, name, [found.clean, *shares], how) for name, shares, how in curves]
    steps = ["0", *(str(one.epsilon) for one in found.by_epsilon)]
    _finish(axes, "Under attack", steps, "epsilon, of 255", drawn)
    said = (
        f"{one.epsilon}/255: FGSM {percent(one.fgsm.accuracy)}, PGD {percent(one.pgd.accuracy)}"
        for one in found.by_epsilon
    )
    alt = f"Accuracy under attack, {percent(found.clean.accuracy)} before; {'; '.join(said)}"
    return Plot("attacks", figure, alt)


def _kinds(found: Robustness) -> list[tuple[str, list[Corrupted]]]:
    """Return the corruptions that there are by kind; unknown ones are of none."""
    known = {one.name: one for one in found.corruptions}
    kinds = [
        (title, [known.pop(name) for name in names if name in known])
        for title, names in KINDS.items()
    ]
    rest = list(known.values())
    kinds += [("More", rest[at : at + len(_COLOURS)]) for at in range(0, len(rest), len(_COLOURS))]
    return [(title, shown) for title, shown in kinds if shown]


def _draw(axes: Axes, title: str, shown: Sequence[Corrupted], clean: Share) -> None:
    curves = [
        _curve(axes, one.name, [clean, *one.by_strength], colour)
        for one, colour in zip(shown, _COLOURS, strict=False)
    ]
    _finish(axes, title, ["0", *map(str, STRENGTHS)], "strength", curves)


def _curve(axes: Axes, name: str, shares: Sequence[Share], colour: str) -> Curve:
    values = np.array([share.accuracy for share in shares])
    places = np.arange(len(shares))
    ends = np.array([[share.low for share in shares], [share.high for share in shares]])
    axes.vlines(places, *ends, color=PALETTE[colour], linewidth=1.2)
    axes.plot(places, values, color=PALETTE[colour], linewidth=1.8, marker="o", markersize=4)
    return Curve(name, values, PALETTE[colour])


def _finish(
    axes: Axes, title: str, steps: Sequence[str], across: str, curves: Sequence[Curve]
) -> None:
    axes.set(xlim=(-0.25, len(steps) - 0.75), ylim=(-0.03, 1.03))
    axes.set_xticks(range(len(steps)), steps)
    axes.set_yticks(_TICKS, [percent_tick(tick, 0.2) for tick in _TICKS])
    axes.grid(axis="y", color=PALETTE["line"], linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(across, color=PALETTE["muted"], fontsize=FONT_SIZE, labelpad=4)
    write_title(axes, title, _LEFT)
    label_ends(axes, curves, _HEIGHT)


def _alt(title: str, shown: Sequence[Corrupted], clean: Share) -> str:
    parts = []
    for one in shown:
        values = ", ".join(percent(share.accuracy, 0) for share in one.by_strength)
        parts.append(f"{one.name} {values}")
    return (
        f"{title}, accuracy by strength from 1 to {len(STRENGTHS)}, "
        f"{percent(clean.accuracy, 0)} unchanged: {'; '.join(parts)}"
    )
