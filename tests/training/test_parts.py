"""The small parts of training, each by itself."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from smalti import names
from smalti.data.dataset import Part
from smalti.recipes import OptimizerConfig, ScheduleConfig
from smalti.training.averaging import AveragedModel
from smalti.training.optimizers import counting_device, make_optimizer
from smalti.training.placement import PlacedPart
from smalti.training.randomness import ORDER, WEIGHTS, derived_seed, generator
from smalti.training.schedules import factor_at
from smalti.training.steering import Steering

CPU = torch.device("cpu")


def test_the_cosine_warms_up_and_falls_to_zero():
    config = ScheduleConfig("cosine", warmup=1)
    assert factor_at(config, 0.5, 10) == 0.5
    assert factor_at(config, 1, 10) == 1
    assert factor_at(config, 5.5, 10) == pytest.approx(0.5)
    assert factor_at(config, 10, 10) == pytest.approx(0)
    falling = [factor_at(config, 1 + step / 10, 10) for step in range(91)]
    assert falling == sorted(falling, reverse=True)


def test_a_long_warm_up_is_cut_to_half():
    assert factor_at(ScheduleConfig("constant", warmup=50), 1, 2) == 1
    assert factor_at(ScheduleConfig("constant", warmup=50), 0.5, 2) == 0.5


@pytest.mark.parametrize("name", [*names.SCHEDULES])
def test_every_schedule_stays_between_zero_and_one(name):
    for warmup in (0, 0.5, 3):
        values = [factor_at(ScheduleConfig(name, warmup), t / 7, 5) for t in range(36)]
        assert all(0 <= value <= 1 for value in values)


@pytest.mark.parametrize("name", [*names.OPTIMIZERS])
def test_every_optimizer_learns_and_decays_weights_only(name):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    optimizer = make_optimizer(model, OptimizerConfig(name, 0.05, weight_decay=0.1))
    decayed = {id(p) for g in optimizer.param_groups if g["weight_decay"] for p in g["params"]}
    assert decayed == {id(p) for p in model.parameters() if p.ndim == 2}
    inputs, labels = torch.randn(64, 3), torch.arange(64) % 2
    inputs[:, 0] += 3 * labels
    losses = []
    for _ in range(60):
        loss = nn.functional.cross_entropy(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("name", [*names.OPTIMIZERS])
def test_steps_are_counted_where_the_optimizer_itself_counts_them(name):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).to("meta")
    optimizer = make_optimizer(model, OptimizerConfig(name))
    beside, elsewhere = torch.device("meta"), torch.device("cpu")
    # RAdam has no fused form; the others' counts are read by kernels.
    expected = elsewhere if name == "radam" else beside
    assert {counting_device(optimizer, p) for p in model.parameters()} == {expected}
    for group in optimizer.param_groups:
        group["capturable"] = True
    assert {counting_device(optimizer, p) for p in model.parameters()} == {beside}


def test_the_average_follows_its_formula():
    model = nn.Linear(1, 1, bias=False)
    average = AveragedModel(model, decay=0.5)
    expected = model.weight.item()
    for step in range(4):
        with torch.no_grad():
            model.weight.fill_(step)
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert average.model.weight.item() == pytest.approx(expected)


def test_the_average_takes_running_statistics():
    model = nn.BatchNorm1d(2)
    average = AveragedModel(model, decay=0.9)
    model(torch.randn(10, 2) + 5)
    average.take_buffers()
    assert torch.equal(average.model.running_mean, model.running_mean)


def test_best_is_the_highest_accuracy_then_the_lower_loss():
    steering, schedule = Steering(), ScheduleConfig()
    told = [
        steering.record(epoch, accuracy, loss, schedule)
        for epoch, accuracy, loss in [(1, 0.5, 1.0), (2, 0.5, 0.9), (3, 0.4, 0.1), (4, 0.5, 0.95)]
    ]
    assert told == [True, True, False, False]
    assert steering.best_epoch == 2
    assert steering.should_stop(4, 2)
    assert not steering.should_stop(3, 2)
    assert not steering.should_stop(400, 0)


def test_without_validation_the_last_epoch_is_the_best():
    steering = Steering()
    assert [steering.record(e, None, None, ScheduleConfig()) for e in (1, 2, 3)] == [True] * 3
    assert steering.best_epoch == 3


def test_the_plateau_reduces_after_its_patience():
    steering, schedule = Steering(), ScheduleConfig("plateau", factor=0.1, patience=2)
    factors = []
    for epoch, loss in enumerate([1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5], 1):
        steering.record(epoch, 0.5, loss, schedule)
        factors.append(round(steering.rate_factor, 6))
    assert factors == [1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01]


def test_seeds_differ_by_every_input_and_are_fixed_for_ever():
    seeds = {derived_seed(s, e, p) for s in range(5) for e in range(5) for p in range(4)}
    assert len(seeds) == 100
    # Changing this changes the result of every recorded seed.
    assert derived_seed(0, 1, ORDER) == 1554199118406742183
    assert generator(0, 1, WEIGHTS).initial_seed() == derived_seed(0, 1, WEIGHTS)


@pytest.fixture
def part():
    images = np.arange(10 * 2 * 2 * 1, dtype=np.uint8).reshape(10, 2, 2, 1)
    return Part(images, labels=np.arange(7), rows=np.arange(9, 2, -1))


def test_a_shuffled_pass_shows_every_picture_once_with_its_label(part):
    placed = PlacedPart(part, CPU)
    seen = {}
    for pictures, labels, _ in placed.shuffled(3, torch.Generator().manual_seed(0)):
        for picture, label in zip(pictures, labels, strict=True):
            seen[int(label)] = int(picture[0, 0, 0])
    # Seven pictures by threes: the last one alone is left out.
    assert len(seen) == 6 == placed.steps(3) * 3
    assert all(first == 4 * (9 - label) for label, first in seen.items())


def test_in_order_is_every_picture_in_order(part):
    labels = torch.cat([batch.labels for batch in PlacedPart(part, CPU).in_order(3)])
    assert labels.tolist() == list(range(7))


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 6, 7])
def test_the_number_of_steps_is_told_beforehand(part, batch):
    placed = PlacedPart(part, CPU)
    steps = list(placed.shuffled(batch, torch.Generator()))
    assert len(steps) == placed.steps(batch)


def test_batches_come_channels_last_for_free():
    images = np.zeros((4, 5, 6, 3), np.uint8)
    placed = PlacedPart(Part.whole(images, np.zeros(4)), CPU)
    pictures, _, _ = placed.batch(torch.arange(4))
    assert pictures.shape == (4, 3, 5, 6)
    assert pictures.is_contiguous(memory_format=torch.channels_last)
    assert math.isclose(pictures.float().sum(), 0)
