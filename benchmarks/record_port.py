"""The published CIFAR-10 speed record, written straight from its description: the baseline.

airbench94 with Muon (Jordan, 94 % on CIFAR-10 in 3.29 Seconds on a Single GPU, 2024, and the
author's log of the same year; published: 94.0 % in 2.6 s on one A100, mean of 200 runs): 1.97 M
parameters, 236 MFLOP forward for a picture, 8 epochs in batches of 2,000. Every setting is the
published one. Nothing of smalti is in it but how the device, number format and layout are chosen,
so that both sides of the comparison have the same.

Left out: ``torch.compile``. The record uses it, and leaves the time that compiling takes out of its
own; what counts here is the time that somebody waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from smalti import device
from smalti.device import Hardware

CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
SHIFT = 2
"""Pixels by which a training picture is moved at most, each way; its border is reflected."""
WHITENING_PICTURES, WHITENING_EPSILON = 5000, 5e-4
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 3
JUDGING_BATCH = 1000


@dataclass(frozen=True)
class Plan:
    """The settings that a test changes; the defaults are the record's."""

    widths: tuple[int, int, int] = (64, 256, 256)
    epochs: int = 8
    batch_size: int = 2000
    whitening_epochs: int = 3
    """Epochs during which the bias of the whitening convolution is trained."""
    filter_rate: float = 0.24
    filter_momentum: float = 0.6
    bias_rate: float = 0.053
    head_rate: float = 0.67
    momentum: float = 0.85
    decay_a_picture: float = 2e-6
    label_smoothing: float = 0.2


@dataclass(frozen=True)
class Result:
    """What one training came to.

    ``seconds`` are those of training, every step of every epoch with its pictures' normalisation.
    As in smalti's own clock, the pictures lie on the device and the network is made and whitened
    before; that is in the time of the whole command. ``pictures`` are those of all epochs together.
    Accuracies are fractions, over one view of a picture and over six; ``judging_seconds`` went into
    those.
    """

    seconds: float
    one_view: float
    six_views: float
    judging_seconds: float
    epochs: int
    pictures: int


class RecordNet(nn.Module):
    """The record's network: normalised pictures N×3×32×32 to logits N×``classes``."""

    def __init__(self, widths: tuple[int, int, int] = Plan.widths, classes: int = 10) -> None:
        super().__init__()
        whitened = 2 * 3 * 2 * 2
        self.whitening = nn.Conv2d(3, whitened, 2)
        self.whitening.weight.requires_grad = False
        sizes = (whitened, *widths)
        self.groups = nn.Sequential(
            nn.GELU(), *(_group(sizes[place], width) for place, width in enumerate(widths))
        )
        self.pool = nn.MaxPool2d(3)
        self.head = nn.Linear(widths[-1], classes, bias=False)
        with torch.no_grad():
            self.head.weight /= self.head.weight.std()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        maps = self.pool(self.groups(self.whitening(inputs))).flatten(1)
        logits: torch.Tensor = self.head(maps) / maps.shape[1]
        return logits


def _group(channels: int, width: int) -> nn.Sequential:
    """Return two convolutions, with a pooling after the first."""
    return nn.Sequential(
        _convolution(channels, width),
        nn.MaxPool2d(2),
        _batch_norm(width),
        nn.GELU(),
        _convolution(width, width),
        _batch_norm(width),
        nn.GELU(),
    )


def _convolution(channels: int, width: int) -> nn.Conv2d:
    """Return a 3×3 convolution whose first filters hand their input on unchanged."""
    layer = nn.Conv2d(channels, width, 3, padding=1, bias=False)
    nn.init.dirac_(layer.weight[:channels].detach())
    return layer


def _batch_norm(width: int) -> nn.BatchNorm2d:
    """Return batch norm whose scale stays 1 and whose running statistics follow fast."""
    layer = nn.BatchNorm2d(width, eps=1e-12, momentum=0.4)
    layer.weight.requires_grad = False
    return layer


def whitening_filters(inputs: torch.Tensor) -> torch.Tensor:
    """Return filters 2K×C×2×2 (K = C·2·2) that whiten the 2×2 patches of pictures N×C×H×W.

    The first K answer with unit variance each, uncorrelated with one another; the others are
    their negatives.
    """
    channels = inputs.shape[1]
    patches = inputs.unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5)
    rows = patches.reshape(-1, channels * 4).float()
    values, vectors = torch.linalg.eigh(rows.T @ rows / len(rows))
    scaled = vectors.T / (values + WHITENING_EPSILON).sqrt()[:, None]
    filters = scaled.flip(0).reshape(-1, channels, 2, 2)
    return torch.cat([filters, -filters])


