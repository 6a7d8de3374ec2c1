"""The fingerprint depends on content alone, and on all of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from smalti.data import fingerprints
from smalti.data.dataset import Dataset, Part
from smalti.data.fingerprints import combined, fingerprint, sha256
from smalti.data.splits import with_parts
from tests.support import CLASS_NAMES, shapes


def whole(images: np.ndarray, labels: np.ndarray) -> Dataset:
    return Dataset("d", "d", CLASS_NAMES, {"train": Part.whole(images, labels)}, "")


def test_how_the_parts_are_cut_makes_no_difference() -> None:
    data = whole(*shapes())
    expected = fingerprint(data)
    for validation, seed in ((0.1, 0), (0.3, 5), (0, 1)):
        assert fingerprint(with_parts(data, validation, seed)) == expected
    assert fingerprint(replace(data, name="other", source="elsewhere")) == expected


def test_every_bit_counts() -> None:
    images, labels = shapes()
    data = whole(images, labels)
    brighter, relabelled = images.copy(), labels.copy()
    brighter[7, 3, 2, 0] ^= 1
    relabelled[7] = (relabelled[7] + 1) % 3
    others = [
        whole(brighter, labels),
        whole(images, relabelled),
        whole(images.reshape(-1, 6, 24, 1), labels),
        replace(data, class_names=("x", *CLASS_NAMES[1:])),
    ]
    assert len({fingerprint(other) for other in (data, *others)}) == 5


def test_it_is_what_a_writer_of_the_pictures_would_say() -> None:
    images, labels = shapes()
    expected = combined([(images.shape, sha256(images), labels)], CLASS_NAMES)
    assert fingerprint(whole(images, labels)) == expected


def test_large_and_scattered_arrays_are_hashed_by_their_values(monkeypatch) -> None:
    images, _ = shapes(50)
    expected = sha256(images)
    monkeypatch.setattr(fingerprints, "CHUNK_BYTES", 1000)
    assert sha256(images) == expected
    scattered = np.zeros((100, *images.shape[1:]), np.uint8)[::2]
    scattered[:] = images
    assert sha256(scattered) == expected
