"""How much work a training is, and what the machine could do at best: the two ceilings.

Operations over the peak of the unit that does them, bytes over the bandwidth of memory: the larger
time is the floor. Both counts are estimates. Operations: those of the forward pass, times three, as
the backward pass multiplies twice. Bytes: the output of every layer written once and read once in
the forward pass, times three; nothing is taken to stay in a cache, no layers to be fused. Every
picture of every epoch counts, at the size that the network saw it: a plan with smaller pictures
does less; one that leaves pictures out of its steps would do less than is counted here.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from benchmarks.results import significant
from smalti.device import Hardware, matrix_product_peak
from smalti.models.building import Shape, build, describe
from smalti.runs import Run
from smalti.training.feeding import Feeder

BACKWARD = 3
"""Forward and backward pass together, in forward passes."""


@dataclass(frozen=True)
class Effort:
    """Operations and bytes of a training, as estimated."""

    flop: float
    bytes: float

    def figures(self, seconds: float, ceilings: Ceilings) -> dict[str, Any]:
        """Return both estimates, and what share of each ceiling they are in ``seconds``."""
        return {
            "flop": significant(self.flop),
            "bytes": significant(self.bytes),
            "share_of_peak": significant(self.flop / seconds / ceilings.flop_a_second),
            "share_of_bandwidth": significant(self.bytes / seconds / ceilings.bytes_a_second),
        }


@dataclass(frozen=True)
class Ceilings:
    """What the machine did a moment ago: a large matrix product, and a large copy."""

    flop_a_second: float
    bytes_a_second: float

    @classmethod
    def measured(cls, hardware: Hardware, size: int | None = None) -> Ceilings:
        """Measure both in the number format and with the threads that the training has."""
        peak = matrix_product_peak(hardware.device, hardware.precision, size) * 1e9
        return cls(peak, copy_bandwidth(hardware.device, size))

    def figures(self) -> dict[str, float]:
        """Return both in giga a second."""
        return {
            "matrix_product_gflops": significant(self.flop_a_second / 1e9),
            "copy_gigabytes": significant(self.bytes_a_second / 1e9),
        }


def copy_bandwidth(device: str, size: int | None = None, repeats: int = 5) -> float:
    """Return bytes read and written a second by copying 8 × ``size``² values of 4 bytes.

    The size is 2048, and 4096 on CUDA, where the smaller copy takes hardly longer than its start.
    """
    size = size or (4096 if device == "cuda" else 2048)
    source = torch.ones(8, size, size, device=device)
    target = torch.empty_like(source)
    seconds = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        target.copy_(source)
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return 2 * source.numel() * source.element_size() / statistics.median(seconds[1:])


def effort(
    model: nn.Module, image_shape: Shape, pictures: int, precision: str = "float32"
) -> Effort:
    """Return the effort of training a network on so many pictures, those of all epochs together."""
    layers = describe(model, image_shape)
    width = 2 if precision == "bfloat16" else 4
    flop = sum(layer.flop for layer in layers)
    values = sum(_product(layer.output) for layer in layers)
    return Effort(BACKWARD * pictures * flop, BACKWARD * pictures * 2 * width * values)


def effort_of_run(run: Run) -> Effort:
    """Return the effort of the training in a run's folder."""
    described, environment, recipe = run.classifier(), run.environment(), run.recipe()
    shape: Shape = tuple(described["input_shape"])
    model = build(recipe.model, shape, len(described["class_names"]))
    feeder, n = Feeder(recipe, 1), environment["data"]["train"]
    sides = Counter(feeder.side(epoch) for epoch in range(1, len(run.history()) + 1))
    efforts = [
        effort(model, _fed(shape, side), n * epochs, environment["precision"])
        for side, epochs in sides.items()
    ]
    return Effort(sum(part.flop for part in efforts), sum(part.bytes for part in efforts))


def _fed(shape: Shape, side: int | None) -> Shape:
    """Return the shape of pictures H×W×C scaled to a shorter side; None is their own."""
    height, width, channels = shape
    factor = 1 if side is None else side / min(height, width)
    return round(height * factor), round(width * factor), channels


def _product(shape: tuple[int, ...]) -> int:
    values = 1
    for side in shape:
        values *= side
    return values
