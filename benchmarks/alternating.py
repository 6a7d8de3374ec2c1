"""Comparing speeds fairly: every side in the same process, in turns, ratios within a turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Work = Callable[[], None]
Turns = dict[str, list[float]]


def alternate(sides: Mapping[str, Work], turns: int) -> Turns:
    """Return the seconds of each side in each turn.

    In every turn each side works once; the order is reversed from turn to turn, so that no side
    always comes after the same neighbour. Sides are expected to be warm.
    """
    seconds: Turns = {name: [] for name in sides}
    for turn in range(turns):
        order = list(sides)[:: -1 if turn % 2 else 1]
        for name in order:
            start = time.perf_counter()
            sides[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def ratios(seconds: Turns, side: str, baseline: str) -> list[float]:
    """Return, turn by turn, the speed of ``side`` over that of ``baseline`` (above 1: faster)."""
    return [base / own for own, base in zip(seconds[side], seconds[baseline], strict=True)]
