"""Mirroring by turns: each picture as it is in one epoch, mirrored in the next."""

from __future__ import annotations

import numpy as np
import torch

from smalti.augmentation.shifting import shifted


class AlternatingFlip:
    """Mirrors each of ``n`` pictures in every other epoch; ``seed`` decides which begin mirrored.

    Any two epochs in a row show every picture both ways; by independent draws half of them would
    be seen the same way twice. Source: Jordan, 94 % on CIFAR-10 in 3.29 Seconds, 2024.
    """

    def __init__(self, seed: int, n: int) -> None:
        # NumPy's raw bits: the same pictures on every machine and version.
        bits = np.random.PCG64(seed).random_raw(n) >> np.uint64(63)
        self._first = torch.from_numpy(bits.astype(bool))

    def __call__(self, pictures: torch.Tensor, positions: torch.Tensor, epoch: int) -> torch.Tensor:
        """Return the pictures N×C×H×W as an epoch shows them.

        ``positions`` (int64 N on the CPU) are their places in their part.
        """
        mirrored = self._first[positions] ^ bool(epoch % 2)
        still = torch.zeros(2, len(pictures), dtype=torch.int64)
        return shifted(pictures, still, mirrored)
