"""Random numbers that depend on the run's seed, the epoch and the purpose, and on nothing else.

Each epoch begins with generators of its own, so a resumed run needs no stored random state: what
epoch 7 draws never depends on how the process got there.
"""

from __future__ import annotations

import numpy as np
import torch

WEIGHTS, ORDER, AUGMENTATION, DROPOUT = range(4)


def derived_seed(seed: int, epoch: int, purpose: int) -> int:
    """Return a 63-bit seed that is well mixed even where its inputs differ by one."""
    state = np.random.SeedSequence([seed, epoch, purpose]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


def generator(seed: int, epoch: int, purpose: int) -> torch.Generator:
    """Return a CPU generator for one purpose in one epoch."""
    return torch.Generator().manual_seed(derived_seed(seed, epoch, purpose))


def seed_layers(seed: int, epoch: int) -> None:
    """Seed PyTorch's global generators (CPU and GPU): dropout draws from them."""
    torch.manual_seed(derived_seed(seed, epoch, DROPOUT))
