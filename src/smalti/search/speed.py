"""How quickly runs answer: pictures a second, the runs taking turns."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from smalti.baselines.fitting import timed_passes
from smalti.classifier.loading import load_quickest
from smalti.data.dataset import Part
from smalti.errors import SmaltiError, log
from smalti.runs import Run

TURNS = 3
MOST_PICTURES = 1000
"""Of the part, in a turn: enough to time, and a hundred runs take minutes."""

_WARMING_UP = 64


def images_per_second(runs: Sequence[Run | None], part: Part) -> list[float | None]:
    """Return pictures a second of each run, the median of all passes; None where there is none.

    In turns, so that other work on the machine falls on all; each run answers as ``smalti
    evaluate`` lets it (through its ONNX file where it has one), and is loaded for its turn alone.
    A classical method was timed when it was fitted: nothing of it is left to time.
    """
    pictures = part.sample(MOST_PICTURES).pictures()
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(TURNS):
        for place, run in enumerate(runs):
            if run is None or run.is_baseline():
                continue
            try:
                classifier = load_quickest(run, many=True)
                classifier.logits(pictures[:_WARMING_UP])
                times[place] += timed_passes(classifier, pictures)
            except SmaltiError as error:
                log.warning("%s was not timed: %s", run.path, error.problem)
    return [
        _of_method(run) if run is not None and run.is_baseline()
        else len(pictures) / statistics.median(seconds) if seconds else None
        for run, seconds in zip(runs, times, strict=True)
    ]  # fmt: skip


def _of_method(run: Run) -> float | None:
    found = run.environment().get("images_per_second")
    return float(found) if isinstance(found, int | float) else None
