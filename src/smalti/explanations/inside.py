"""What is inside a network: the filters of its first layer, and its feature maps of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from smalti.explanations.watching import watch
from smalti.wording import count

MOST_FILTERS = 64
MOST_MAPS = 16
_ACROSS = 16
_GAP = 1
_PAPER = 255
"""Between the pictures of a sheet, and where a last row is not full."""


@dataclass(frozen=True)
class Sheet:
    """Small pictures side by side (uint8 H×W×C), and what they are."""

    picture: np.ndarray
    label: str


def first_filters(network: nn.Module, image_shape: tuple[int, int, int]) -> Sheet | None:
    """Return the first layer's weights as pictures, None where that layer sees no pictures.

    Of a convolution its kernels, of a dense layer what each unit multiplies the picture with; grey
    is zero, the largest weight of a picture is black or white (or full colour).
    """
    height, width, channels = image_shape
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.in_channels == channels:
            weights, kind = layer.weight, "filters"
        elif isinstance(layer, nn.Linear) and layer.in_features == math.prod(image_shape):
            weights = layer.weight.reshape(-1, channels, height, width)
            kind = "units"
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            return None
        else:
            continue
        pictures = weights.detach().float().cpu().permute(0, 2, 3, 1).numpy()
        size = "×".join(map(str, pictures.shape[1:3]))
        said = f"{_of(len(pictures), MOST_FILTERS)} {kind} of the first layer, {size}"
        largest = np.abs(pictures).max(axis=(1, 2, 3), keepdims=True)
        scaled = 127.5 + 127.5 * pictures / np.where(largest > 0, largest, 1)
        shown = np.rint(scaled[:MOST_FILTERS]).astype(np.uint8)
        return Sheet(_sheet(shown if channels in (1, 3) else shown[..., :1]), said)
    return None


def feature_maps(network: nn.Module, inputs: torch.Tensor) -> list[Sheet]:
    """Return for each size of map the last ones of that size, those that differ most in place.

    ``inputs`` is one prepared picture 1×C×H×W. Black is a map's least value, white its largest.
    """
    found: dict[tuple[int, int], np.ndarray] = {}

    def keep(_: nn.Module, output: torch.Tensor) -> None:
        maps = output[0].float().cpu().numpy()
        found[maps.shape[1], maps.shape[2]] = maps.copy()

    watch(network, inputs, keep)
    return [_maps(maps) for size, maps in found.items() if min(size) > 1]


def _maps(maps: np.ndarray) -> Sheet:
    chosen = maps[np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:MOST_MAPS]]
    low, high = (end(chosen, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    scaled = np.rint(255 * (chosen - low) / np.where(high > low, high - low, 1)).astype(np.uint8)
    size = "×".join(map(str, maps.shape[1:]))
    return Sheet(_sheet(scaled[..., None], across=8), f"{_of(len(maps), MOST_MAPS)} maps of {size}")


def _of(n: int, most: int) -> str:
    return count(n) if n <= most else f"{most} of {count(n)}"


def _sheet(pictures: np.ndarray, across: int = _ACROSS) -> np.ndarray:
    """Return pictures N×H×W×C in rows, with lines of paper between them."""
    n, height, width, channels = pictures.shape
    across = min(across, n)
    rows = -(-n // across)
    shape = (rows * (height + _GAP) - _GAP, across * (width + _GAP) - _GAP, channels)
    sheet = np.full(shape, _PAPER, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, across)
        top, left = row * (height + _GAP), column * (width + _GAP)
        sheet[top : top + height, left : left + width] = picture
    return sheet
