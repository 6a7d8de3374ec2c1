"""Copies, shifted, mirrored and recoloured ones are alike; other pictures are not."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.data import perceptual
from smalti.data.dataset import Part


def scenes(n: int, side: int = 32, seed: int = 0) -> np.ndarray:
    """Return grey pictures n×side×side with contents of every size, as photos have."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    made = sum(
        gaussian_filter(random.normal(size=(n, side + 8, side + 8)), (0, width, width)) * width
        for width in (1, 2, 4, 8)
    )
    made -= made.min(axis=(1, 2), keepdims=True)
    return (255 * made / made.max(axis=(1, 2), keepdims=True)).astype(np.uint8)


def like(first: np.ndarray, second: np.ndarray) -> float:
    pictures = np.stack([first, second])
    return float(perceptual.likenesses(pictures, np.array([[0, 1]]))[0])


@pytest.mark.parametrize("side", [8, 28, 32])
def test_a_copy_is_alike_and_another_picture_is_not(side: int) -> None:
    one, other = scenes(2, side)[:, :side, :side]
    assert like(one, one) == pytest.approx(1, abs=0.01)
    assert like(one, other) < 0.8


def test_a_shifted_a_mirrored_and_a_faded_copy_are_alike() -> None:
    whole = scenes(1)[0]
    one = whole[4:36, 4:36]
    assert like(one, whole[2:34, 6:38]) > 0.9
    assert like(one, one[:, ::-1]) > 0.99
    assert like(one, (100 + one / 3).astype(np.uint8)) > 0.95


def test_a_frame_makes_nothing_alike() -> None:
    framed = scenes(2)[:, :32, :32].copy()
    for edge in (slice(0, 2), slice(30, 32)):
        framed[:, edge] = framed[:, :, edge] = 0
    assert like(*framed) < 0.6


def test_a_picture_of_one_colour_is_like_nothing() -> None:
    flat = np.full((32, 32), 90, np.uint8)
    assert like(flat, flat) == 0
    assert like(flat, scenes(1)[0, :32, :32]) == 0


def test_hashes_put_forward_every_pair_that_differs_in_few_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(perceptual, "_TILE", 7)
    random = np.random.default_rng(0)
    bits = np.where(random.random((40, 60)) > 0.5, 1, -1).astype(np.int8)
    bits[31] = bits[3]
    bits[20], bits[20, :5] = bits[19], -bits[19, :5]
    differ = (bits[:, None] != bits).mean(axis=2)
    wanted = {(i, j) for i, j in np.argwhere(differ <= perceptual.ALIKE) if i < j}
    assert {tuple(pair) for pair in perceptual.alike(bits, 100)} == wanted >= {(3, 31), (19, 20)}
    assert perceptual.alike(bits, 1).tolist() == [[3, 31]]


def test_greys_of_large_pictures_are_small() -> None:
    images = np.full((3, 96, 64, 3), 200, np.uint8)
    found = perceptual.greys(Part.whole(images, np.zeros(3)))
    assert found.shape == (3, 32, 32)
    assert (found == 200).all()


def test_remarkable_is_above_what_is_usual_where_all_are_alike() -> None:
    scattered = scenes(60)[:, :32, :32]
    drawn = (0.9 * scattered[0] + 0.1 * scattered).astype(np.uint8)
    levels = [perceptual.remarkable(p, perceptual.hashes(p)) for p in (scattered, drawn)]
    assert levels[0] < 0.85 < levels[1]
