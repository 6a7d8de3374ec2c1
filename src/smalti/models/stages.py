"""Networks of strided stages: what ``resnet`` and ``separable`` have in common."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from torch import nn

from smalti.models.building import Shape, activation
from smalti.models.dropout import Dropout
from smalti.recipes import ModelConfig

MakeBlock = Callable[[int, int, int, ModelConfig], nn.Module]
"""From channels in, channels out, stride and configuration to a block."""


class StagedNet(nn.Sequential):
    """A 3×3 convolution, stages of blocks, the average of each map (Lin et al. 2014), the output.

    One stage an entry of ``filters``, times ``width``, with ``depth`` blocks each. Every stage but
    the first begins by halving the sides with a stride of 2, rounded up; pictures of any size are
    taken. ``head_dropout`` stands before the output.
    """

    def __init__(
        self, config: ModelConfig, image_shape: Shape, n_classes: int, make_block: MakeBlock
    ) -> None:
        widths = widened(config)
        channels = widths[0]
        layers = convolution("stem", image_shape[2], channels, config)
        for stage, filters in enumerate(widths, 1):
            for block in range(1, config.depth + 1):
                stride = 2 if stage > 1 and block == 1 else 1
                name = f"stage{stage}_block{block}"
                layers[name] = make_block(channels, filters, stride, config)
                channels = filters
        layers["average_pool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        if config.head_dropout:
            layers["output_dropout"] = Dropout(config.head_dropout)
        layers["output"] = nn.Linear(channels, n_classes)
        super().__init__(layers)


def widened(config: ModelConfig) -> tuple[int, ...]:
    """Return the filters of each stage times ``width``, rounded, at least 1."""
    return tuple(max(1, round(filters * config.width)) for filters in config.filters)


def convolution(
    name: str,
    channels: int,
    filters: int,
    config: ModelConfig,
    *,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    activated: bool = True,
) -> OrderedDict[str, nn.Module]:
    """Return convolution → batch norm → activation by name; zeros at the border keep the sides.

    A stride of 2 halves them, rounded up. With batch norm, which takes any constant away, the
    convolution has no bias.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers[name] = nn.Conv2d(
        channels, filters, kernel, stride, kernel // 2, groups=groups, bias=not config.batch_norm
    )
    if config.batch_norm:
        layers[f"{name}_norm"] = nn.BatchNorm2d(filters)
    if activated:
        layers[f"{name}_activation"] = activation(config.activation)
    return layers
