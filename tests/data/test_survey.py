"""Counting what advice is given from, on pictures made for it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from smalti.data.dataset import Dataset, Part
from smalti.data.survey import survey
from tests.datasets import tiny_dataset


def with_train(images: np.ndarray, labels: np.ndarray | None = None) -> Dataset:
    """Return the tiny data set with other training pictures."""
    dataset = tiny_dataset(n=90, side=images.shape[1], channels=images.shape[3])
    labels = np.arange(len(images)) % 3 if labels is None else labels
    parts = {**dataset.parts, "train": Part.whole(images, labels)}
    return replace(dataset, parts=MappingProxyType(parts))


def noise(n: int = 90, side: int = 12, channels: int = 3) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (n, side, side, channels), dtype=np.uint8)


def test_a_healthy_set_is_counted() -> None:
    facts = survey(tiny_dataset(n=91))
    assert facts.counts == {"bar": 31, "column": 30, "ring": 30}
    assert (facts.train, facts.validation, facts.test, facts.sampled) == (91, 30, 30, 91)
    assert (facts.flat, facts.dark, facts.bright, facts.empty_channels) == (0, 0, 0, ())
    assert facts.spread > 20
    assert facts.largest_share == 31 / 91
    assert facts.neighbours is None
    assert facts.leaked is None


def test_single_coloured_pictures_are_counted_whatever_their_colour() -> None:
    images = noise()
    images[:45] = np.array([200, 30, 90], dtype=np.uint8)
    assert survey(with_train(images)).flat == 0.5


def test_dark_and_bright_pictures_are_counted() -> None:
    images = noise() // 10
    images[:30] += 230
    facts = survey(with_train(images))
    assert facts.bright == pytest.approx(1 / 3)
    assert facts.dark == pytest.approx(2 / 3)


def test_an_empty_channel_and_pictures_all_alike_are_seen() -> None:
    images = noise()
    images[..., 1] = 7
    assert survey(with_train(images)).empty_channels == (1,)
    alike = np.repeat(images[:1], 90, axis=0)
    assert survey(with_train(alike)).spread == 0


def test_neighbours_tell_labels_that_belong_from_shuffled_ones() -> None:
    dataset = tiny_dataset(n=600)
    belonging = survey(dataset, neighbours=True)
    assert belonging.chance == pytest.approx(1 / 3)
    assert belonging.neighbours_of == 600
    assert belonging.neighbours is not None
    assert belonging.neighbours > 0.6
    train = dataset.part("train")
    shuffled = np.random.default_rng(1).permutation(train.labels)
    parts = {**dataset.parts, "train": replace(train, labels=shuffled)}
    broken = survey(replace(dataset, parts=parts), neighbours=True)
    assert broken.neighbours == pytest.approx(1 / 3, abs=0.06)


def test_large_pictures_are_compared_small() -> None:
    facts = survey(with_train(noise(n=60, side=50)), neighbours=True)
    assert facts.neighbours_of == 60


def test_repetitions_are_found_within_and_between_parts() -> None:
    dataset = tiny_dataset()
    images = noise(90, 12, 1)
    images[1], images[4] = images[0], images[0]  # classes 0, 1 and 1
    same_class = int(np.flatnonzero(dataset.part("test").labels == 10 % 3)[0])
    images[10] = dataset.part("test").pictures()[same_class]
    facts = survey(with_train(images), repetitions=True)
    assert (facts.conflicts, facts.repeated, facts.leaked) == (1, 2, 1)


def test_a_large_set_is_sampled_evenly() -> None:
    images = noise(5000, 4, 1)
    images[:2500] = 0
    facts = survey(with_train(images, np.zeros(5000)))
    assert facts.sampled == 2000
    assert facts.flat == 0.5


def test_a_single_training_picture_can_be_looked_at() -> None:
    facts = survey(with_train(noise(1)), neighbours=True)
    assert facts.neighbours is None
