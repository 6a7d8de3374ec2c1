"""The policy `augmix` (Hendrycks et al., "AugMix", 2020)."""

from __future__ import annotations

from dataclasses import replace

import torch

from smalti.augmentation import operations
from smalti.augmentation.policy import Augment
from smalti.augmentation.rand_augment import before
from smalti.recipes import AugmentationConfig
from smalti.transfer import send

CHAINS = 3

GREY = operations.GEOMETRIC
COLOUR = (*GREY, "auto-contrast", "equalize", "posterize", "solarize")


def augmix(config: AugmentationConfig) -> Augment:
    """Return each picture mixed with three changed versions of itself.

    Each version comes from a chain of 1 to ``operations`` operations with amounts drawn uniformly
    up to ``strength``. The three are averaged with weights from Dirichlet(1, 1, 1), and the picture
    itself is mixed in with a part from Beta(1, 1). Mirror and whole-pixel shift as in ``affine``
    come first.

    As in the paper there is no operation on brightness, contrast, sharpness or colour, so that a
    test of robustness against these stays fair. Its Jensen–Shannon consistency loss is not part
    of this: the policy changes pictures and nothing else.
    """
    first = before(config)

    def change(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        pictures = first(pictures, generator)
        n = len(pictures)
        names = COLOUR if pictures.shape[1] == 3 else GREY
        drawn = operations.draw(names, config.operations, CHAINS * n, config.strength, generator)
        lengths = torch.randint(1, config.operations + 1, (CHAINS * n,), generator=generator)
        beyond = torch.arange(config.operations)[:, None] >= lengths
        drawn = replace(drawn, kinds=drawn.kinds.masked_fill(beyond, operations.NOTHING))
        weights = send(_weights(n, generator), pictures.device)
        own = pictures.contiguous().to(torch.float32)
        mixed = weights[0] * own
        versions = operations.apply(own.repeat(CHAINS, 1, 1, 1), drawn)
        for weight, version in zip(weights[1:], versions.split(n), strict=True):
            mixed.addcmul_(weight, version)
        return mixed.clamp_(0, 255)

    return change


def _weights(n: int, generator: torch.Generator) -> torch.Tensor:
    """Return float32 4×n×1×1×1, the parts of each picture itself and of its versions; sum 1."""
    kept, *uniform = torch.rand(1 + CHAINS, n, generator=generator)
    # Exponential draws divided by their sum follow Dirichlet(1, …, 1).
    exponential = -torch.log1p(-torch.stack(uniform)) + torch.finfo(torch.float32).tiny
    versions = (1 - kept) * exponential / exponential.sum(0)
    return torch.cat([kept[None], versions])[:, :, None, None, None]
