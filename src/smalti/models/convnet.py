"""Plain convolutional networks: the small one and the VGG-like one."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from smalti.models.building import Shape, activation, require_room
from smalti.models.dense import hidden_layers
from smalti.models.dropout import Dropout
from smalti.recipes import ModelConfig

KERNEL = 3


class _ConvNet(nn.Sequential):
    """Convolutions, then all values or the average of each map, hidden layers and the output.

    ``pooling=average`` is global average pooling (Lin et al. 2014): far fewer weights in the first
    dense layer, and none that depends on where in the picture something is.
    """

    def __init__(
        self,
        convolutions: OrderedDict[str, nn.Module],
        config: ModelConfig,
        image_shape: Shape,
        n_classes: int,
    ) -> None:
        layers = OrderedDict(convolutions)
        if config.pooling == "average":
            layers["average_pool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        width = _flat_width(layers, image_shape)
        layers |= hidden_layers(config, width, config.head_dropout)
        if config.head_dropout and not config.hidden:
            layers["output_dropout"] = Dropout(config.head_dropout)
        layers["output"] = nn.Linear(config.hidden[-1] if config.hidden else width, n_classes)
        super().__init__(layers)


class SimpleCNN(_ConvNet):
    """One 3×3 convolution an entry of ``filters``, one 2×2 max pooling, dense layers.

    Each convolution is followed by activation, and batch norm and dropout where wanted; the last
    dropout comes after the pooling. (Before it, the zeros of what is dropped would win over
    negative values: the largest of four is then another in training than in prediction, by which
    CIFAR-10 was 65 % right on validation at 84 % in training.) With filters 32, 64, hidden 128,
    valid padding and without batch norm this is row C1: 1,199,882 parameters on MNIST, 1,626,442
    on CIFAR-10.
    """

    def __init__(self, config: ModelConfig, image_shape: Shape, n_classes: int) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        cut = 0 if config.padding == "same" else (KERNEL - 1) * len(config.filters)
        require_room((min(image_shape[:2]) - cut) // 2, image_shape, _smaller(config, image_shape))
        channels = image_shape[2]
        for number, filters in enumerate(config.filters, 1):
            layers |= _convolution(f"conv{number}", channels, filters, config)
            if number == len(config.filters):
                layers["pool"] = nn.MaxPool2d(2)
            if config.dropout:
                layers[f"conv{number}_dropout"] = Dropout(config.dropout)
            channels = filters
        super().__init__(layers, config, image_shape, n_classes)


class CNN(_ConvNet):
    """Stages of ``depth`` convolutions, 2×2 max pooling, dropout; then dense layers (VGG-like).

    One stage an entry of ``filters``; order convolution → activation → batch norm. With two
    convolutions a stage, filters 32, 64, hidden 128 and valid padding this is row D1 (198,122
    parameters), with 32, 64, 128, hidden 256 and same padding row D2 (815,530).
    """

    def __init__(self, config: ModelConfig, image_shape: Shape, n_classes: int) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        channels, side = image_shape[2], min(image_shape[:2])
        cut = 0 if config.padding == "same" else config.depth * (KERNEL - 1)
        for number, filters in enumerate(config.filters, 1):
            side = (side - cut) // 2
            require_room(side, image_shape, _smaller(config, image_shape))
            for place in range(1, config.depth + 1):
                layers |= _convolution(f"stage{number}_conv{place}", channels, filters, config)
                channels = filters
            layers[f"stage{number}_pool"] = nn.MaxPool2d(2)
            if config.dropout:
                layers[f"stage{number}_dropout"] = Dropout(config.dropout)
        super().__init__(layers, config, image_shape, n_classes)


def _smaller(config: ModelConfig, image_shape: Shape) -> str:
    """Return what to change where the pictures are too small: only what would help."""
    if min(image_shape[:2]) < 2:
        return "No pooling fits in there. Use --recipe dense, which takes pictures of any size."
    if config.padding == "same":
        return "Use fewer entries in model.filters, or larger pictures."
    depth = "a smaller model.depth, " if config.name == "cnn" and config.depth > 1 else ""
    return (
        f"Use --set model.padding=same, fewer entries in model.filters, {depth}or larger pictures."
    )


def _convolution(
    name: str, channels: int, filters: int, config: ModelConfig
) -> OrderedDict[str, nn.Module]:
    padding = KERNEL // 2 if config.padding == "same" else 0
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers[name] = nn.Conv2d(channels, filters, KERNEL, padding=padding)
    layers[f"{name}_activation"] = activation(config.activation)
    if config.batch_norm:
        layers[f"{name}_norm"] = nn.BatchNorm2d(filters)
    return layers


def _flat_width(layers: OrderedDict[str, nn.Module], image_shape: Shape) -> int:
    height, width, channels = image_shape
    probe = nn.Sequential(layers).eval()
    with torch.inference_mode():
        flat = int(probe(torch.zeros(1, channels, height, width)).numel())
    probe.train()  # the layers are the network's own, and a new network is ready for training
    return flat
