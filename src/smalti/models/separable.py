"""Networks of depthwise-separable convolutions."""

from __future__ import annotations

from torch import nn

from smalti.models.building import Shape, activation
from smalti.models.dropout import Dropout
from smalti.models.residual import ResidualBlock
from smalti.models.stages import StagedNet, convolution
from smalti.recipes import ModelConfig


class SeparableNet(StagedNet):
    """Stages of depthwise-separable blocks (MobileNet, Howard et al. 2017), average of each map.

    A block is a 3×3 convolution of each map by itself, then a 1×1 convolution that mixes them.
    One that keeps the shape has a shortcut round it, as in MobileNet's second version (Sandler et
    al. 2018): without, 8,000 pictures of CIFAR-10 gave 45.8 instead of 51.2 % on validation after
    4 epochs (one seed). ``dropout`` stands between the two convolutions.

    Few parameters, but on a CPU not quick for its arithmetic. The pair takes 0.27 to 0.64 of the
    time of a full 3×3 convolution with a ninth of the operations (forward and backward, bfloat16,
    channels-last, one core of an AMD EPYC), and each norm with its activation takes as long as the
    3×3 one.
    Stages halve the sides in the 1×1 convolution, which gives the places that a stride in the 3×3
    one would: that takes nine times as long there in bfloat16 (106 against 12 ms for 64 maps of
    32×32, 64 pictures), not in float32.
    """

    def __init__(self, config: ModelConfig, image_shape: Shape, n_classes: int) -> None:
        super().__init__(config, image_shape, n_classes, _block)


def _block(channels: int, filters: int, stride: int, config: ModelConfig) -> nn.Module:
    keeps_shape = (channels, stride) == (filters, 1)
    layers = convolution("depthwise", channels, channels, config, groups=channels)
    if config.dropout:
        layers["dropout"] = Dropout(config.dropout)
    # MobileNet activates every convolution; after the sum is where a residual block does it.
    layers |= convolution(
        "pointwise", channels, filters, config,
        kernel=1, stride=stride, activated=not keeps_shape,
    )  # fmt: skip
    body = nn.Sequential(layers)
    if not keeps_shape:
        return body
    return ResidualBlock(body, nn.Identity(), activation(config.activation))
