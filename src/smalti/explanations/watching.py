"""Seeing every feature map of a network once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


def watch(
    network: nn.Module, inputs: torch.Tensor, see: Callable[[nn.Module, torch.Tensor], None]
) -> None:
    """Let a network answer, and show each layer with its feature maps n×C×H×W, in order.

    What is to be kept of the maps has to be copied: a layer behind may change them in place.
    """

    def show(layer: nn.Module, _: object, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.ndim == 4:
            see(layer, output)

    leaves = [module for module in network.modules() if not list(module.children())]
    hooks = [leaf.register_forward_hook(show) for leaf in leaves]
    try:
        with torch.no_grad():
            network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
