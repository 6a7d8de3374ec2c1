"""The loop: one epoch of steps, one look at validation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from smalti.data.dataset import Dataset, Part
from smalti.device import Hardware
from smalti.errors import SmaltiError
from smalti.models.building import Prepared, build, takes_any_size
from smalti.models.inference import judging_batch
from smalti.models.preprocessing import Normalize, channel_statistics
from smalti.recipes import Recipe
from smalti.training import randomness
from smalti.training.averaging import AveragedModel
from smalti.training.feeding import Fed, Feeder
from smalti.training.graphs import GraphedSteps, GraphMaker, Outcome, Step, graph_maker
from smalti.training.objective import Objective
from smalti.training.optimizers import (
    make_capturable,
    make_optimizer,
    set_learning_rate,
    set_momentum,
)
from smalti.training.placement import Batch, PlacedPart
from smalti.training.progress import Listener
from smalti.training.schedules import factor_at, momentum_at
from smalti.training.teaching import Teacher

LOOK_EVERY = 100
"""Steps between two looks whether the loss is still a number; on CUDA the epoch's end is the first,
as each waits for the GPU to catch up."""

PREPARING_PICTURES = 5000
"""Training pictures that a network which wants to see some before its first step is shown."""


@dataclass(frozen=True)
class Score:
    """Mean loss (nats) and accuracy (fraction) over the pictures of a pass."""

    loss: float
    accuracy: float


class Trainer:
    """A network, its optimizer and its pictures, placed on the device, ready for epochs.

    The same recipe, data set, machine and thread count give the same bits on the CPU.
    """

    def __init__(self, recipe: Recipe, dataset: Dataset, hardware: Hardware) -> None:
        self.recipe, self.hardware = recipe, hardware
        device = hardware.torch_device()
        maker = graph_maker(recipe, hardware)
        train = dataset.part("train")
        self.mean, self.std = channel_statistics(train.images, train.rows)
        self._normalize = Normalize(self.mean, self.std, device)
        self._feeder = Feeder(recipe, len(train))
        torch.manual_seed(randomness.derived_seed(recipe.seed, 0, randomness.WEIGHTS))
        model = build(recipe.model, dataset.image_shape, dataset.n_classes)
        if isinstance(model, Prepared):
            model.prepare(self._normalised_sample(train))
        _require_sizes(model, dataset.image_shape, recipe.training.image_sizes)
        self.model = hardware.place(model)
        self.optimizer = make_optimizer(self.model, recipe.optimizer)
        decay = recipe.training.ema
        self.average = AveragedModel(self.model, decay) if decay else None
        teacher = Teacher(recipe, dataset, hardware) if recipe.training.teacher else None
        self._objective = Objective(recipe.training, teacher)
        self._train = PlacedPart(train, device)
        self._validation = _placed(dataset, "validation", device)
        self._judging_batch = judging_batch(*dataset.image_shape[:2])
        self.batch_size = min(recipe.training.batch_size, len(train))
        if self.batch_size == 1 and recipe.model.batch_norm:
            raise SmaltiError(
                "Batch norm needs at least two pictures a batch, not 1.",
                "Use a larger --batch-size, or --set model.batch_norm=false.",
            )
        self.steps = self._train.steps(self.batch_size)
        self._take: Step = self._learn if maker is None else self._graphed(maker)

    @property
    def scored_model(self) -> nn.Module:
        """The network that validation judges and that is kept: the average where there is one."""
        return self.model if self.average is None else self.average.model

    def learning_rate(self, progress: float, rate_factor: float) -> float:
        """Return the rate at ``progress`` epochs, reduced by what plateaus have taken away."""
        recipe = self.recipe
        factor = factor_at(recipe.schedule, progress, recipe.training.epochs)
        return recipe.optimizer.learning_rate * factor * rate_factor

    def train_epoch(self, epoch: int, rate_factor: float, listener: Listener) -> Score:
        """Run epoch ``epoch`` (from 1) over every training picture.

        The score is that of the batches as they were fed, augmented, before each step; with mixed
        pictures its accuracy counts the own label alone, and is low. A loss
        that is no number any more is an error that names the step and the likely cause.
        """
        seed = self.recipe.seed
        randomness.seed_layers(seed, epoch)
        order = randomness.generator(seed, epoch, randomness.ORDER)
        draws = randomness.generator(seed, epoch, randomness.AUGMENTATION)
        self.model.train()
        totals = _Totals(self.hardware.torch_device())
        batches = self._train.shuffled(self.batch_size, order)
        for step, batch in enumerate(batches, 1):
            # The warm-up's first step has a rate above zero, the last step one that is not zero.
            progress = epoch - 1 + (step - 0.5) / self.steps
            self._set_pace(progress, rate_factor)
            logits, loss = self.step(batch, epoch, draws)
            if self.average is not None:
                self.average.update((epoch - 1) * self.steps + step - 1)
            totals.add(logits, batch.labels, loss)
            if step % LOOK_EVERY == 0 and self.hardware.device != "cuda":
                _require_number(totals, epoch, step, self.recipe)
            listener.stepped(epoch, step)
        _require_number(totals, epoch, self.steps, self.recipe)
        return totals.score()

    def step(self, batch: Batch, epoch: int, draws: torch.Generator) -> Outcome:
        """Take one step as in epoch ``epoch``; return the batch's logits n×K and loss before it."""
        return self._take(self.fed(batch, epoch, draws))

    def _learn(self, fed: Fed) -> Outcome:
        """Take a step with what the network is fed; all of it can be captured as a CUDA graph."""
        # First of all: gradients that a captured step makes anew are in the graph's own memory.
        self.optimizer.zero_grad(set_to_none=True)
        logits = self._forward(self.model, fed.pictures)
        loss = self._objective.loss(logits, fed)
        loss.backward()
        self.optimizer.step()
        return logits.detach(), loss.detach()

    def _graphed(self, maker: GraphMaker) -> GraphedSteps:
        make_capturable(self.optimizer, self.hardware.torch_device())
        return GraphedSteps(self._learn, maker, self.batch_size)

    def release_graphs(self) -> None:
        """Give the memory of captured steps back; the next ones are taken one by one."""
        self._take = self._learn

    def _set_pace(self, progress: float, rate_factor: float) -> None:
        recipe = self.recipe
        set_learning_rate(self.optimizer, self.learning_rate(progress, rate_factor))
        if recipe.schedule.name == "one-cycle":
            largest = recipe.optimizer.momentum
            epochs = recipe.training.epochs
            set_momentum(self.optimizer, momentum_at(recipe.schedule, progress, epochs, largest))

    def fed(self, batch: Batch, epoch: int, draws: torch.Generator) -> Fed:
        """Return training pictures as the network is fed them in an epoch, before normalisation."""
        return self._feeder.feed(batch, epoch, draws)

    def _normalised_sample(self, part: Part) -> torch.Tensor:
        """Return float32 n×C×H×W, evenly from the part, as a network is prepared with them."""
        chosen = np.linspace(0, len(part) - 1, min(PREPARING_PICTURES, len(part))).astype(np.int64)
        pictures = torch.from_numpy(part.pictures(chosen)).permute(0, 3, 1, 2)
        return Normalize(self.mean, self.std)(pictures)

    def _forward(self, model: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
        inputs = self._normalize(pictures).contiguous(memory_format=self.hardware.memory_format())
        with self.hardware.autocast():
            logits: torch.Tensor = model(inputs)
        return logits.float()

    @torch.inference_mode()
    def validate(self) -> Score | None:
        """Return the score of the validation part, or None where there is none.

        The averaged weights take the running statistics here, in either case: they are kept.
        """
        if self.average is not None:
            self.average.take_buffers()
        if self._validation is None:
            return None
        model = self.scored_model.eval()
        totals = _Totals(self.hardware.torch_device())
        for pictures, labels, _ in self._validation.in_order(self._judging_batch):
            logits = self._forward(model, pictures)
            totals.add(logits, labels, functional.cross_entropy(logits, labels))
        return totals.score()


class _Totals:
    """Running sums on the device, read once at the end: reading makes a GPU wait."""

    def __init__(self, device: torch.device) -> None:
        self._loss = torch.zeros((), device=device)
        self._correct = torch.zeros((), dtype=torch.int64, device=device)
        self._count = 0

    def add(self, logits: torch.Tensor, labels: torch.Tensor, loss: torch.Tensor) -> None:
        self._loss += loss * len(labels)
        self._correct += (logits.argmax(1) == labels).sum()
        self._count += len(labels)

    def loss(self) -> float:
        return float(self._loss) / self._count

    def score(self) -> Score:
        return Score(self.loss(), int(self._correct) / self._count)


def _placed(dataset: Dataset, name: str, device: torch.device) -> PlacedPart | None:
    part = dataset.parts.get(name)
    return PlacedPart(part, device) if part is not None and len(part) else None


def _require_sizes(
    model: nn.Module, image_shape: tuple[int, int, int], sizes: tuple[int, ...]
) -> None:
    if sizes and not takes_any_size(model, image_shape, sizes):
        raise SmaltiError(
            f"This network does not take pictures of {', '.join(map(str, sizes))} pixels, to which "
            "training.image_sizes scales them.",
            "Networks that end in one value a map take any size that leaves a pixel: --model fast, "
            "resnet or separable, or cnn with --set model.pooling=average.",
        )


def _require_number(totals: _Totals, epoch: int, step: int, recipe: Recipe) -> None:
    if math.isfinite(totals.loss()):
        return
    rate = recipe.optimizer.learning_rate
    raise SmaltiError(
        f"The loss is no longer a number (epoch {epoch}, by step {step}): training diverged, "
        f"most likely because the learning rate {rate:g} is too high for {recipe.optimizer.name}.",
        f"Try --learning-rate {rate / 10:g}; finished epochs are kept.",
    )
