"""What a network is fed in training: pictures mirrored, moved, mixed and scaled, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from smalti import augmentation
from smalti.augmentation.alternating import AlternatingFlip
from smalti.recipes import Recipe
from smalti.training.placement import Batch


@dataclass(frozen=True)
class Fed:
    """A batch as the network is fed it.

    ``pictures`` n×C×H×W (0–255), augmented, mixed and scaled; ``labels`` int64 n. Where pictures
    were mixed, ``partners`` are the other labels and ``share`` (float32 n, 0–1) is the part of the
    own.
    """

    pictures: torch.Tensor
    labels: torch.Tensor
    partners: torch.Tensor | None = None
    share: torch.Tensor | None = None


class Feeder:
    """Makes of the pictures of a training part what the network is fed; ``n`` is their number."""

    def __init__(self, recipe: Recipe, n: int) -> None:
        self._epochs, self._sizes = recipe.training.epochs, recipe.training.image_sizes
        self._augment = augmentation.make(recipe.augmentation)
        self._mix = augmentation.make_mixing(recipe.augmentation)
        alternating = recipe.augmentation.alternating_flip
        self._flip = AlternatingFlip(recipe.seed, n) if alternating else None

    def feed(self, batch: Batch, epoch: int, draws: torch.Generator) -> Fed:
        """Return a batch as the network is fed it in epoch ``epoch`` (from 1), not yet normalised.

        ``draws`` is a generator on the CPU.
        """
        pictures, labels = batch.pictures, batch.labels
        if self._flip is not None:
            pictures = self._flip(pictures, batch.positions, epoch)
        if self._augment is not None:
            pictures = self._augment(pictures, draws)
        mixed = None if self._mix is None else self._mix(pictures, draws)
        if mixed is not None:
            pictures = mixed.pictures
        pictures = scaled(pictures, self.side(epoch))
        if mixed is None:
            return Fed(pictures, labels)
        return Fed(pictures, labels, labels[mixed.partners], mixed.share)

    def side(self, epoch: int) -> int | None:
        """Return the side in pixels that an epoch (from 1) sees, or None for the pictures' own."""
        if not self._sizes:
            return None
        return self._sizes[(epoch - 1) * len(self._sizes) // self._epochs]


def scaled(pictures: torch.Tensor, side: int | None) -> torch.Tensor:
    """Return pictures n×C×H×W scaled so that their shorter side has ``side`` pixels.

    Bilinear over the area that a pixel covers, so that nothing is aliased; values 0–255 stay so,
    uint8 stays uint8 on the CPU. None, and the side that they have, change nothing.
    """
    height, width = pictures.shape[2:]
    if side is None or side == min(height, width):
        return pictures
    factor = side / min(height, width)
    size = (round(height * factor), round(width * factor))
    if pictures.device.type != "cpu":
        pictures = pictures.float()  # uint8 is scaled on CPUs only
    return functional.interpolate(pictures, size=size, mode="bilinear", antialias=True)
