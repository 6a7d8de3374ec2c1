"""What the network finds alike: test pictures on a map, to be looked at one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.errors import SmaltiError
from smalti.reporting.facts import Facts, Outputs
from smalti.reporting.pictures import Sprites, sprites
from smalti.reporting.plots.embedding import embedding_plot, mark
from smalti.reporting.section import Section
from smalti.wording import count, percent

_MARGIN = 2.5
"""Around the points, in percent of the map."""

TITLE = "What it finds alike"


@dataclass(frozen=True)
class Point:
    """A picture on the map: its place in percent of the map, its tile, and what is said of it."""

    x: float
    y: float
    column: int
    row: int
    place: int
    marked: str
    wrong: bool
    said: str


def alike(facts: Facts) -> Section:
    """Return the map of sampled test pictures by what the network's last layer answers from."""
    outputs, stored = facts.test, facts.run.embedding()
    shown = sprites(facts)
    if outputs is None or stored is None or shown is None:
        missing = "The map of test pictures is made when a run's own network is evaluated."
        command = facts.evaluate_command + (" --again" if facts.metrics else "")
        return Section("alike", TITLE, missing=missing, command=command)
    points, indices, explained = stored
    if indices.max(initial=0) >= len(outputs.labels) or shown.across < 1:
        raise SmaltiError(
            f"{facts.run.outputs_file('embedding')} and {facts.run.outputs_file('test')} do not "
            "belong together.",
            f"Measure again with: {facts.evaluate_command} --again",
        )
    labels = outputs.labels[indices]
    guesses = outputs.logits[indices].argmax(axis=1)
    said = [
        f"across the first principal component ({percent(explained[0], 0)} of the variance)",
        f"up the second ({percent(explained[1], 0)})",
    ]
    alt = f"{count(len(indices))} test pictures by what the last layer answers from"
    plot = embedding_plot(points, labels, labels != guesses, said, alt)
    values = {
        "points": _points(points, indices, labels, guesses, outputs, shown),
        "sprites": shown,
        "classes": [
            (place, name, _marked(place)) for place, name in enumerate(outputs.class_names)
        ],
        "n": len(indices),
        "of": len(outputs.labels),
        "wrong": int((labels != guesses).sum()),
        "axes": ", ".join(said),
        "repeated": len(outputs.class_names) > 20,
    }
    return Section("alike", TITLE, values, (plot,))


def _points(
    points: np.ndarray,
    indices: np.ndarray,
    labels: np.ndarray,
    guesses: np.ndarray,
    outputs: Outputs,
    shown: Sprites,
) -> list[Point]:
    """Return the points class by class, each from left to right: the order of the arrow keys."""
    names = outputs.class_names
    low, high = points.min(axis=0), points.max(axis=0)
    scaled = (points - low) / np.where(high > low, high - low, 1)
    places = _MARGIN + (100 - 2 * _MARGIN) * scaled
    found = []
    for place in np.lexsort((places[:, 0], labels)):
        label, guess = int(labels[place]), int(guesses[place])
        row, column = divmod(int(place), shown.across)
        taken = "" if label == guess else f", taken for {names[guess]}"
        said = f"{names[label]}{taken} (picture {indices[place]})"
        x, y = (round(float(value), 1) for value in places[place])
        found.append(Point(x, y, column, row, label, _marked(label), label != guess, said))
    return found


def _marked(place: int) -> str:
    """Return a class's mark as names of the page's styles."""
    colour, outline, filling = mark(place)
    return f"{colour} {outline} {filling}"
