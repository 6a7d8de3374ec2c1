"""What a run's network looked at and what is inside it, stored for its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from smalti.classifier.native import NativeClassifier
from smalti.data.dataset import Part
from smalti.data.pictures import PictureError, read_picture
from smalti.explanations.embedding import embed
from smalti.explanations.explaining import explain
from smalti.explanations.inside import feature_maps, first_filters
from smalti.explanations.overlay import overlay
from smalti.runs import Run

WRONG, RIGHT = "wrong", "right"
"""The kinds of samples that are looked at; those that are written are ``reasons``, ``filters``
(of the first layer) and ``maps`` (of one right answer)."""


def store_explanations(run: Run, part: Part) -> None:
    """Look at the samples that evaluating kept of a native run, and into its network.

    ``part`` is the test part: some of its pictures are put on a map.
    """
    classifier = NativeClassifier.load(run)
    run.write_samples("reasons", *_reasons(run, classifier))
    filters = first_filters(classifier.model, classifier.input_shape)
    sheets = [filters] if filters else []
    run.write_samples("filters", [s.picture for s in sheets], [{"label": s.label} for s in sheets])
    run.write_samples("maps", *_maps(run, classifier))
    _store_map(run, classifier, part)


def _reasons(
    run: Run, classifier: NativeClassifier
) -> tuple[list[np.ndarray], list[dict[str, str]]]:
    """Return over each stored mistake what spoke for the answer, and what for the truth."""
    entries, pictures = _samples(run, WRONG, classifier)
    if not pictures:
        return [], []
    wanted = [(entry["predicted"], entry["label"]) for entry in entries]
    found = explain(classifier, np.stack(pictures), wanted)
    drawn, notes = [], []
    for entry, picture, reasons in zip(entries, pictures, found, strict=True):
        for reason in reasons:
            drawn.append(overlay(picture, reason.heat))
            notes.append({"of": entry["file"], "label": reason.label})
    return drawn, notes


def _maps(run: Run, classifier: NativeClassifier) -> tuple[list[np.ndarray], list[dict[str, str]]]:
    """Return the feature maps of the first right answer."""
    entries, pictures = _samples(run, RIGHT, classifier)
    if not pictures:
        return [], []
    sheets = feature_maps(classifier.model, classifier.prepared(pictures[0][None]))
    of = entries[0]["file"]
    return [s.picture for s in sheets], [{"of": of, "label": s.label} for s in sheets]


def _store_map(run: Run, classifier: NativeClassifier, part: Part) -> None:
    found = embed(classifier, part)
    rows = -(-len(found.indices) // found.across)
    note = {"across": found.across, "height": found.sheet.shape[0] // rows}
    run.write_samples("sprites", [found.sheet], [note])
    run.write_embedding(found.points, found.indices, found.explained)


def _samples(
    run: Run, kind: str, classifier: NativeClassifier
) -> tuple[list[Mapping[str, Any]], list[np.ndarray]]:
    """Return what is stored of a kind, as the network takes it; damaged ones are left out."""
    entries: list[Mapping[str, Any]] = []
    pictures: list[np.ndarray] = []
    for entry in run.samples().get(kind, []):
        try:
            picture = read_picture(run.samples_folder / entry["file"], classifier.input_shape)
        except (PictureError, KeyError, TypeError):
            continue
        entries.append(entry)
        pictures.append(picture)
    return entries, pictures
