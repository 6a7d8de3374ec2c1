"""The learning rate and the momentum at each moment, as factors of their largest values."""

from __future__ import annotations

import math

from smalti.recipes import ScheduleConfig

ONE_CYCLE_START = 1 / 25
"""The first rate of a cycle; the last is this divided by 10,000 (the values of fastai)."""

ONE_CYCLE_MOMENTUM = 0.1
"""How far momentum falls while the rate rises: 0.95 to 0.85 in the paper."""


def factor_at(config: ScheduleConfig, progress: float, epochs: int) -> float:
    """Return the factor at ``progress`` epochs (0 … ``epochs``, fractions between steps).

    A linear warm-up first, then constant, a straight line to zero, or half a cosine to zero
    (Loshchilov & Hutter, SGDR, ICLR 2017). Plateau reduction multiplies its own factor on top,
    see ``steering``. A warm-up longer than half the training is cut to half of it. One-cycle has
    a rise of its own (Smith & Topin, Super-Convergence, 2019): half a cosine up, half a cosine
    down to almost nothing.
    """
    if config.name == "one-cycle":
        return _one_cycle(config.rise * epochs, progress, epochs)
    warmup = min(config.warmup, epochs / 2)
    if progress < warmup:
        return progress / warmup
    done = min(1.0, (progress - warmup) / (epochs - warmup))
    if config.name == "linear":
        return 1 - done
    return _half_cosine(1.0, 0.0, done) if config.name == "cosine" else 1.0


def momentum_at(config: ScheduleConfig, progress: float, epochs: int, largest: float) -> float:
    """Return the momentum at ``progress`` epochs: ``largest``, but in a cycle against the rate."""
    if config.name != "one-cycle":
        return largest
    peak = config.rise * epochs
    away = (peak - progress) / peak if progress < peak else (progress - peak) / (epochs - peak)
    return _half_cosine(max(0.0, largest - ONE_CYCLE_MOMENTUM), largest, min(1.0, away))


def _one_cycle(peak: float, progress: float, epochs: int) -> float:
    if progress < peak:
        return _half_cosine(ONE_CYCLE_START, 1.0, progress / peak)
    done = min(1.0, (progress - peak) / (epochs - peak))
    return _half_cosine(1.0, ONE_CYCLE_START / 1e4, done)


def _half_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * done))
