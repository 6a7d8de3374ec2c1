"""Corrupting pictures by a corruption's name: the same seed, the same pixels, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from smalti.names import CORRUPTIONS

Corruption = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
"""From float32 pictures n×H×W×C, a strength and chance to changed pictures."""

LARGEST_BATCH = 250
_PIXELS_A_BATCH = 2**20
"""Of every channel, as when networks judge: large pictures come fewer at once."""


def corrupted(
    pictures: np.ndarray, name: str, strength: int, seed: int = 0, batch: int = 0
) -> np.ndarray:
    """Return uint8 pictures n×H×W×C in a state: a name in :data:`smalti.names.CORRUPTIONS`.

    What is drawn depends on ``seed``, the name and the number of the ``batch``, not on the
    ``strength``: at all strengths a picture has the same noise, more of it, and the same direction.
    """
    corrupt: Corruption = CORRUPTIONS[name].load()
    random = np.random.default_rng([seed, batch, *name.encode()])
    changed = corrupt(pictures.astype(np.float32), strength, random)
    return np.rint(changed).clip(0, 255).astype(np.uint8)


def batches(n: int, height: int, width: int) -> Iterator[slice]:
    """Return which of ``n`` pictures are corrupted together; memory stays flat."""
    size = max(1, min(LARGEST_BATCH, _PIXELS_A_BATCH // (height * width)))
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
