"""Pictures that look alike without a model: perceptual hashes, and an exact look at the pixels.

A hash keeps the signs of a picture's low frequencies (Zauner, Implementation and Benchmarking of
Perceptual Image Hash Functions, 2010); alike ones differ in few bits. What it, or an embedding,
puts forward is compared by its pixels: the correlation of the details of the two.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from smalti.data.dataset import Part
from smalti.data.fingerprints import pictures_at_a_time

BITS_A_SIDE = 12
"""Frequencies across and down that a hash keeps the signs of: 143 bits."""

ALIKE = 0.28
"""Part of the bits in which two hashes may differ to be put forward. Of CIFAR-10's pairs whose
details correlate by 0.7 and more, 95 % differ in less than 0.24 of them."""

SIDE = 32
"""Pixels a side at which pictures are compared; larger ones are averaged down."""

_RISING_TO = 16
"""Frequencies weigh by their height up to this one: natural pictures hold less of higher ones, and
two of the same sky would be alike by that alone. Above are noise and compression."""

_TILE = 4096
_PAIRS_AT_ONCE = 256
_SAMPLE, _NEAREST = 500, 10

_FAINT = 16.0
"""Largest detail of a picture below which it is taken for one colour: some grey levels of noise,
times the weight of their frequencies."""

_FLAT = 1.0
"""Mean product of two pictures' details below which there are none to compare."""

Pictures = Callable[[np.ndarray], np.ndarray]
"""From positions to uint8 pictures n×H×W×C."""


def greys(part: Part) -> np.ndarray:
    """Return uint8 N×h×w: every picture in grey, at most ``SIDE`` pixels a side or a few more."""
    step = pictures_at_a_time(part.images)
    pieces = [_grey(part.pictures(slice(k, k + step))) for k in range(0, len(part), step)]
    return np.concatenate(pieces)


def hashes(pictures: np.ndarray) -> np.ndarray:
    """Return int8 N×bits, -1 and 1, of grey pictures N×h×w: 1 for a frequency above the median."""
    pieces = [_hashes(pictures[k : k + _TILE]) for k in range(0, len(pictures), _TILE)]
    return np.concatenate(pieces)


def _hashes(pictures: np.ndarray) -> np.ndarray:
    from scipy.fft import dctn

    side = min(BITS_A_SIDE, *pictures.shape[1:])
    found = dctn(pictures.astype(np.float32), axes=(1, 2), norm="ortho")
    # Without the mean, which says how bright a picture is.
    low = found[:, :side, :side].reshape(len(pictures), -1)[:, 1:]
    return np.where(low > np.median(low, axis=1, keepdims=True), 1, -1).astype(np.int8)


def alike(bits: np.ndarray, most: int) -> np.ndarray:
    """Return pairs n×2 (int64, first below second) of hashes that differ in few bits.

    Every hash is compared with every other, tile by tile: memory is flat. Where more than ``most``
    pairs come up, those that differ in the fewest bits are kept.
    """
    least = bits.shape[1] * (1 - 2 * ALIKE)
    pairs, scores = np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    for top in range(0, len(bits), _TILE):
        rows = bits[top : top + _TILE].astype(np.float32)
        for left in range(top, len(bits), _TILE):
            same = rows @ bits[left : left + _TILE].astype(np.float32).T
            if left == top:
                same[np.tril_indices(len(rows))] = -np.inf
            found = np.flatnonzero(same.ravel() >= least)
            places = np.stack(np.divmod(found, same.shape[1]), axis=1) + np.array([top, left])
            pairs = np.concatenate([pairs, places])
            scores = np.concatenate([scores, same.ravel()[found]])
            if len(pairs) > most:
                best = np.sort(np.argsort(-scores, kind="stable")[:most])
                pairs, scores = pairs[best], scores[best]
                least = max(least, float(scores.min()) + 1)
    return pairs


def details(pictures: np.ndarray) -> np.ndarray:
    """Return float32 N×h×w: grey pictures with their frequencies weighed by their height."""
    from scipy.fft import dctn, idctn

    height, width = pictures.shape[1:]
    down, across = np.arange(height)[:, None], np.arange(width)
    weight = np.hypot(down, across) * ((down < _RISING_TO) & (across < _RISING_TO))
    found = dctn(pictures.astype(np.float32), axes=(1, 2), norm="ortho")
    weighed: np.ndarray = idctn(found * weight, axes=(1, 2), norm="ortho")
    return weighed.astype(np.float32)


