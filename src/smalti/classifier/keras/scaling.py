"""What a network's makers did to pixels before it saw them, and finding it out on validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.errors import SmaltiError
from smalti.metrics import accuracy, log_loss
from smalti.names import SCALES

_CAFFE_MEANS = np.array([103.939, 116.779, 123.68], np.float32)
_CHANCE = 2.0
"""A scaling whose accuracy is below this many times chance has not been found."""


@dataclass(frozen=True)
class Scaling:
    """From uint8 pictures to what goes into the network.

    ``name`` stands in :data:`smalti.names.SCALES`; ``mean`` and ``std`` (by channel, on the 0–1
    scale) count for ``standardised``. ``planes_first`` matters for networks that take flat vectors:
    whether a colour picture was laid out channel by channel.
    """

    name: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    planes_first: bool = False

    def __post_init__(self) -> None:
        SCALES[self.name]

    def __str__(self) -> str:
        return f"{self.name}, channel by channel" if self.planes_first else self.name

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return float32 N×H×W×C."""
        pixels = images.astype(np.float32)
        if self.name == "0-255":
            return pixels
        if self.name == "0-1":
            return pixels / np.float32(255)
        if self.name == "-1-1":
            return pixels / np.float32(127.5) - np.float32(1)
        if self.name == "caffe":
            return pixels[..., ::-1] - _CAFFE_MEANS
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        return (pixels / np.float32(255) - mean) / std


def require_fitting(scaling: Scaling, channels: int) -> None:
    """Raise an error where a scaling says nothing about pictures of so many channels."""
    if scaling.name == "caffe" and channels != 3:
        raise SmaltiError("The scale caffe is for colour pictures; this network takes grey ones.")
    if scaling.name == "standardised" and len(scaling.mean) != channels:
        raise SmaltiError(
            "The scale standardised needs the mean and deviation of the training pictures.",
            "Name the data that the network was trained on, for example: --data mnist",
        )


def candidates(
    mean: Sequence[float], std: Sequence[float], channels: int, flat: bool
) -> list[Scaling]:
    """Return every scaling that makes sense for pictures of these statistics."""
    names = [name for name in SCALES if channels == 3 or name != "caffe"]
    orders = (False, True) if flat and channels > 1 else (False,)
    return [Scaling(name, tuple(mean), tuple(std), order) for order in orders for name in names]


@dataclass(frozen=True)
class Finding:
    """The scaling that did best on ``n`` validation pictures, and the next best one."""

    scaling: Scaling
    accuracy: float
    n: int
    n_classes: int
    runner_up: Scaling | None
    runner_up_accuracy: float

    @property
    def doubtful(self) -> bool:
        return self.accuracy < min(0.9, _CHANCE / self.n_classes)


def find(
    logits: Callable[[Scaling], np.ndarray], labels: np.ndarray, tried: Sequence[Scaling]
) -> Finding:
    """Return the scaling with the best accuracy, then the smallest loss, on validation pictures."""
    ranked = []
    for place, scaling in enumerate(tried):
        outputs = logits(scaling)
        ranked.append((-accuracy(outputs, labels), log_loss(outputs, labels), place))
    n_classes = outputs.shape[1]
    ranked.sort()
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    return Finding(
        tried[best[2]], -best[0], len(labels), n_classes,
        tried[second[2]] if second else None, -second[0] if second else 0.0,
    )  # fmt: skip