class Muon(torch.optim.Optimizer):
    """Momentum whose step is made orthogonal, for convolution kernels taken as out×rest.

    Before each step a kernel is scaled back to the norm that its filters have at unit length.
    """

    def __init__(self, kernels: list[nn.Parameter], lr: float, momentum: float) -> None:
        super().__init__(kernels, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every kernel; ``closure`` is not supported."""
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is not None:
                    self._move(kernel, kernel.grad, group["lr"], group["momentum"])

    def _move(
        self, kernel: torch.Tensor, gradient: torch.Tensor, rate: float, momentum: float
    ) -> None:
        state = self.state[kernel]
        if not state:
            state["momentum"] = torch.zeros_like(kernel)
        average = state["momentum"].mul_(momentum).add_(gradient)
        ahead = gradient.add(average, alpha=momentum)
        kernel.mul_(len(kernel) ** 0.5 / kernel.norm())
        kernel.add_(orthogonalised(ahead.flatten(1)).view_as(kernel), alpha=-rate)


def orthogonalised(matrix: torch.Tensor) -> torch.Tensor:
    """Return roughly U Vᵀ of a wide matrix U S Vᵀ, by Newton–Schulz iteration."""
    first, third, fifth = NEWTON_SCHULZ
    found = matrix / (matrix.norm() + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        square = found @ found.T
        found = first * found + (third * square + fifth * square @ square) @ found
    return found


class Optimizers:
    """Muon for the 3×3 kernels, SGD for the rest; rates fall linearly to zero."""

    def __init__(self, model: RecordNet, plan: Plan, steps: int, whitening_steps: int) -> None:
        kernels = [p for p in model.groups.parameters() if p.ndim == 4]
        biases = [p for p in model.groups.parameters() if p.ndim == 1 and p.requires_grad]
        assert model.whitening.bias is not None
        # A step takes away the same share of every weight: the rate is divided out.
        decay = plan.decay_a_picture * plan.batch_size
        groups: list[dict[str, Any]] = [
            {"params": params, "lr": rate, "weight_decay": decay / rate}
            for params, rate in (
                ([model.whitening.bias], plan.bias_rate),
                (biases, plan.bias_rate),
                ([model.head.weight], plan.head_rate),
            )
        ]
        sgd = torch.optim.SGD(groups, momentum=plan.momentum, nesterov=True)
        muon = Muon(kernels, plan.filter_rate, plan.filter_momentum)
        self._both: tuple[torch.optim.Optimizer, ...] = (sgd, muon)
        self._all = [group for optimizer in self._both for group in optimizer.param_groups]
        self._first = [group["lr"] for group in self._all]
        self._lengths = [whitening_steps, *(steps for _ in self._all[1:])]

    def step(self, number: int) -> None:
        """Move all weights for the ``number``-th time (from 0) and forget the gradients."""
        for group, rate, length in zip(self._all, self._first, self._lengths, strict=True):
            group["lr"] = rate * max(0.0, 1 - number / length)
        for optimizer in self._both:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)


class Feed:
    """Training pictures in batches: alternately mirrored, moved by whole pixels.

    ``images`` is uint8 N×3×H×W on the device. In the first epoch a random half of the pictures is
    mirrored; in every later one each picture is the mirror image of what it was in the last.
    """

    def __init__(self, images: torch.Tensor, labels: torch.Tensor, batch_size: int) -> None:
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self._mirrored = torch.rand(len(images), device=images.device) < 0.5

    def epoch(self, number: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield normalised batches n×3×H×W with labels; what fills no batch is left out."""
        order = torch.randperm(len(self.images), device=self.images.device)
        mirrored = self.mirrored(number)
        for chosen in order[: self.steps * self.batch_size].split(self.batch_size):
            pictures = normalised(self.images[chosen])
            turned = torch.where(mirrored[chosen, None, None, None], pictures.flip(3), pictures)
            yield shifted(turned), self.labels[chosen]

    def mirrored(self, number: int) -> torch.Tensor:
        """Return which pictures are mirrored in epoch ``number`` (from 0), bool N."""
        return self._mirrored ^ bool(number % 2)

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return len(self.images) // self.batch_size


def normalised(pictures: torch.Tensor) -> torch.Tensor:
    """Return float32 N×3×H×W from uint8 of the same shape, by CIFAR-10's mean and deviation."""
    mean, std = _mean_and_deviation(pictures.device)
    return (pictures.float() / 255 - mean) / std


@cache
def _mean_and_deviation(place: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both as 3×1×1; made once, as sending numbers to a GPU waits for it."""
    mean, std = (
        torch.tensor(values, device=place).view(3, 1, 1) for values in (CIFAR_MEAN, CIFAR_STD)
    )
    return mean, std


def shifted(pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures N×C×H×W, each moved by up to :data:`SHIFT` pixels down and across."""
    n, _, height, width = pictures.shape
    padded = functional.pad(pictures, (SHIFT,) * 4, "reflect")
    places = padded.unfold(2, height, 1).unfold(3, width, 1)
    down, across = torch.randint(2 * SHIFT + 1, (2, n), device=pictures.device)
    return places[torch.arange(n, device=pictures.device), :, down, across]


def six_views(logits: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
    """Return the mean logits of six views: weight 1/2 at the centre, 1/4 one pixel either way.

    Each with its mirror image. The shifted views move along the diagonal, border reflected.
    """
    _, _, height, width = inputs.shape
    padded = functional.pad(inputs, (1,) * 4, "reflect")
    views = {0.5: [inputs], 0.25: [padded[..., :height, :width], padded[..., 2:, 2:]]}
    answers = [
        weight / 2 * (logits(view) + logits(view.flip(3)))
        for weight, shown in views.items()
        for view in shown
    ]
    return torch.stack(answers).sum(0)


def train(
    images: np.ndarray,
    labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    *,
    seed: int = 0,
    plan: Plan | None = None,
    hardware: Hardware | None = None,
) -> Result:
    """Train the record's network and judge it.

    Pictures are uint8 N×32×32×3, labels integers N. At least one whole batch is needed: ValueError.
    """
    plan, hardware = plan or Plan(), hardware or device.choose()
    if len(images) < plan.batch_size:
        raise ValueError(f"expected at least {plan.batch_size} pictures, not {len(images)}")
    place = hardware.torch_device()
    device.try_convolutions(hardware, deterministic=False)
    torch.manual_seed(seed)
    # The first optimizer of a process makes PyTorch import its compiler: seconds that belong to
    # the whole command, where smalti's clock has them too.
    torch.optim.SGD([torch.zeros(1)])
    classes = int(labels.max()) + 1
    feed = Feed(_on_device(images, place), torch.from_numpy(labels).to(place), plan.batch_size)
    model = RecordNet(plan.widths, classes)
    hardware.place(model)
    _whiten(model, feed)
    _wait(place)
    began = time.perf_counter()
    _train(model, feed, plan, hardware)
    _wait(place)
    trained = time.perf_counter()
    one, six = _judged(model, test_images, test_labels, hardware)
    return Result(
        seconds=trained - began,
        one_view=one,
        six_views=six,
        judging_seconds=time.perf_counter() - trained,
        epochs=plan.epochs,
        pictures=plan.epochs * feed.steps * plan.batch_size,
    )


@torch.no_grad()
def _whiten(model: RecordNet, feed: Feed) -> None:
    first = normalised(feed.images[:WHITENING_PICTURES])
    model.whitening.weight.copy_(whitening_filters(first))


def _train(model: RecordNet, feed: Feed, plan: Plan, hardware: Hardware) -> None:
    whitening_steps = plan.whitening_epochs * feed.steps
    optimizers = Optimizers(model, plan, plan.epochs * feed.steps, whitening_steps)
    bias = model.whitening.bias
    assert bias is not None
    step = 0
    model.train()
    for epoch in range(plan.epochs):
        # Its rate is zero from here on: without a gradient, the first layer costs no backward pass.
        bias.requires_grad = epoch < plan.whitening_epochs
        for inputs, labels in feed.epoch(epoch):
            loss = functional.cross_entropy(
                _forward(model, inputs, hardware),
                labels,
                label_smoothing=plan.label_smoothing,
                reduction="sum",
            )
            loss.backward()
            with hardware.autocast():  # the record's Newton–Schulz iteration is in bfloat16, too
                optimizers.step(step)
            step += 1


@torch.inference_mode()
def _judged(
    model: RecordNet, images: np.ndarray, labels: np.ndarray, hardware: Hardware
) -> tuple[float, float]:
    """Return the accuracy with one view of each picture, and with six."""
    model.eval()
    place = hardware.torch_device()
    pictures, truth = _on_device(images, place), torch.from_numpy(labels).to(place)

    def logits(inputs: torch.Tensor) -> torch.Tensor:
        return _forward(model, inputs, hardware)

    right = [0, 0]
    for chosen in torch.arange(len(truth), device=place).split(JUDGING_BATCH):
        inputs = normalised(pictures[chosen])
        for way, answers in enumerate((logits(inputs), six_views(logits, inputs))):
            right[way] += int((answers.argmax(1) == truth[chosen]).sum())
    return right[0] / len(truth), right[1] / len(truth)


def _forward(model: RecordNet, inputs: torch.Tensor, hardware: Hardware) -> torch.Tensor:
    with hardware.autocast():
        logits: torch.Tensor = model(inputs.contiguous(memory_format=hardware.memory_format()))
    return logits.float()


def _on_device(images: np.ndarray, place: torch.device) -> torch.Tensor:
    """Return uint8 N×3×H×W of pictures N×H×W×3, channels-last in memory."""
    return torch.from_numpy(images).to(place).permute(0, 3, 1, 2)


def _wait(place: torch.device) -> None:
    if place.type == "cuda":
        torch.cuda.synchronize()
