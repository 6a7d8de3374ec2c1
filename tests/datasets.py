"""Small data sets in memory, divided without the loading code."""

from __future__ import annotations

import numpy as np

from smalti.data.dataset import Dataset, Part
from tests.support import CLASS_NAMES, shapes


def tiny_dataset(
    n: int = 90, side: int = 12, channels: int = 1, validation: int = 30, test: int = 30
) -> Dataset:
    """Return bars, columns and rings in three parts; every class equally often in each."""
    images, labels = shapes(n + validation + test, side=side, channels=channels)
    whole = Part.whole(images, labels)
    ends = np.cumsum([n, validation, test])
    rows = np.split(np.arange(len(labels)), ends[:-1])
    named = zip(("train", "validation", "test"), rows, strict=True)
    parts = {name: whole.only(part) for name, part in named if len(part)}
    return Dataset("tiny", "", CLASS_NAMES, parts, fingerprint="0" * 64, split="made for tests")
