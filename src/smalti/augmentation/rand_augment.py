"""The policy `rand-augment` (Cubuk et al., "RandAugment", 2020)."""

from __future__ import annotations

from dataclasses import replace

import torch

from smalti.augmentation import operations
from smalti.augmentation.moving import affine
from smalti.augmentation.policy import Augment
from smalti.recipes import AugmentationConfig

GREY = (*operations.GEOMETRIC, "brightness", "contrast", "sharpness")
COLOUR = (*operations.GEOMETRIC, *operations.TONES)


def rand_augment(config: AugmentationConfig) -> Augment:
    """Return ``operations`` random operations a picture, drawn out of all with equal chance.

    Before them come mirror and whole-pixel shift as in ``affine``, which the paper has too.
    Differences from it: amounts are drawn uniformly up to ``strength`` in both directions instead
    of being all the same; the geometric operations of a picture share one interpolation; there is
    a zoom; auto-contrast and equalize, which the paper applies whole, go as far as the amount says.

    Grey pictures get neither saturation nor auto-contrast, posterize, equalize and solarize: on
    digits and clothes with an empty ground around them the first three do next to nothing,
    equalize turns faint noise white, and solarize hollows the strokes out. At ``strength`` 1 the
    largest are: 30°, shear 0.3, shift 0.25 and zoom 0.3 of the side, factors of 0.1 and 1.9,
    4 bits, all values inverted.
    """
    first = before(config)

    def change(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        pictures = first(pictures, generator)
        names = COLOUR if pictures.shape[1] == 3 else GREY
        drawn = operations.draw(names, config.operations, len(pictures), config.strength, generator)
        return operations.apply(pictures, drawn)

    return change


def before(config: AugmentationConfig) -> Augment:
    """Return the mirror and whole-pixel shift that precede a policy's operations."""
    return affine(replace(config, rotation=0.0, zoom=0.0)) or (lambda pictures, _: pictures)
