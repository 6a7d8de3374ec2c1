"""Random changes of training pictures, batched, on the device where the pictures are.

All random numbers come from one generator on the CPU, so that the draws are the same wherever the
pictures are.
"""

from __future__ import annotations

from smalti.augmentation.erasing import random_erasing
from smalti.augmentation.mixing import Mix, Mixed, make_mixing
from smalti.augmentation.moving import affine
from smalti.augmentation.policy import Augment, in_turn, load_policy
from smalti.augmentation.shifting import mirror
from smalti.recipes import AugmentationConfig

__all__ = ["Augment", "Mix", "Mixed", "affine", "make", "make_mixing", "mirror"]


def make(config: AugmentationConfig) -> Augment | None:
    """Return the policy followed by erasing, or None where nothing would be changed.

    Mixing comes after both and changes the labels too: :func:`make_mixing`.
    """
    return in_turn(load_policy(config), random_erasing(config.erasing))
