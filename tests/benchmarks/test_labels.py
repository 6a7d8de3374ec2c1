"""The planted labels are wrong, as many as said, and counted by what is found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import labels
from smalti.findings import Faults, LabelCheck, LabelError, Place
from tests.datasets import tiny_dataset


def test_three_percent_are_planted_and_all_are_wrong(tmp_path: Path) -> None:
    dataset = tiny_dataset(n=300)
    file, planted = labels.plant(dataset, tmp_path)
    written = np.load(file)
    changed = np.flatnonzero(written["y_train"] != dataset.part("train").labels)
    assert np.array_equal(changed, planted)
    assert len(planted) == 9
    assert np.array_equal(written["y_test"], dataset.part("test").labels)


def test_precision_and_recall_by_hand() -> None:
    error = LabelError(Place("train", 0, 0, "", "a"), "b", 0.9, 0.1, True)
    errors = tuple(
        replace(error, place=replace(error.place, row=row), likely=likely)
        for row, likely in ((4, True), (9, True), (2, False), (7, False))
    )
    check = LabelCheck(10, "training pictures", "models", 2, errors)
    found = Faults("d", "", "", None, "", None, check, None, 10, None)
    figures = labels.judged(found, np.array([2, 4, 8]))
    assert figures["highest"] == {"n": 3, "precision": 0.6667}
    assert figures["likely"] == {"n": 2, "precision": 0.5, "recall": 0.3333}
