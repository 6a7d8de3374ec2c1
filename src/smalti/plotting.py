"""Drawing runs, data sets, pictures and answers: what :mod:`smalti.reporting` draws, by subject."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError
from smalti.runs import Run

if TYPE_CHECKING:
    import numpy as np

    from smalti.classifier.protocol import Classifier, Pictures, Prediction
    from smalti.evaluation.evaluating import Evaluation
    from smalti.recipes import Recipe
    from smalti.reporting.plots.canvas import Plot

_SHOWN_SIDE = 336
"""Pixels a side that a picture file is shown with."""


def plot(
    subject: str | Path | Run | Evaluation | Dataset | Sequence[str | Path | Run],
    what: str = "",
    *,
    recipe: str | Path | Recipe | None = None,
    to: str | Path | None = None,
) -> Plot:
    """Draw a run, several runs or a data set; a notebook shows what is returned.

    ``what`` is, for a run, ``curves`` (the default), ``confusion``, ``confusion-normalised``,
    ``samples`` (right and wrong ones), ``augmented`` or ``stress`` (what :func:`smalti.stress`
    found); of several runs the curves are drawn in the same axes, of an evaluation the confusion
    matrix, and of a data set some training pictures of every class: with a ``recipe``, as its
    training changes them. ``to`` is the file (``.png`` or ``.svg``) or the folder that the drawing
    is written to as well.
    """
    if isinstance(subject, Dataset):
        _require_drawing(what, "samples", "a data set")
        return _saved(_class_samples(subject, recipe), to)
    if recipe is not None:
        raise SmaltiError(
            "A recipe says how training changes the pictures of a data set; a run has its own.",
            "Draw those that it was fed: smalti.plot(run, 'augmented')",
        )
    return _saved(_drawn(subject, what), to)


def _drawn(subject: Any, what: str) -> Plot:
    from smalti.reporting.drawings import compare, draw
    from smalti.reporting.plots.confusion import confusion_plot

    if isinstance(subject, list | tuple):
        _require_drawing(what, "curves", "several runs")
        return compare([_opened(run) for run in subject])
    if isinstance(subject, str | Path | Run):
        return draw(_opened(subject), what or "curves")
    _require_drawing(what, "confusion", "an evaluation")
    return confusion_plot(subject.confusion, subject.class_names)


def _require_drawing(what: str, only: str, subject: str) -> None:
    if what not in ("", only):
        raise SmaltiError(f"Of {subject}, smalti draws {only}, not {what!r}.", "Give it one run.")


def _class_samples(dataset: Dataset, recipe: str | Path | Recipe | None) -> Plot:
    """Return training pictures of every class, as they are or as a recipe's training sees them."""
    from smalti.recipes import resolve
    from smalti.showing import class_sheet

    return class_sheet(dataset, None if recipe is None else resolve(recipe, dataset.name, {}))


def plot_pictures(
    pictures: np.ndarray | Sequence[np.ndarray],
    captions: Sequence[str] = (),
    labels: Sequence[str] = (),
    *,
    to: str | Path | None = None,
) -> Plot:
    """Draw pictures (uint8 H×W×C each) in rows, with what each is said to be under it.

    With the true ``labels``, every caption is marked right or wrong.
    """
    from smalti.reporting.plots.pictures import Tile, pictures_plot

    shown = list(captions) or [""] * len(pictures)
    true: list[str | None] = list(labels) or [None] * len(pictures)
    if not len(pictures) == len(shown) == len(true):
        raise SmaltiError(
            f"Got {len(pictures)} pictures, {len(shown)} captions and {len(true)} labels; "
            "expected as many of each."
        )
    tiles = []
    for picture, said, label in zip(pictures, shown, true, strict=True):
        right = None if label is None else said == label
        tiles.append(Tile(picture, said, f"is {label}" if right is False else "", right))
    return _saved(pictures_plot([("", tiles)]), to)


def plot_prediction(
    answer: Prediction,
    picture: np.ndarray,
    label: str = "",
    *,
    given: str | Path | None = None,
    to: str | Path | None = None,
) -> Plot:
    """Draw one picture (uint8 H×W×C), as the classifier saw it, beside the likeliest classes.

    ``label`` is the truth where it is known; ``given`` the picture file that ``picture`` was made
    from, which is then shown as well.
    """
    from smalti.data.pictures import read_picture
    from smalti.reporting.plots.prediction import prediction_plot

    views = [("as the network sees it", picture)]
    if given is not None:
        views.insert(0, ("as it was given", read_picture(given, (_SHOWN_SIDE, _SHOWN_SIDE, 3))))
    return _saved(prediction_plot(views, answer.probabilities, label=label), to)


def plot_explanation(
    classifier: Classifier,
    pictures: Pictures,
    classes: Sequence[str] = (),
    top: int = 2,
    names: Sequence[str] = (),
    *,
    to: str | Path | None = None,
) -> Plot:
    """Draw each picture beside heat maps of its classes; see :func:`smalti.explain`."""
    from smalti.explanations.explaining import explain
    from smalti.explanations.overlay import enlarged, overlay
    from smalti.reporting.plots.pictures import Tile, pictures_plot
    from smalti.wording import percent

    images = classifier.read(pictures)
    found = explain(classifier, images, [tuple(classes)] * len(images) if classes else (), top)
    shown = list(names) or [f"picture {number}" for number in range(1, len(images) + 1)]
    groups = []
    for name, picture, reasons in zip(shown, images, found, strict=True):
        tiles = [Tile(enlarged(picture))]
        tiles += [
            Tile(overlay(picture, reason.heat), reason.label, percent(reason.probability))
            for reason in reasons
        ]
        groups.append((name, tiles))
    return _saved(pictures_plot(groups, name="explained"), to)


def _saved(drawn: Plot, to: str | Path | None) -> Plot:
    if to is not None:
        drawn.save(to)
    return drawn


def _opened(run: str | Path | Run) -> Run:
    return run if isinstance(run, Run) else Run(run)
