"""Making a network from its configuration, and describing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import nn

from smalti import names
from smalti.errors import SmaltiError
from smalti.recipes import ModelConfig

Shape = tuple[int, int, int]


def build(config: ModelConfig, image_shape: Shape, n_classes: int) -> nn.Module:
    """Return the network named by ``config`` for pictures H×W×C and ``n_classes`` classes.

    It maps normalised float pictures N×C×H×W to logits N×``n_classes``. The random state at the
    call decides the first weights. A picture too small for the network is an error.
    """
    model: nn.Module = names.MODELS[config.name].load()(config, image_shape, n_classes)
    return model


def activation(name: str) -> nn.Module:
    """Return a fresh activation layer by its name in :data:`smalti.names.ACTIVATIONS`.

    ReLU writes over its input, which must be a layer's own output: no network here reads that
    again, and neither does a backward pass. On two CPU cores row D2's network answers 1.1 times
    as fast so.
    """
    layer: nn.Module = names.ACTIVATIONS[name].load()()
    if isinstance(layer, nn.ReLU):
        layer.inplace = True
    return layer


def require_room(side: int, image_shape: Shape, change: str) -> None:
    """Raise an error where a feature map would vanish."""
    if side < 1:
        height, width, _ = image_shape
        raise SmaltiError(
            f"Pictures of {height}×{width} pixels are too small for this network.", change
        )


@runtime_checkable
class Prepared(Protocol):
    """A network that wants to see training pictures before the first step."""

    def prepare(self, pictures: torch.Tensor) -> None:
        """Set what the normalised pictures n×C×H×W decide."""


@torch.inference_mode()
def takes_any_size(model: nn.Module, image_shape: Shape, sizes: Iterable[int]) -> bool:
    """Tell whether a network takes pictures whose shorter sides are ``sizes``, too."""
    height, width, channels = image_shape
    was_training = model.training
    model.eval()
    try:
        for side in set(sizes):
            factor = side / min(height, width)
            model(torch.zeros(1, channels, round(height * factor), round(width * factor)))
    except RuntimeError:  # a dense layer that expects another number of values, an empty map
        return False
    finally:
        model.train(was_training)
    return True


@dataclass(frozen=True)
class Layer:
    """One line of a network's description: kind, output shape without the batch, parameters."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    flop: int


def describe(model: nn.Module, image_shape: Shape) -> list[Layer]:
    """Return the layers in the order in which one picture passes through them.

    A shortcut that changes nothing is no layer. ``flop`` counts two operations a multiply-add of
    convolutions and dense layers, one an element elsewhere; a forward pass, one picture.
    """
    layers: list[Layer] = []
    hooks = []
    for name, module in model.named_modules():
        if next(module.children(), None) is None and not isinstance(module, nn.Identity):

            def note(layer: nn.Module, _: object, output: torch.Tensor, name: str = name) -> None:
                count = sum(parameter.numel() for parameter in layer.parameters())
                shape = tuple(output.shape[1:])
                layers.append(Layer(name, type(layer).__name__, shape, count, _flop(layer, output)))

            hooks.append(module.register_forward_hook(note))
    height, width, channels = image_shape
    was_training = model.training
    with torch.inference_mode():
        model.eval()(torch.zeros(1, channels, height, width))
    model.train(was_training)
    for hook in hooks:
        hook.remove()
    return layers


def count_parameters(model: nn.Module) -> int:
    """Return the number of trained values (running means and variances not counted)."""
    return sum(parameter.numel() for parameter in model.parameters())


def _flop(layer: nn.Module, output: torch.Tensor) -> int:
    if isinstance(layer, nn.Conv2d):
        height, width = layer.kernel_size
        taps = height * width * layer.in_channels // layer.groups
        return int(2 * taps * output.numel())
    if isinstance(layer, nn.Linear):
        return int(2 * layer.in_features * layer.out_features)
    return 0 if isinstance(layer, (nn.Flatten, nn.Dropout)) else int(output.numel())
