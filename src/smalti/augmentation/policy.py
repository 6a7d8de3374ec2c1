"""From the recipe's fields to the function that changes a batch."""

from __future__ import annotations

from collections.abc import Callable

import torch

from smalti import names
from smalti.recipes import AugmentationConfig

Augment = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
"""Pictures N×C×H×W with values 0–255, and a generator on the CPU, to changed pictures."""


def make(config: AugmentationConfig) -> Augment | None:
    """Return the policy's function, or None where nothing would be changed."""
    if config.policy == "none":
        return None
    policy: Augment | None = names.AUGMENTATIONS[config.policy].load()(config)
    return policy
