"""Random erasing (Zhong et al., "Random Erasing Data Augmentation", 2020)."""

from __future__ import annotations

import math

import torch

from smalti.augmentation.policy import Augment
from smalti.transfer import send

AREA = (0.02, 0.33)
ASPECT = (0.3, 1 / 0.3)


def random_erasing(probability: float) -> Augment | None:
    """Return the function that erases a rectangle of a picture with this probability.

    The rectangle covers 2–33 % of the picture, its height is 0.3 to 3.3 times its width (equally
    likely lying and standing), and it lies anywhere inside; what would be longer than the picture
    is cut to it. It is filled with noise, each value uniform in 0–255, which is the paper's own
    choice (it finds the mean colour as good, black and white worse). One field of noise serves
    all rectangles of a batch: the draws would otherwise cost more than all the rest.

    The pictures keep their type; the result is channels-last in memory.
    """
    if not probability:
        return None

    def erase(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        n, channels, height, width = pictures.shape
        erased = torch.rand(n, generator=generator) < probability
        top_bottom, left_right = _rectangles(n, height, width, generator)
        noise = torch.randint(
            256, (height, width * channels), dtype=torch.uint8, generator=generator
        )
        rows = _inside(height, top_bottom) & erased[:, None]
        columns = _inside(width, left_right).repeat_interleave(channels, dim=1)
        device = pictures.device
        # The channels of a row of pixels as one row of values: long inner loops are fast.
        flat = pictures.permute(0, 2, 3, 1).reshape(n, height, width * channels)
        result = _overwritten(flat, send(rows, device), send(columns, device), send(noise, device))
        return result.view(n, height, width, channels).permute(0, 3, 1, 2)

    return erase


def _rectangles(
    n: int, height: int, width: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return first and last row + 1, first and last column + 1, each int64 2×n."""
    draw = torch.rand(4, n, generator=generator)
    area = height * width * (AREA[0] + draw[0] * (AREA[1] - AREA[0]))
    low, high = math.log(ASPECT[0]), math.log(ASPECT[1])
    aspect = torch.exp(low + draw[1] * (high - low))
    return (
        _span(torch.sqrt(area * aspect), height, draw[2]),
        _span(torch.sqrt(area / aspect), width, draw[3]),
    )


def _span(length: torch.Tensor, side: int, place: torch.Tensor) -> torch.Tensor:
    """Return begin and end, 2×n, of whole-pixel stretches inside the side; place is from 0 to 1."""
    whole = length.round().clamp(1, side)
    begin = torch.floor(place * (side - whole + 1))
    return torch.stack([begin, begin + whole]).to(torch.int64)


def _inside(side: int, span: torch.Tensor) -> torch.Tensor:
    """Return bool n×side: what lies within each picture's span."""
    places = torch.arange(side)
    return (places >= span[0, :, None]) & (places < span[1, :, None])


def _overwritten(
    values: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, noise: torch.Tensor
) -> torch.Tensor:
    """Return values n×H×K, replaced by noise H×K where rows n×H and columns n×K are both True."""
    if values.dtype != torch.uint8:
        mask = rows[:, :, None].to(values.dtype) * columns[:, None].to(values.dtype)
        return torch.lerp(values, noise.to(values.dtype), mask)
    # Arithmetic on bits is ten times as fast as torch.where, which has no loop for bytes.
    mask = (rows.to(torch.uint8) * 255)[:, :, None] & (columns.to(torch.uint8) * 255)[:, None]
    return values ^ ((values ^ noise) & mask)
