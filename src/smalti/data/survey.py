"""Counting what the advice on pictures and labels is given from."""

from __future__ import annotations

from typing import Any

import numpy as np

from smalti.advice.pictures import PictureFacts
from smalti.data.checking import check
from smalti.data.dataset import Dataset, Part

SAMPLE = 2000
"""Training pictures that are looked at, evenly spread: shares are known to about two points."""

NEIGHBOURS = 1500
"""Of those, how many are compared with each other: a matrix of 9 MB, tenths of a second."""

_FLAT = 8
"""Grey levels between darkest and brightest pixel up to which a picture is a single colour."""

_DARK, _BRIGHT = 32, 223
"""Pictures whose brightest pixel is below, or darkest above, are almost black, almost white."""

_SIDE = 16
"""Pixels a side at which pictures are compared: finer ones differ by noise and small shifts."""


def survey(dataset: Dataset, neighbours: bool = False, repetitions: bool = False) -> PictureFacts:
    """Return the facts about a data set; some milliseconds, as it only looks at a sample.

    ``neighbours`` also compares pictures with each other (tenths of a second); ``repetitions``
    hashes every picture of every part to find those that occur twice (seconds).
    """
    train = dataset.part("train")
    positions = _spread(len(train), SAMPLE)
    pictures = train.pictures(positions)
    lowest = pictures.min(axis=(1, 2, 3)).astype(int)
    highest = pictures.max(axis=(1, 2, 3)).astype(int)
    channels = range(pictures.shape[3])
    counts = np.bincount(train.labels, minlength=dataset.n_classes).tolist()
    known: dict[str, Any] = _neighbours(train) if neighbours else {}
    known |= _repetitions(dataset) if repetitions else {}
    return PictureFacts(
        source=dataset.source,
        counts=dict(zip(dataset.class_names, counts, strict=True)),
        validation=len(dataset.parts.get("validation", ())),
        test=len(dataset.parts.get("test", ())),
        skipped=len(dataset.skipped),
        sampled=len(pictures),
        flat=float(np.mean(_contrast(pictures) < _FLAT)),
        dark=float(np.mean(highest < _DARK)),
        bright=float(np.mean(lowest > _BRIGHT)),
        spread=float(pictures.std(axis=0, dtype=np.float32).mean()),
        empty_channels=tuple(c for c in channels if np.ptp(pictures[..., c]) == 0),
        channels=pictures.shape[3],
        **known,
    )


def _contrast(pictures: np.ndarray) -> np.ndarray:
    """Return the largest difference within a channel of each picture, in grey levels."""
    inside = pictures.max(axis=(1, 2)).astype(int) - pictures.min(axis=(1, 2))
    widest: np.ndarray = inside.max(axis=1)
    return widest


def _neighbours(train: Part) -> dict[str, float]:
    """Return how often a picture's nearest other one has its label, and how often by chance."""
    positions = _spread(len(train), NEIGHBOURS)
    labels = train.labels[positions]
    if len(positions) < 2:
        return {}
    values = _small(train.pictures(positions))
    squares = (values**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * values @ values.T
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    shares = np.bincount(labels) / len(labels)
    return {
        "neighbours": float(np.mean(labels[nearest] == labels)),
        "neighbours_of": len(labels),
        "chance": float((shares**2).sum()),
    }


def _small(pictures: np.ndarray) -> np.ndarray:
    """Return float32 n×values: pictures of at most ``_SIDE`` pixels, averaged over blocks."""
    n, height, width, channels = pictures.shape
    down, across = max(1, height // _SIDE), max(1, width // _SIDE)
    rows, columns = height // down, width // across
    cut = pictures[:, : rows * down, : columns * across].astype(np.float32)
    blocks = cut.reshape(n, rows, down, columns, across, channels).mean(axis=(2, 4))
    flat = blocks.reshape(n, -1)
    return flat - flat.mean(axis=0)


def _repetitions(dataset: Dataset) -> dict[str, int]:
    found = check(dataset)
    leaked = sum(n for pair, n in found.shared.items() if pair.endswith(" & test"))
    return {
        "conflicts": found.conflicts,
        "repeated": found.duplicates["train"],
        "leaked": leaked,
    }


def _spread(n: int, most: int) -> np.ndarray:
    """Return up to ``most`` positions of ``n``, evenly spread."""
    return np.linspace(0, n - 1, min(n, most)).astype(np.int64)