def likeness(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return for pairs of details (n×h×w each) how alike they are, -1 to 1.

    The correlation of the first's middle with the second at the shift that suits best, up to a
    tenth of the side each way, mirrored or not; a frame round a picture counts for nothing. A
    picture of one colour is like nothing.
    """
    height, width = first.shape[1:]
    reach = max(1, min(height, width) // 10)
    middle = np.zeros_like(first)
    inside = (slice(None), slice(reach, height - reach), slice(reach, width - reach))
    middle[inside] = first[inside] - first[inside].mean(axis=(1, 2), keepdims=True)
    size = (height - 2 * reach) * (width - 2 * reach)
    squares = _box_sums(second**2, reach) - _box_sums(second, reach) ** 2 / size
    own = np.einsum("nhw,nhw->n", middle, middle)[:, None, None]
    lengths = np.sqrt(np.maximum(own * squares, 0))
    known = lengths > _FLAT * size
    best = np.full(len(first), -1.0, np.float32)
    for step in (1, -1):
        products = _products(middle, second[:, :, ::step], reach)
        # The squares of a mirrored picture are those of the picture, mirrored.
        by, there = lengths[:, :, ::step], known[:, :, ::step]
        found = np.divide(products, by, out=np.zeros_like(products), where=there)
        best = np.maximum(best, found.max(axis=(1, 2)))
    return np.minimum(best, 1)


def _products(middle: np.ndarray, other: np.ndarray, reach: int) -> np.ndarray:
    """Return the sums of products at all shifts, n×(2 reach + 1)²; ``middle`` is 0 at its border.

    No shift leaves the picture, so that nothing wraps round.
    """
    from scipy.fft import irfft2, rfft2

    sums = irfft2(rfft2(middle).conj() * rfft2(other), s=other.shape[1:])
    shifts = np.arange(-reach, reach + 1)
    products: np.ndarray = sums[:, shifts[:, None], shifts]
    return products


def _box_sums(values: np.ndarray, reach: int) -> np.ndarray:
    """Return the sums over the boxes that the middle covers at each shift, as matrix products."""
    down, across = (_boxes(length, reach) for length in values.shape[1:])
    sums: np.ndarray = down @ (values @ across.T)
    return sums


def _boxes(length: int, reach: int) -> np.ndarray:
    """Return (2 reach + 1)×length: 1 where a shifted middle lies."""
    starts = np.arange(2 * reach + 1)[:, None]
    places = np.arange(length)
    inside = (places >= starts) & (places < starts + length - 2 * reach)
    return inside.astype(np.float32)


def likenesses(pictures: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the likeness of each pair n×2 of grey pictures N×h×w.

    The details of every picture that is in a pair are made once and kept in 8 bits a pixel.
    """
    which, places = np.unique(pairs, return_inverse=True)
    places = places.reshape(pairs.shape)
    shown = np.zeros((len(which), *pictures.shape[1:]), np.int8)
    for start in range(0, len(which), _PAIRS_AT_ONCE):
        here = slice(start, start + _PAIRS_AT_ONCE)
        found = details(pictures[which[here]])
        peaks = np.abs(found).max(axis=(1, 2), keepdims=True)
        # Faint ones stay faint: of a picture of one colour only the rounding would be left.
        shown[here] = np.rint(127 * found / np.maximum(peaks, _FAINT))
    measured = np.zeros(len(pairs), np.float32)
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        first, second = places[start : start + _PAIRS_AT_ONCE].T
        measured[start : start + _PAIRS_AT_ONCE] = likeness(
            shown[first].astype(np.float32), shown[second].astype(np.float32)
        )
    return measured


def remarkable(pictures: np.ndarray, bits: np.ndarray) -> float:
    """Return the likeness from which on two pictures are more alike than others of the set are.

    What is usual is seen on a sample: how like each picture is to the likest of those whose hashes
    differ least. Remarkable is what is far out of that (Tukey: three quartile ranges above the
    upper quartile), on the scale on which correlations spread evenly (Fisher's z).
    """
    chosen = np.linspace(0, len(bits) - 1, min(len(bits), _SAMPLE)).astype(np.int64)
    same = bits[chosen].astype(np.float32) @ bits.T.astype(np.float32)
    same[np.arange(len(chosen)), chosen] = -np.inf
    near = np.argpartition(-same, min(_NEAREST, len(bits) - 1), axis=1)[:, :_NEAREST]
    near = near[:, : len(bits) - 1]
    pairs = np.stack([np.repeat(chosen, near.shape[1]), near.ravel()], axis=1)
    likest = likenesses(pictures, pairs).reshape(near.shape).max(axis=1, initial=-1)
    low, high = np.quantile(np.arctanh(np.clip(likest, -0.999, 0.9999)), [0.25, 0.75])
    return float(np.tanh(high + 3 * (high - low)))


def _grey(pictures: np.ndarray) -> np.ndarray:
    n, height, width, _ = pictures.shape
    grey = pictures.mean(axis=3, dtype=np.float32)
    down, across = -(-height // SIDE), -(-width // SIDE)
    rows, columns = height // down, width // across
    cut = grey[:, : rows * down, : columns * across]
    return np.rint(cut.reshape(n, rows, down, columns, across).mean(axis=(2, 4))).astype(np.uint8)
