"""What a run looked at in the mistakes that evaluating kept, stored for its report."""

from __future__ import annotations

import numpy as np

from smalti.classifier.loading import load_run
from smalti.data.pictures import PictureError, read_picture
from smalti.explanations.explaining import explain
from smalti.explanations.overlay import overlay
from smalti.runs import Run

OF, REASONS = "wrong", "reasons"
"""The kind of samples that is looked at, and the kind that is written."""


def explain_mistakes(run: Run) -> None:
    """Lay over each stored mistake of a native run what spoke for the answer, and for the truth."""
    classifier = load_run(run)
    entries, pictures = [], []
    for entry in run.samples().get(OF, []):
        try:
            picture = read_picture(run.samples_folder / entry["file"], classifier.input_shape)
        except (PictureError, KeyError, TypeError):
            continue  # a damaged sample has no reasons
        entries.append(entry)
        pictures.append(picture)
    if not pictures:
        run.write_samples(REASONS, [], [])
        return
    wanted = [(entry["predicted"], entry["label"]) for entry in entries]
    found = explain(classifier, np.stack(pictures), wanted)
    drawn, notes = [], []
    for entry, picture, reasons in zip(entries, pictures, found, strict=True):
        for reason in reasons:
            drawn.append(overlay(picture, reason.heat))
            notes.append({"of": entry["file"], "label": reason.label})
    run.write_samples(REASONS, drawn, notes)
