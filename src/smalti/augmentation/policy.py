"""From the recipe's fields to the function that changes a batch."""

from __future__ import annotations

from collections.abc import Callable

import torch

from smalti import names
from smalti.recipes import AugmentationConfig

Augment = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
"""Pictures N×C×H×W with values 0–255, and a generator on the CPU, to changed pictures."""


def load_policy(config: AugmentationConfig) -> Augment | None:
    """Return the named policy's function, or None where it would change nothing."""
    entry = names.AUGMENTATIONS[config.policy]
    policy: Augment | None = entry.load()(config) if entry.place else None
    return policy


def in_turn(*steps: Augment | None) -> Augment | None:
    """Return the function that takes these steps one after the other, or None without any."""
    taken = [step for step in steps if step is not None]
    if len(taken) < 2:
        return taken[0] if taken else None

    def change(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        for step in taken:
            pictures = step(pictures, generator)
        return pictures

    return change
