"""Averaging what a network says of several views of one picture (test-time augmentation)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

Logits = Callable[[torch.Tensor], torch.Tensor]

SHIFT = 1
"""Pixels by which the shifted views move, down-right and up-left."""


@dataclass(frozen=True)
class View:
    """One way of looking at a picture: moved along its diagonal, then mirrored; and its weight."""

    weight: float
    shift: int = 0
    mirrored: bool = False

    def pixels(self, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return which row and which column of the picture each one of the view is (int64).

        What comes in from outside repeats the border.
        """
        rows = (torch.arange(height) + self.shift).clamp(0, height - 1)
        columns = (torch.arange(width) + self.shift).clamp(0, width - 1)
        return rows, columns.flip(0) if self.mirrored else columns

    def of(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the view of pictures n×C×H×W."""
        if not (self.shift or self.mirrored):
            return pictures
        rows, columns = self.pixels(*pictures.shape[2:])
        seen = pictures.index_select(3, columns.to(pictures.device))
        return seen.index_select(2, rows.to(pictures.device)) if self.shift else seen


def views_of(count: int) -> tuple[View, ...]:
    """Return 1, 2, 3 or 6 views, whose weights add up to 1.

    2: the picture and its mirror image. 3: the picture (one half) and two diagonal shifts by one
    pixel (a quarter each). 6: those three and their mirror images. The six are those of Jordan,
    94 % on CIFAR-10 in 3.29 Seconds, 2024; three suit what must not be mirrored, as digits.
    """
    shifts = {0: 0.5, -SHIFT: 0.25, SHIFT: 0.25} if count in (3, 6) else {0: 1.0}
    mirrors = (False, True) if count in (2, 6) else (False,)
    return tuple(
        View(weight / len(mirrors), shift, mirrored)
        for shift, weight in shifts.items()
        for mirrored in mirrors
    )


def averaged(logits: Logits, inputs: torch.Tensor, views: int) -> torch.Tensor:
    """Return the weighted mean of the logits over so many views of pictures n×C×H×W."""
    if views == 1:
        return logits(inputs)
    answers = [view.weight * logits(view.of(inputs)) for view in views_of(views)]
    return torch.stack(answers).sum(0)
