"""An exponential moving average of the weights (Polyak averaging)."""

from __future__ import annotations

import copy

import torch
from torch import nn


class AveragedModel:
    """A copy of a model whose parameters follow the original slowly.

    After each step ``average = decay · average + (1 - decay) · weights``, where ``decay`` grows
    from 0.1 at the first step to its value, so that the first weights do not linger (the rule of
    TensorFlow's ExponentialMovingAverage). Buffers are the original's own.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.model = copy.deepcopy(model).requires_grad_(False)
        self._average: list[torch.Tensor] = list(self.model.parameters())
        self._source = [parameter.detach() for parameter in model.parameters()]
        self._buffers = list(zip(self.model.buffers(), model.buffers(), strict=True))

    def update(self, step: int) -> None:
        """Move the average towards the weights after training step ``step`` (from 0)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._average, self._source, 1 - decay)

    def take_buffers(self) -> None:
        """Copy running statistics; needed once before the average is used."""
        for average, source in self._buffers:
            average.copy_(source)
