"""The learning rate at each moment, as a factor of the largest one."""

from __future__ import annotations

import math

from smalti.recipes import ScheduleConfig


def factor_at(config: ScheduleConfig, progress: float, epochs: int) -> float:
    """Return the factor at ``progress`` epochs (0 … ``epochs``, fractions between steps).

    A linear warm-up first, then constant, or half a cosine to zero (Loshchilov & Hutter, SGDR,
    ICLR 2017). Plateau reduction multiplies its own factor on top, see ``steering``. A warm-up
    longer than half the training is cut to half of it.
    """
    warmup = min(config.warmup, epochs / 2)
    if progress < warmup:
        return progress / warmup
    if config.name != "cosine":
        return 1.0
    done = (progress - warmup) / (epochs - warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
