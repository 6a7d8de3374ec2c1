"""Random changes of training pictures, batched, on the device where the pictures are."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch.nn import functional

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


def affine(config: AugmentationConfig) -> Augment | None:
    """Return random mirror, shift, rotation and zoom, done in one bilinear interpolation.

    Each picture gets its own uniform draw: shift up to ± ``shift`` of the side on each axis,
    rotation up to ± ``rotation`` degrees, both sides scaled by 1 ± ``zoom``, mirrored in half of
    the cases where ``horizontal_flip``. What comes in from outside repeats the border pixel, as
    in Keras. Without rotation and zoom, shifts are by whole pixels: interpolating between pixels
    blurs, and the pictures to be judged later are not blurred.
    """
    if not (config.shift or config.rotation or config.zoom):
        return mirror if config.horizontal_flip else None

    def change(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        matrices = _matrices(len(pictures), pictures.shape[2:], config, generator)
        grid = functional.affine_grid(
            matrices.to(pictures.device, non_blocking=True),
            list(pictures.shape),
            align_corners=False,
        )
        return functional.grid_sample(
            pictures.to(torch.float32),
            grid,
            mode="bilinear",
            padding_mode="border",
            align_corners=False,
        )

    return change


def _shifts(symmetric: torch.Tensor, size: torch.Size, config: AugmentationConfig) -> torch.Tensor:
    """Return shifts 2×n down and across; the whole side is 2 in the coordinates of grid_sample."""
    pixels = torch.tensor(size)[:, None]
    moved = config.shift * symmetric * pixels
    if not (config.rotation or config.zoom):
        largest = torch.floor(config.shift * pixels)
        moved = torch.round(symmetric * (largest + 0.5)).clamp(-largest, largest)
    return 2 * moved / pixels


def mirror(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return the pictures with a random half of them mirrored left and right."""
    chosen = (torch.rand(len(pictures), generator=generator) < 0.5).to(pictures.device)
    return torch.where(chosen[:, None, None, None], pictures.flip(3), pictures)


def _matrices(
    n: int, size: torch.Size, config: AugmentationConfig, generator: torch.Generator
) -> torch.Tensor:
    """Return n inverse maps 2×3 from target to source in the coordinates −1…1 of grid_sample."""
    draw = torch.rand(5, n, generator=generator)
    symmetric = 2 * draw - 1
    angle = symmetric[0] * math.radians(config.rotation)
    scale_x = 1 + symmetric[1] * config.zoom
    scale_y = 1 + symmetric[2] * config.zoom
    if config.horizontal_flip:
        flip = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
        scale_x = scale_x * flip
    cosine, sine = torch.cos(angle), torch.sin(angle)
    shift_y, shift_x = _shifts(symmetric[3:], size, config)
    return torch.stack(
        [
            torch.stack([cosine * scale_x, -sine * scale_y, shift_x], dim=1),
            torch.stack([sine * scale_x, cosine * scale_y, shift_y], dim=1),
        ],
        dim=1,
    )
