"""Changes of brightness and colour, each for a group of pictures at once.

Every function takes float32 pictures G×C×H×W with values 0–255 and amounts G from −1 to 1, and
returns new pictures; values may leave the range, whoever calls limits them. An amount of 0 changes
nothing; the largest changes (amounts ±1) are those of Cubuk et al., "AutoAugment" (2019).
"""

from __future__ import annotations

import torch

_LUMA = (0.299, 0.587, 0.114)
_FACTOR = 0.9


def brightness(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Multiply by 0.1 to 1.9."""
    return pictures * _factors(amounts)


def contrast(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Multiply the distance from the picture's mean grey by 0.1 to 1.9."""
    # The mean of the grey is the grey of the means: it is had from one pixel.
    return _away(grey(pictures.mean((2, 3), keepdim=True)), pictures, amounts)


def saturation(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Multiply the distance of each pixel from its grey by 0.1 to 1.9."""
    return _away(grey(pictures), pictures, amounts)


def sharpness(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Multiply the distance of each pixel from its surroundings by 0.1 (blurred) to 1.9 (sharp).

    The surroundings are the 3×3 pixels, the one in the middle weighing five times as much. The
    outermost pixels stay as they are.
    """
    changed = pictures.clone()
    inner = changed[:, :, 1:-1, 1:-1]
    three = pictures[:, :, :-2] + pictures[:, :, 1:-1] + pictures[:, :, 2:]
    nine = three[:, :, :, :-2] + three[:, :, :, 1:-1] + three[:, :, :, 2:]
    inner.copy_(_away((nine + 4 * inner) / 13, inner, amounts))
    return changed


def solarize(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Invert what is brighter than 256 × (1 − ``|amount|``)."""
    limits = 256 * (1 - amounts.abs())
    return torch.where(pictures >= limits[:, None, None, None], 255 - pictures, pictures)


def posterize(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Keep the 8 to 4 leading bits of each value, rounded to a whole number first."""
    steps = 2 ** torch.round(4 * amounts.abs())[:, None, None, None]
    return torch.floor(pictures.round() / steps) * steps


def auto_contrast(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Go ``|amount|`` of the way to each channel stretched to 0–255."""
    low, high = pictures.amin((2, 3), keepdim=True), pictures.amax((2, 3), keepdim=True)
    stretched = (pictures - low) * (255 / (high - low).clamp(min=1))
    # A channel of one value has nothing to stretch.
    return _part_of_the_way(pictures, torch.where(high - low < 1, pictures, stretched), amounts)


def equalize(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Go ``|amount|`` of the way to channels in which all values are about equally frequent.

    There the darkest value of a channel is 0, the brightest 255.
    """
    values = pictures.round().to(torch.int64).flatten(0, 1).flatten(1)
    counts = torch.zeros(len(values), 256, dtype=torch.int64, device=pictures.device)
    counts.scatter_add_(1, values, torch.ones_like(values))
    below = counts.cumsum(1)
    lowest = counts.gather(1, values.amin(1, keepdim=True))
    spread = values.shape[1] - lowest
    table = (below - lowest) * (255 / spread.clamp(min=1))
    equalized = table.gather(1, values).reshape(pictures.shape)
    of_one_value = (spread == 0).reshape(*pictures.shape[:2], 1, 1)
    return _part_of_the_way(pictures, torch.where(of_one_value, pictures, equalized), amounts)


def grey(pictures: torch.Tensor) -> torch.Tensor:
    """Return G×1×H×W: luma of three channels (ITU-R BT.601), else the channels' mean."""
    if pictures.shape[1] != len(_LUMA):
        return pictures.mean(1, keepdim=True)
    parts = [weight * pictures[:, i, None] for i, weight in enumerate(_LUMA)]
    return parts[0] + parts[1] + parts[2]


def _factors(amounts: torch.Tensor) -> torch.Tensor:
    return (1 + _FACTOR * amounts)[:, None, None, None]


def _away(base: torch.Tensor, pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Return the pictures, their distance from ``base`` multiplied."""
    return base + (pictures - base) * _factors(amounts)


def _part_of_the_way(
    pictures: torch.Tensor, end: torch.Tensor, amounts: torch.Tensor
) -> torch.Tensor:
    return torch.lerp(pictures, end, amounts.abs()[:, None, None, None])
