"""What a network's makers did to pixels before it saw them, and finding it out on validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from smalti.errors import SmaltiError
from smalti.metrics import accuracy, log_loss, wilson_interval
from smalti.names import SCALES
from smalti.wording import count, percent

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
class Trial:
    """How a scaling did on validation pictures: accuracy, and loss in nats."""

    scaling: Scaling
    accuracy: float
    loss: float

    def __str__(self) -> str:
        return f"{percent(self.accuracy)} right, loss {self.loss:.3g}"


@dataclass(frozen=True)
class Finding:
    """The scaling that did best on ``n`` validation pictures, and the next best one."""

    best: Trial
    second: Trial | None
    n: int
    n_classes: int

    @property
    def scaling(self) -> Scaling:
        return self.best.scaling

    @property
    def doubtful(self) -> bool:
        """Whether even the best scaling is hardly better than guessing."""
        return self.best.accuracy < min(0.9, _CHANCE / self.n_classes)

    def sentence(self) -> str:
        """Return what was found, and what the next best would have given."""
        said = f"pixels scaled to {self.scaling}, found out on {count(self.n)} validation pictures"
        if self.second is None:
            return f"{said} ({self.best})"
        return f"{said} ({self.best}; next, {self.second.scaling}: {self.second})"


def find(
    logits: Callable[[Scaling], np.ndarray], labels: np.ndarray, tried: Sequence[Scaling]
) -> Finding:
    """Return the scaling that a network was made for, judged on validation pictures.

    Of those whose accuracy is within the 95 % interval of the best one's, the one with the
    smallest loss: a network of ReLUs answers nearly the same on any multiple of its inputs, but
    much too surely or too timidly on all but its own.
    """
    trials = []
    for scaling in tried:
        outputs = logits(scaling)
        trials.append(Trial(scaling, accuracy(outputs, labels), log_loss(outputs, labels)))
    low, _ = wilson_interval(max(trial.accuracy for trial in trials), len(labels))
    ranked = sorted(trials, key=lambda t: (t.loss, 0) if t.accuracy >= low else (inf, -t.accuracy))
    second = ranked[1] if len(ranked) > 1 else None
    return Finding(ranked[0], second, len(labels), outputs.shape[1])
