"""What a data set holds, counted: classes, sizes, exact duplicates, and whether it is intact."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from smalti.data.dataset import Dataset, Part
from smalti.data.fingerprints import fingerprint, pictures_at_a_time

_EXAMPLES = 10


@dataclass(frozen=True)
class Conflict:
    """The same picture with two labels: where each stands (part and position), and its classes."""

    first: tuple[str, int]
    second: tuple[str, int]
    first_class: str
    second_class: str


@dataclass(frozen=True)
class DataCheck:
    """What a check of a data set found.

    ``counts`` is pictures by part and class. ``duplicates`` counts, within a part, the pictures
    that repeat an earlier one; ``shared`` the pictures of the second part that are also in the
    first (``"train & test"``). ``conflicts`` is the number of different pictures that stand there
    with more than one label. ``file_sizes`` (smallest, median and largest width and height) is
    None where the pictures were not files.
    """

    name: str
    source: str
    split: str
    image_shape: tuple[int, int, int]
    counts: Mapping[str, Mapping[str, int]]
    duplicates: Mapping[str, int]
    shared: Mapping[str, int]
    conflicts: int
    conflict_examples: tuple[Conflict, ...]
    file_sizes: Mapping[str, tuple[int, int]] | None
    skipped: tuple[tuple[str, str], ...]
    fingerprint: str
    recorded: str

    @property
    def intact(self) -> bool:
        """Whether the content, hashed again, has the fingerprint that was recorded."""
        return self.fingerprint == self.recorded

    @property
    def sizes(self) -> dict[str, int]:
        """Return the number of pictures of each part."""
        return {part: sum(counts.values()) for part, counts in self.counts.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON knows."""
        return {**asdict(self), "intact": self.intact, "sizes": self.sizes}


def check(dataset: Dataset) -> DataCheck:
    """Count and hash every picture of a data set; a few megabytes of memory are enough."""
    hashes = {name: _hashes(part) for name, part in dataset.parts.items()}
    conflicts, examples = _conflicts(dataset, hashes)
    return DataCheck(
        name=dataset.name,
        source=dataset.source,
        split=dataset.split,
        image_shape=dataset.image_shape,
        counts={name: _counts(dataset, part) for name, part in dataset.parts.items()},
        duplicates={name: len(h) - len(np.unique(h)) for name, h in hashes.items()},
        shared={
            f"{one} & {other}": int(np.isin(hashes[other], hashes[one]).sum())
            for one, other in combinations(hashes, 2)
        },
        conflicts=conflicts,
        conflict_examples=examples,
        file_sizes=_file_sizes(dataset.file_sizes),
        skipped=dataset.skipped,
        fingerprint=fingerprint(dataset),
        recorded=dataset.fingerprint,
    )


def _counts(dataset: Dataset, part: Part) -> dict[str, int]:
    counted = np.bincount(part.labels, minlength=dataset.n_classes).tolist()
    return dict(zip(dataset.class_names, counted, strict=True))


def _hashes(part: Part) -> np.ndarray:
    """Return a 64-bit hash of each picture (BLAKE2b); among a million, two collide once in 4e7."""
    hashes = np.empty(len(part), dtype=np.uint64)
    step = pictures_at_a_time(part.images)
    for start in range(0, len(part), step):
        for offset, picture in enumerate(part.pictures(slice(start, start + step))):
            digest = hashlib.blake2b(picture.data, digest_size=8).digest()
            hashes[start + offset] = int.from_bytes(digest, "little")
    return hashes


def _conflicts(
    dataset: Dataset, hashes: Mapping[str, np.ndarray]
) -> tuple[int, tuple[Conflict, ...]]:
    """Return how many pictures have more than one label, and the first examples."""
    every = np.concatenate(list(hashes.values()))
    labels = np.concatenate([part.labels for part in dataset.parts.values()])
    # Equal pictures side by side, their labels in order: a change of label within is a conflict.
    order = np.lexsort((labels, every))
    same = every[order[1:]] == every[order[:-1]]
    changes = np.flatnonzero(same & (labels[order[1:]] != labels[order[:-1]]))
    examples = [(int(order[k]), int(order[k + 1])) for k in changes[:_EXAMPLES]]
    named = tuple(
        Conflict(
            first=_place(hashes, one),
            second=_place(hashes, other),
            first_class=dataset.class_names[labels[one]],
            second_class=dataset.class_names[labels[other]],
        )
        for one, other in examples
    )
    return len(np.unique(every[order[changes]])), named


def _place(hashes: Mapping[str, np.ndarray], index: int) -> tuple[str, int]:
    """Return the part and the position in it of a picture counted over all parts."""
    for name, part in hashes.items():
        if index < len(part):
            return name, index
        index -= len(part)
    raise IndexError(index)


def _file_sizes(sizes: np.ndarray | None) -> dict[str, tuple[int, int]] | None:
    """Return (width, height): the smallest, median and largest of each."""
    if sizes is None or not len(sizes):
        return None
    found = {
        "smallest": sizes.min(axis=0),
        "median": np.median(sizes, axis=0),
        "largest": sizes.max(axis=0),
    }
    return {name: (int(width), int(height)) for name, (width, height) in found.items()}
