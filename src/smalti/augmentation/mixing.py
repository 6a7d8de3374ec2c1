"""Mixing of two training pictures and of their labels: MixUp and CutMix."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from smalti.recipes import AugmentationConfig
from smalti.transfer import send


@dataclass(frozen=True)
class Mixed:
    """A batch in which each picture holds something of another one of the batch.

    ``pictures`` N×C×H×W; ``partners`` int64 N, the row whose label is mixed in; ``share`` float32
    N from 0 to 1, the part of the own label. All are on the pictures' device.
    """

    pictures: torch.Tensor
    partners: torch.Tensor
    share: torch.Tensor


Mix = Callable[[torch.Tensor, torch.Generator], Mixed]
"""Pictures N×C×H×W with values 0–255, and a generator on the CPU, to a mixed batch."""


def make_mixing(config: AugmentationConfig) -> Mix | None:
    """Return MixUp, CutMix, or one of them at random each batch where both alphas are set.

    The part of the own picture is drawn once a batch, and the partners are a permutation of the
    batch, as in both papers' experiments: all batches together give the same variety as a draw a
    picture would, and CutMix becomes the copy of one block.
    """
    if config.mixup and config.cutmix:
        return _either(mixup(config.mixup), cutmix(config.cutmix))
    if config.mixup:
        return mixup(config.mixup)
    return cutmix(config.cutmix) if config.cutmix else None


def mixup(alpha: float) -> Mix:
    """Return MixUp (Zhang et al. 2018): share × picture + (1 − share) × partner, in float32.

    The share is from Beta(``alpha``, ``alpha``); the classifier is to answer with the same mixture
    of labels.
    """

    def mix(pictures: torch.Tensor, generator: torch.Generator) -> Mixed:
        share = _beta(alpha, generator)
        partners = _partners(pictures, generator)
        own = pictures.to(torch.float32)
        return Mixed(torch.lerp(own[partners], own, share), partners, _shares(share, pictures))

    return mix


def cutmix(alpha: float) -> Mix:
    """Return CutMix (Yun et al. 2019): a rectangle of each picture comes from its partner.

    The part to be kept is from Beta(``alpha``, ``alpha``); the rectangle has the picture's
    proportions, its centre lies anywhere, and the share is what is really left once it is cut to
    the picture. The pictures keep their type.
    """

    def mix(pictures: torch.Tensor, generator: torch.Generator) -> Mixed:
        side = math.sqrt(1 - _beta(alpha, generator))
        partners = _partners(pictures, generator)
        height, width = pictures.shape[2:]
        centre = torch.rand(2, generator=generator).tolist()
        rows, columns = _stretch(height, side, centre[0]), _stretch(width, side, centre[1])
        mixed = pictures.clone()
        mixed[:, :, rows, columns] = pictures[:, :, rows, columns][partners]
        covered = (rows.stop - rows.start) * (columns.stop - columns.start)
        return Mixed(mixed, partners, _shares(1 - covered / (height * width), pictures))

    return mix


def _either(first: Mix, second: Mix) -> Mix:
    def mix(pictures: torch.Tensor, generator: torch.Generator) -> Mixed:
        heads = bool(torch.rand((), generator=generator) < 0.5)
        return (first if heads else second)(pictures, generator)

    return mix


def _beta(alpha: float, generator: torch.Generator) -> float:
    """Return a draw from Beta(alpha, alpha); torch draws none from a generator of one's own."""
    seed = int(torch.randint(2**63 - 1, (), generator=generator))
    return float(np.random.default_rng(seed).beta(alpha, alpha))


def _partners(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return send(torch.randperm(len(pictures), generator=generator), pictures.device)


def _shares(share: float, pictures: torch.Tensor) -> torch.Tensor:
    return torch.full((len(pictures),), share, dtype=torch.float32, device=pictures.device)


def _stretch(side: int, part: float, centre: float) -> slice:
    """Return the whole pixels of a stretch of this part of the side, cut to the side."""
    length, middle = int(part * side), int(centre * side)
    begin = middle - length // 2
    return slice(max(0, begin), min(side, begin + length))
