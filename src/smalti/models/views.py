"""Averaging what a network says of several views of one picture (test-time augmentation)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch.nn import functional

Logits = Callable[[torch.Tensor], torch.Tensor]

SHIFT = 1
"""Pixels by which the shifted views move, down-right and up-left."""


def averaged(logits: Logits, inputs: torch.Tensor, views: int) -> torch.Tensor:
    """Return the weighted mean of the logits over 1, 2, 3 or 6 views of pictures n×C×H×W.

    2: the picture and its mirror image. 3: the picture (one half) and two diagonal shifts by one
    pixel (a quarter each), the border repeated. 6: those three and their mirror images. The six
    are those of Jordan, 94 % on CIFAR-10 in 3.29 Seconds, 2024; three suit what must not be
    mirrored, as digits.
    """
    if views == 1:
        return logits(inputs)
    answers = []
    for weight, view in _views(inputs, shifted=views in (3, 6)):
        answer = logits(view)
        if views in (2, 6):
            answer = 0.5 * (answer + logits(view.flip(3)))
        answers.append(weight * answer)
    return torch.stack(answers).sum(0)


def _views(inputs: torch.Tensor, shifted: bool) -> Iterator[tuple[float, torch.Tensor]]:
    if not shifted:
        yield 1.0, inputs
        return
    yield 0.5, inputs
    height, width = inputs.shape[2:]
    padded = functional.pad(inputs, (SHIFT,) * 4, mode="replicate")
    for start in (0, 2 * SHIFT):
        yield 0.25, padded[:, :, start : start + height, start : start + width]
