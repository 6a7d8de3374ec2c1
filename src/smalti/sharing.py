"""Sharing the processor: how long a thread that waits for the others may keep its core busy."""

from __future__ import annotations

import os

SPINS = "20000"
"""Turns that a waiting thread makes before it sleeps, some tens of microseconds."""


def share_processor() -> None:
    """Let waiting threads of OpenMP sleep soon; to be called before PyTorch is imported.

    GNU's OpenMP, with which PyTorch computes on Linux, lets them turn 300,000 times. Where another
    process wants the cores too, a thread then burns its time waiting for one that is not running.
    Measured with one epoch on MNIST, two threads on two cores of an AMD EPYC, 2026-11-21: 5.2 s
    alone (n = 2) and more than 600 s beside two other trainings; with 10,000 turns 4.8 s (n = 2)
    and 41 s, with 30,000 34 s. The price: beside one training of lower priority a sleeping thread
    is woken late, and the demo on scikit-learn's digits, all small steps, took 31 instead of 19 s
    (n = 2); alone it takes the same within its spread (15.0 and 14.5 s, n = 2).

    Whoever has set ``GOMP_SPINCOUNT`` or ``OMP_WAIT_POLICY`` is obeyed.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
