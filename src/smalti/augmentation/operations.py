"""The operations that the policies draw from, and how drawn ones are applied to a batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from smalti.augmentation import tones
from smalti.augmentation.warping import warped
from smalti.transfer import send

Tone = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

GEOMETRIC = ("shift-across", "shift-down", "shear-across", "shear-down", "rotate", "zoom")
"""Their largest amounts stand below."""

LARGEST_SHIFT = 0.25
LARGEST_SHEAR = 0.3
LARGEST_ROTATION = math.radians(30)
LARGEST_ZOOM = 0.3

TONES: dict[str, Tone] = {
    "brightness": tones.brightness,
    "contrast": tones.contrast,
    "sharpness": tones.sharpness,
    "saturation": tones.saturation,
    "auto-contrast": tones.auto_contrast,
    "equalize": tones.equalize,
    "posterize": tones.posterize,
    "solarize": tones.solarize,
}

NOTHING = -1
"""Stands for no operation among drawn ones."""


@dataclass(frozen=True)
class Drawn:
    """What is done to each picture: ``slots`` operations one after the other.

    ``kinds`` int64 slots×N are positions in ``operations`` or NOTHING, ``amounts`` float32
    slots×N from −1 to 1; both on the CPU.
    """

    operations: tuple[str, ...]
    kinds: torch.Tensor
    amounts: torch.Tensor

    def of_kind(self, name: str) -> torch.Tensor:
        """Return bool slots×N: where the operation is drawn; nowhere if it is not among them."""
        if name not in self.operations:
            return torch.zeros_like(self.kinds, dtype=torch.bool)
        return self.kinds == self.operations.index(name)


def draw(
    operations: tuple[str, ...], slots: int, n: int, strength: float, generator: torch.Generator
) -> Drawn:
    """Draw ``slots`` operations for each of n pictures, with repetition, all equally likely.

    Amounts are uniform within ± ``strength``.
    """
    kinds = torch.randint(len(operations), (slots, n), generator=generator)
    amounts = strength * (2 * torch.rand(slots, n, generator=generator) - 1)
    return Drawn(operations, kinds, amounts)


def apply(pictures: torch.Tensor, drawn: Drawn) -> torch.Tensor:
    """Return float32 pictures N×C×H×W with values 0–255, changed as drawn.

    All geometric operations of a picture become one interpolation, before the others: each more
    would blur, and values change the same wherever a pixel lies. The others run slot by slot,
    all pictures that share one together.
    """
    changed = _moved(pictures, drawn)
    for slot in range(len(drawn.kinds)):
        for name, tone in TONES.items():
            rows = drawn.of_kind(name)[slot].nonzero().squeeze(1)
            if len(rows):
                amounts = send(drawn.amounts[slot, rows], pictures.device)
                rows = send(rows, pictures.device)
                changed[rows] = tone(changed[rows], amounts).clamp_(0, 255)
    return changed


def _moved(pictures: torch.Tensor, drawn: Drawn) -> torch.Tensor:
    """Return a float32 copy in which the pictures with geometric operations are moved."""
    # Channel by channel in memory: statistics of a channel are several times as fast that way.
    moved = pictures.contiguous().to(torch.float32, copy=True)
    moving = [drawn.of_kind(name) for name in GEOMETRIC]
    rows = torch.stack(moving).flatten(0, 1).any(0).nonzero().squeeze(1)
    if len(rows):
        matrices = _matrices(drawn, pictures.shape[2:])[rows]
        rows = send(rows, pictures.device)
        moved[rows] = warped(moved[rows], matrices).clamp_(0, 255)
    return moved


def _matrices(drawn: Drawn, size: torch.Size) -> torch.Tensor:
    """Return inverse maps N×2×3 in pixels from the centre: the slots' maps one after the other."""
    shift_x, shift_y, shear_x, shear_y, turn, zoom = (
        drawn.amounts * drawn.of_kind(name) for name in GEOMETRIC
    )
    height, width = size
    # Whole pixels: a picture that is only shifted stays as sharp as it was.
    shift_x = torch.round(LARGEST_SHIFT * width * shift_x)
    shift_y = torch.round(LARGEST_SHIFT * height * shift_y)
    angle, scale = LARGEST_ROTATION * turn, 1 + LARGEST_ZOOM * zoom
    # One kind a slot and picture: of these terms, only that kind's differ from the identity's.
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle)
    shear_x, shear_y = LARGEST_SHEAR * shear_x, LARGEST_SHEAR * shear_y
    nought, one = torch.zeros_like(scale), torch.ones_like(scale)
    rows = [
        torch.stack([cosine, shear_x - sine, shift_x], dim=2),
        torch.stack([shear_y + sine, cosine, shift_y], dim=2),
        torch.stack([nought, nought, one], dim=2),
    ]
    maps = torch.stack(rows, dim=2)
    whole = maps[0]
    for later in maps[1:]:
        # Back from the result: first through what was done last.
        whole = whole @ later
    return whole[:, :2]
