"""Arrays in memory become a data set: checked together, converted piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from smalti.data.dataset import Dataset, Part
from smalti.data.fingerprints import fingerprint
from smalti.data.labels import encode
from smalti.data.pictures import fitted
from smalti.data.pixels import Conversion, as_array, as_pictures, conversions
from smalti.errors import SmaltiError, log
from smalti.wording import plural

GIVEN_SPLIT = "given split"
"""What is said of a test part that came with the user's own data."""


@dataclass(frozen=True)
class Named:
    """One part as it came: pictures and labels, and what their owner calls them."""

    images_name: str
    images: Any
    labels_name: str
    labels: Any


@dataclass(frozen=True)
class Prepared:
    """Checked parts whose pictures are converted when they are asked for.

    ``images`` are N×H×W×C as they came, ``side`` is the size they get (0: their own).
    """

    images: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]
    class_names: tuple[str, ...]
    side: int
    _conversions: Mapping[str, Conversion]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the pictures as they will be."""
        images = self.images["train"]
        height, width = (self.side, self.side) if self.side else images.shape[1:3]
        return int(height), int(width), self._conversions["train"].channels(images)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said about the conversion."""
        said = {conversion.note: None for conversion in self._conversions.values()}
        if self.images["train"].shape[3] == 4:
            said["The pictures have a fourth channel, taken for opacity: laid on white."] = None
        return tuple(note for note in said if note)

    def pieces(self, part: str) -> Iterator[np.ndarray]:
        """Yield the pictures of a part as uint8, some megabytes at a time."""
        for piece in self._conversions[part].pieces(self.images[part]):
            yield fitted(piece, self.side) if self._resized else piece

    def whole(self, part: str) -> np.ndarray:
        """Return the pictures of a part as one uint8 array; not copied where they are that."""
        if not self._resized:
            return self._conversions[part].whole(self.images[part])
        return np.concatenate(list(self.pieces(part)))

    @property
    def _resized(self) -> bool:
        return self.side > 0 and self.images["train"].shape[1:3] != (self.side, self.side)


def prepare(
    parts: Mapping[str, Named], class_names: Sequence[str] | None = None, image_size: int = 0
) -> Prepared:
    """Check the parts of a data set (train first) against each other; nothing is converted yet."""
    images = {}
    for part, given in parts.items():
        array = as_array(given.images, given.images_name)
        images[part] = as_pictures(array, given.images_name)
        _check_lengths(given, images[part])
    names = {part: given.images_name for part, given in parts.items()}
    ways = conversions({names[part]: array for part, array in images.items()})
    labels, classes = encode({g.labels_name: g.labels for g in parts.values()}, class_names)
    return Prepared(
        images=images,
        labels={part: labels[given.labels_name] for part, given in parts.items()},
        class_names=classes,
        side=image_size,
        _conversions={part: ways[names[part]] for part in parts},
    )


def from_tuple(source: Sequence[Any], image_size: int = 0) -> Dataset:
    """Return the data set of ``(x, y)``, ``(x, y, x_test, y_test)`` or ``((x, y), (…, …))``."""
    if len(source) == 2 and all(isinstance(pair, tuple) and len(pair) == 2 for pair in source):
        source = (*source[0], *source[1])
    if len(source) not in (2, 4):
        raise SmaltiError(f"Got {len(source)} arrays; expected (x, y) or (x, y, x_test, y_test).")
    parts = {"train": Named("x", source[0], "y", source[1])}
    if len(source) == 4:
        parts["test"] = Named("x_test", source[2], "y_test", source[3])
    return in_memory(prepare(parts, image_size=image_size))


def in_memory(prepared: Prepared, name: str = "arrays") -> Dataset:
    """Return the data set whose pictures stay in memory, uncopied where they are uint8 already."""
    for note in prepared.notes:
        log.info("%s", note)
    parts = {
        part: Part.whole(prepared.whole(part), labels) for part, labels in prepared.labels.items()
    }
    dataset = Dataset(name, "", prepared.class_names, parts, fingerprint="", split=GIVEN_SPLIT)
    return replace(dataset, fingerprint=fingerprint(dataset))


def _check_lengths(given: Named, images: np.ndarray) -> None:
    try:
        n = len(given.labels)
    except TypeError:
        n = -1
    if n != len(images):
        labels = plural(n, "label") if n >= 0 else "no list of labels"
        raise SmaltiError(
            f"{given.images_name} has {plural(len(images), 'picture')}, but "
            f"{given.labels_name} has {labels}; expected one label for each picture."
        )
