"""A data set: pictures as uint8, labels, class names, and the parts train, validation, test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from smalti.errors import unknown
from smalti.wording import count, plural

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Part:
    """Some pictures of a data set with their labels.

    ``images`` is the whole uint8 array M×H×W×C that the pictures live in (often memory-mapped and
    shared between parts); ``rows`` (int64, N) says which of them belong to this part, and
    ``labels`` (int64, N) belongs to ``rows`` entry by entry.
    """

    images: np.ndarray
    labels: np.ndarray
    rows: np.ndarray

    @classmethod
    def whole(cls, images: np.ndarray, labels: np.ndarray) -> Part:
        """Return the part made of every picture of ``images``, in order."""
        return cls(images, np.asarray(labels, dtype=np.int64), np.arange(len(labels)))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Part({plural(len(self), 'picture')})"

    def pictures(self, positions: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return pictures by their position in this part, as a new uint8 array n×H×W×C."""
        return np.ascontiguousarray(self.images[self.rows[positions]])

    def only(self, positions: np.ndarray) -> Part:
        """Return the part made of some positions of this one; no picture is copied."""
        return replace(self, labels=self.labels[positions], rows=self.rows[positions])

    def sample(self, n: int) -> Part:
        """Return the part made of at most ``n`` pictures, every class in its proportion.

        The same part gives the same sample; its pictures stay in their order.
        """
        if n >= len(self):
            return self
        by_class = np.argsort(self.labels, kind="stable")
        chosen = np.linspace(0, len(self) - 1, n).round().astype(np.int64)
        return self.only(np.sort(by_class[chosen]))

    def of_class(self, label: int, n: int) -> np.ndarray:
        """Return the first ``n`` pictures of a class, as :meth:`pictures` does."""
        return self.pictures(np.flatnonzero(self.labels == label)[:n])


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures ready for training, with everything a run has to remember about them.

    ``source`` is what the user typed (a built-in name or a path; empty for arrays in memory),
    ``fingerprint`` a SHA-256 of
    the content, ``split`` says in words where the test part comes from (``"official split"``, or
    ``"our own 80/10/10 split"``), ``skipped`` lists files left out, each with its reason.
    ``file_sizes`` (M×2, width and height in pixels) is known for pictures read from files; its
    rows are those of the images. ``image_size``, ``validation``, ``split_seed`` and ``pooled`` (the
    percent by which every picture was divided anew, ``"80/10/10"``; empty: it was not) are what it
    was loaded with, so that a run can record them.
    """

    name: str
    source: str
    class_names: tuple[str, ...]
    parts: Mapping[str, Part]
    fingerprint: str
    split: str = "official split"
    skipped: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    file_sizes: np.ndarray | None = field(default=None, repr=False)
    image_size: int = 0
    validation: float = 0.1
    split_seed: int = 0
    pooled: str = ""

    def __repr__(self) -> str:
        parts = ", ".join(f"{count(len(part))} {name}" for name, part in self.parts.items())
        shape = "×".join(map(str, self.image_shape))
        return f"Dataset({self.name!r}: {parts}; {shape}; {self.n_classes} classes; {self.split})"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels (1 grey, 3 colour) of one picture."""
        height, width, channels = self.parts["train"].images.shape[1:]
        return int(height), int(width), int(channels)

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    def part(self, name: str) -> Part:
        """Return a part by name; a missing one is an error that names those there are."""
        if name not in self.parts:
            raise unknown(f"part of {self.name} called", name, self.parts)
        return self.parts[name]

    @property
    def division(self) -> str:
        """A short hash of which pictures validate; empty where none do.

        Two loadings with the same ``fingerprint`` and ``division`` validate on the same pictures.
        """
        if "validation" not in self.parts:
            return ""
        part = self.parts["validation"]
        # A part that was given lives in an array of its own: its size tells it from a cut one.
        of = f"{self.pooled} {len(part.images)} ".encode()
        return hashlib.sha256(of + part.rows.tobytes()).hexdigest()[:16]

    def sample(self, n: int) -> Dataset:
        """Return the data set with at most ``n`` pictures in each part, for a quick try.

        It says in ``split`` that it is a sample, has a fingerprint of its own, and no source: a
        run trained on it is evaluated with it and not, by mistake, with the whole set.
        """
        parts = {name: part.sample(n) for name, part in self.parts.items()}
        if all(len(part) == len(self.parts[name]) for name, part in parts.items()):
            return self
        mark = hashlib.sha256(f"{self.fingerprint} sample {n}".encode()).hexdigest()
        split = f"a sample of the {self.split}"
        return replace(self, parts=parts, source="", fingerprint=mark, split=split)
