"""The policy `affine`: pictures mirrored, shifted, turned and zoomed, each by its own draw."""

from __future__ import annotations

import math

import torch

from smalti.augmentation.policy import Augment
from smalti.augmentation.shifting import draw_mirrored, mirror, shifted
from smalti.augmentation.warping import warped
from smalti.recipes import AugmentationConfig


def affine(config: AugmentationConfig) -> Augment | None:
    """Return random mirror, shift, rotation and zoom, done in one bilinear interpolation.

    Each picture gets its own uniform draw: shift up to ± ``shift`` of the side on each axis,
    rotation up to ± ``rotation`` degrees, both sides scaled by 1 ± ``zoom``, mirrored in half of
    the cases where ``horizontal_flip``. What comes in from outside repeats the border pixel, as
    in Keras. Without rotation and zoom, shifts are by whole pixels and the result keeps the
    pictures' type: interpolating between pixels blurs, and the pictures to be judged later are
    not blurred. With them, it is float32.
    """
    if not (config.shift or config.rotation or config.zoom):
        return mirror if config.horizontal_flip else None
    return _interpolating(config) if config.rotation or config.zoom else _whole_pixels(config)


def _whole_pixels(config: AugmentationConfig) -> Augment:
    def change(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        symmetric, mirrored = _draw(len(pictures), config, generator)
        largest = torch.floor(config.shift * torch.tensor(pictures.shape[2:])[:, None])
        moved = torch.round(symmetric[3:] * (largest + 0.5)).clamp(-largest, largest)
        return shifted(pictures, moved.to(torch.int64), mirrored)

    return change


def _interpolating(config: AugmentationConfig) -> Augment:
    def change(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        draws = _draw(len(pictures), config, generator)
        return warped(pictures, _matrices(*draws, pictures.shape[2:], config))

    return change


def _draw(
    n: int, config: AugmentationConfig, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return 5×n from −1 to 1 (angle, zoom across, down, shift down, across) and who is mirrored.

    All five are drawn whether used or not: a field set to zero leaves the others' draws alone.
    """
    symmetric = 2 * torch.rand(5, n, generator=generator) - 1
    return symmetric, draw_mirrored(n, generator) if config.horizontal_flip else None


def _matrices(
    symmetric: torch.Tensor,
    mirrored: torch.Tensor | None,
    size: torch.Size,
    config: AugmentationConfig,
) -> torch.Tensor:
    """Return the inverse maps n×2×3 in pixels from the centre."""
    angle = symmetric[0] * math.radians(config.rotation)
    scale_x = 1 + symmetric[1] * config.zoom
    scale_y = 1 + symmetric[2] * config.zoom
    if mirrored is not None:
        scale_x = torch.where(mirrored, -scale_x, scale_x)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    shift_y, shift_x = config.shift * symmetric[3:] * torch.tensor(size)[:, None]
    across = torch.stack([cosine * scale_x, -sine * scale_y, shift_x], dim=1)
    down = torch.stack([sine * scale_x, cosine * scale_y, shift_y], dim=1)
    return torch.stack([across, down], dim=1)
