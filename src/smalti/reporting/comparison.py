"""The page of a comparison: one self-contained HTML file and its plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from smalti.files import write_bytes
from smalti.reporting.facts import History
from smalti.reporting.page import templates
from smalti.reporting.pictures import Picture, picture_of
from smalti.reporting.plots.canvas import Plot
from smalti.reporting.plots.comparison import comparison_panels
from smalti.reporting.plots.tradeoff import Point, colour_of, tradeoff_plot
from smalti.standings import Comparison, Standing, signed, signed_range, speed_words
from smalti.wording import count, duration, interval, plural, points

MOST_CURVES = 8
"""In the same axes: so many colours can be told apart."""

_TIMED = 1000
"""Pictures whose prediction time is drawn."""


@dataclass(frozen=True)
class Disagreement:
    """Pictures on which two runs differ: of the first two axes, what only one was right on.

    ``places`` are positions in the part, ``pictures`` those pictures (uint8 n×H×W×C), of what only
    the first, and only the second was right on; ``counts`` how many there are of each in all.
    """

    labels: tuple[str, str]
    runs: tuple[str, str]
    class_names: tuple[str, ...]
    truth: np.ndarray
    answers: tuple[np.ndarray, np.ndarray]
    counts: tuple[int, int]
    places: tuple[np.ndarray, np.ndarray]
    pictures: tuple[np.ndarray, np.ndarray]
    both_wrong: int


@dataclass(frozen=True)
class Shown:
    """A picture on which two differ, and what the one that was wrong took it for."""

    picture: Picture
    label: str
    taken_for: str


def write_page(
    comparison: Comparison,
    histories: Mapping[str, Sequence[History]],
    disagreement: Disagreement | None = None,
) -> None:
    """Write ``compare.html`` and ``plots/`` into the comparison's folder.

    ``histories`` are those of every row's runs, by its label. The page needs no network, prints,
    follows light and dark, and works on a phone.
    """
    times = _tradeoffs(comparison)
    drawn, left_out = _curves(comparison, histories)
    for plot in (*times, *drawn):
        write_bytes(comparison.path / "plots" / f"{plot.name}.svg", plot.svg)
        write_bytes(comparison.path / "plots" / f"{plot.name}.png", plot.png)
    page = templates().get_template("comparison.html")
    text = page.render(
        comparison=comparison,
        best=_best(comparison),
        tiles=_tiles(comparison),
        rows=[_row(row) for row in comparison.standings],
        has_parameters=any(row.parameters for row in comparison.standings),
        times=[plot.inline for plot in times],
        curves=[plot.inline for plot in drawn],
        left_out=left_out,
        groups=_groups(disagreement) if disagreement else [],
        disagreement=disagreement,
    )
    write_bytes(comparison.page, text.encode())


def _best(comparison: Comparison) -> Standing:
    return max(comparison.standings, key=lambda row: -1.0 if row.mean is None else row.mean)


def _tiles(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Return (value, name, meaning) of the numbers beside the headline."""
    best, base = _best(comparison), comparison.baseline
    tiles = []
    if best.difference is not None:
        tiles.append(
            (
                f"{signed(best.difference.mean)} points",
                f"to {base.label}",
                f"{signed_range(best.difference.low, best.difference.high)}, {best.verdict}",
            )
        )
    seconds = sum((row.seconds or 0.0) * len(row.runs) for row in comparison.standings)
    runs = plural(comparison.done, "run")
    tiles.append((runs, "trained", f"{duration(seconds)} in all" if seconds else ""))
    return tiles


def _row(row: Standing) -> dict[str, Any]:
    found = row.difference
    trained = row.mean is not None
    return {
        "label": row.label,
        "accuracy": points(row.mean) if row.mean is not None else "–",
        "sd": f"± {points(row.sd)}" if row.sd is not None else "",
        "interval": interval(row.low or 0.0, row.high or 0.0) if trained else "",
        "difference": signed(found.mean) if found else "",
        "range": signed_range(found.low, found.high) if found else "",
        "verdict": row.verdict,
        "mark": {"better": "▲ ", "worse": "▼ "}.get(row.verdict.rstrip("?"), ""),
        "kind": {"better": "right", "worse": "wrong"}.get(row.verdict, "quiet"),
        "runs": len(row.runs),
        "seconds": duration(row.seconds),
        "speed": speed_words(row.images_per_second),
        "parameters": count(row.parameters) if row.parameters else "–",
    }


def _tradeoffs(comparison: Comparison) -> list[Plot]:
    """Return accuracy against training and against prediction time, where they were measured."""
    training, predicting = [], []
    for place, row in enumerate(comparison.standings):
        if row.mean is None or row.low is None or row.high is None:
            continue
        there = (row.mean, row.low, row.high, colour_of(place))
        if row.seconds:
            training.append(Point(row.label, row.seconds, *there))
        if row.images_per_second:
            predicting.append(Point(row.label, _TIMED / row.images_per_second, *there))
    title = f"{comparison.part.capitalize()} accuracy and"
    plots = []
    if training:
        plots.append(
            tradeoff_plot(training, "training-time", f"{title} training time", "time to train once")
        )
    if predicting:
        across = f"time to predict {count(_TIMED)} pictures"
        title += " prediction time"
        plots.append(tradeoff_plot(predicting, "prediction-time", title, across))
    return plots


def _curves(
    comparison: Comparison, histories: Mapping[str, Sequence[History]]
) -> tuple[list[Plot], int]:
    """Return loss and accuracy over the epochs of the first rows, and how many were left out."""
    known = []
    for place, row in enumerate(comparison.standings):
        there = [history for history in histories.get(row.label, ()) if history]
        if there:
            known.append((row.label, mean_history(there), colour_of(place)))
    if not known:
        return [], 0
    return comparison_panels(known[:MOST_CURVES]), max(0, len(known) - MOST_CURVES)


def mean_history(histories: Sequence[History]) -> History:
    """Return the mean of several runs' histories, as far as all of them go."""
    shortest = min(map(len, histories))
    return [
        {key: _mean([history[epoch][key] for history in histories]) for key in histories[0][epoch]}
        for epoch in range(shortest)
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None


def _groups(found: Disagreement) -> list[tuple[str, int, list[Shown]]]:
    """Return (which of the two is right, on how many, some of them)."""
    groups = []
    for kind in (0, 1):
        answers = found.answers[1 - kind]
        shown = []
        for place, pixels in zip(found.places[kind], found.pictures[kind], strict=True):
            truth = found.class_names[found.truth[place]]
            wrong = found.class_names[answers[place]]
            shown.append(Shown(picture_of(pixels, truth, int(place)), truth, wrong))
        groups.append((found.labels[kind], found.counts[kind], shown))
    return groups
