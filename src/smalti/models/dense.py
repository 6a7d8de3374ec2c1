"""Fully connected networks."""

from __future__ import annotations

import math
from collections import OrderedDict

from torch import nn

from smalti.models.building import Shape, activation
from smalti.models.dropout import Dropout
from smalti.recipes import ModelConfig


class Dense(nn.Sequential):
    """Flatten, then dense → activation → batch norm → dropout for every width in ``hidden``.

    With ``hidden`` 128, 128 on MNIST this is row A1 (118,282 parameters); with 512, 256, batch
    norm and dropout on CIFAR-10 row A2 (1,708,810). Batch norm and dropout are there in training
    only as noise: prediction uses the running statistics and drops nothing.
    """

    def __init__(self, config: ModelConfig, image_shape: Shape, n_classes: int) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
        width = math.prod(image_shape)
        layers |= hidden_layers(config, width, config.dropout)
        layers["output"] = nn.Linear(config.hidden[-1] if config.hidden else width, n_classes)
        super().__init__(layers)


def hidden_layers(config: ModelConfig, width: int, dropout: float) -> OrderedDict[str, nn.Module]:
    """Return the named hidden layers that follow ``width`` inputs; dropout 0 adds no layer."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, wide in enumerate(config.hidden, 1):
        layers[f"hidden{number}"] = nn.Linear(width, wide)
        layers[f"hidden{number}_activation"] = activation(config.activation)
        if config.batch_norm:
            layers[f"hidden{number}_norm"] = nn.BatchNorm1d(wide)
        if dropout:
            layers[f"hidden{number}_dropout"] = Dropout(dropout)
        width = wide
    return layers
