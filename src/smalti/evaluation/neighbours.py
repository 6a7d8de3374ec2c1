"""The nearest pictures in the space that a network sees them in, and those that lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

NEIGHBOURS = 10
"""Training pictures that say whether a picture lies among them, and among its own class."""

_VALUES_AT_ONCE = 1 << 24
"""Similarities in memory at a time: 64 MB, however many pictures there are."""


@dataclass(frozen=True)
class Near:
    """The nearest of each picture: positions n×k, and cosines n×k of the angle, largest first."""

    positions: np.ndarray
    cosines: np.ndarray


def nearest(asked: np.ndarray, among: np.ndarray, k: int, *, own: int | None = None) -> Near:
    """Return for embeddings n×D the ``k`` nearest of others m×D, by the angle between them.

    Blocks of rows are multiplied with all others: exact, in float32, with flat memory. ``own`` is
    the place in ``among`` at which ``asked`` begins, where it is a part of it: no picture is its
    own neighbour.
    """
    k = min(k, len(among) - (own is not None))
    others, rows = _unit(among).T, _unit(asked)
    step = max(1, _VALUES_AT_ONCE // max(1, len(among)))
    positions, cosines = [], []
    for start in range(0, len(rows), step):
        block = rows[start : start + step] @ others
        if own is not None:
            here = torch.arange(len(block))
            block[here, here + own + start] = -2.0
        found = block.topk(max(0, k), dim=1)
        positions.append(found.indices.numpy())
        cosines.append(found.values.numpy())
    if not positions:
        return Near(np.zeros((0, k), np.int64), np.zeros((0, k), np.float32))
    return Near(np.concatenate(positions), np.concatenate(cosines))


def apart(near: Near) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each picture lies from its nearest (1 less the mean cosine), and who is apart.

    Apart is what is more than three quartile ranges above the upper quartile (Tukey's far out).
    """
    distance = 1 - near.cosines.mean(axis=1)
    low, high = np.quantile(distance, [0.25, 0.75])
    return distance, distance > high + 3 * (high - low)


def own_share(near: Near, labels: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return what part of each picture's nearest has its label; ``of`` are the others' labels."""
    share: np.ndarray = (of[near.positions] == labels[:, None]).mean(axis=1)
    return share


def _unit(embeddings: np.ndarray) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.from_numpy(embeddings), dim=1)
