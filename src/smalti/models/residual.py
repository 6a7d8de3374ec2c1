"""The residual block, in a form that can be read off: body, shortcut, sum, activation."""

from __future__ import annotations

import torch
from torch import nn


class Add(nn.Module):
    """The sum of two feature maps N×C×H×W of one shape; a layer, so that others can see it."""

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return left + right


class ResidualBlock(nn.Module):
    """``activation(body(x) + shortcut(x))`` (He et al., CVPR 2016).

    ``body`` holds convolutions and ends without an activation; ``shortcut`` is ``nn.Identity``
    where the body keeps the shape, otherwise layers that bring ``x`` to the body's shape. The
    four submodules ``body``, ``shortcut``, ``add`` and ``activation`` do all the work, so that a
    writer of other formats can walk through them.
    """

    def __init__(self, body: nn.Module, shortcut: nn.Module, activation: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut
        self.add = Add()
        self.activation = activation

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        added: torch.Tensor = self.add(self.body(features), self.shortcut(features))
        return self.activation(added)
