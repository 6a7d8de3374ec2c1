"""Samples are of the right class, repeatable, and few where there are few."""

from __future__ import annotations

import numpy as np

from smalti.data.dataset import Part
from smalti.data.sampling import of_each_class

LABELS = np.array([0] * 50 + [2] * 3 + [1] * 50)
PART = Part.whole(np.zeros((103, 2, 2, 1), np.uint8), LABELS)


def test_every_class_gives_its_own_pictures() -> None:
    chosen = of_each_class(PART, 4, 5)
    assert [len(places) for places in chosen] == [5, 5, 3, 0]
    for label, places in enumerate(chosen):
        assert (LABELS[places] == label).all()
        assert (np.diff(places) > 0).all()


def test_the_seed_alone_decides() -> None:
    first, again, other = (of_each_class(PART, 3, 5, seed) for seed in (0, 0, 1))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))
