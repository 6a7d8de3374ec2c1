"""The nearest by angle, whatever the blocks; and what lies apart."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.evaluation import neighbours


@pytest.mark.parametrize("at_once", [1, 64, 1 << 24])
def test_the_nearest_are_those_of_all_cosines(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "_VALUES_AT_ONCE", at_once)
    vectors = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit[10:] @ unit.T
    cosines[np.arange(30), np.arange(10, 40)] = -2
    found = neighbours.nearest(vectors[10:], vectors, 4, own=10)
    assert np.array_equal(found.positions, np.argsort(-cosines, axis=1)[:, :4])
    assert np.allclose(found.cosines, -np.sort(-cosines, axis=1)[:, :4], atol=1e-6)


def test_fewer_others_than_asked_for_and_none() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert neighbours.nearest(vectors, vectors, 9, own=0).positions.shape == (3, 2)
    assert neighbours.nearest(vectors[:0], vectors, 2, own=3).positions.shape == (0, 2)


def test_a_picture_far_from_all_is_apart_and_one_among_others_has_no_share() -> None:
    random = np.random.default_rng(1)
    centres = np.repeat([[10, 0, 0], [0, 10, 0], [0, 0, -10]], [30, 30, 1], axis=0)
    vectors = (centres + random.normal(0, 0.5, (61, 3))).astype(np.float32)
    labels = np.repeat([0, 1], [30, 31])
    labels[5] = 1
    near = neighbours.nearest(vectors, vectors, 5, own=0)
    _, far = neighbours.apart(near)
    assert far[60]
    assert far[:60].mean() < 0.1
    share = neighbours.own_share(near, labels, labels)
    assert share[5] == 0
    assert share[:5].min() >= 0.8
