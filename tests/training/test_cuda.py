"""What only a GPU can show: captured steps that train, draw anew, and let nobody wait."""

from __future__ import annotations

import pytest
import torch

from smalti import device, names
from smalti.training import session
from smalti.training.optimizers import set_learning_rate
from smalti.training.placement import Batch
from smalti.training.progress import Listener
from smalti.training.trainer import Trainer
from tests.datasets import tiny_dataset
from tests.training.test_session import recipe

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")

GENTLE = {"optimizer__name": "sgd", "optimizer__learning_rate": 2**-7, "training__device": "cuda"}
"""Steps that do not make much of the last bits, in which two runs on a GPU may differ."""


def trainer(**options) -> Trainer:
    hardware = device.choose("cuda", options.pop("precision", "float32"), threads=1)
    return Trainer(recipe(training__device="cuda", **options), tiny_dataset(), hardware)


def first_batch(training: Trainer) -> Batch:
    return training._train.batch(torch.arange(training.batch_size))


def steps(training: Trainer, count: int) -> list[torch.Tensor]:
    """Return the logits of steps with the same pictures."""
    draws = torch.Generator().manual_seed(0)
    batch = first_batch(training)
    return [training.step(batch, 1, draws)[0].clone() for _ in range(count)]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "options",
    [{}, {"augmentation__mixup": 0.3}, {"training__ema": 0.9}],
    ids=["plain", "mixed", "averaged"],
)
def test_captured_and_plain_steps_agree(tmp_path, precision, options):
    data, weights, rows = tiny_dataset(), [], []
    for graph in ("on", "off"):
        wanted = recipe(
            training__cuda_graph=graph, training__precision=precision, **GENTLE, **options
        )
        run = session.start(wanted, data, tmp_path / graph)
        assert run.environment()["cuda_graph"] == (graph == "on")
        weights.append(run.read_model()[0])
        rows.append(run.history())
    for captured, plain in zip(*rows, strict=True):
        assert captured["train_loss"] == pytest.approx(plain["train_loss"], rel=0.05)
    for name, captured in weights[0].items():
        torch.testing.assert_close(
            torch.from_numpy(captured), torch.from_numpy(weights[1][name]), atol=0.02, rtol=0.02
        )


@pytest.mark.parametrize("name", names.OPTIMIZERS)
def test_a_captured_step_takes_the_rate_of_the_moment(name):
    training = trainer(optimizer__name=name, optimizer__weight_decay=0.0)
    steps(training, 5)
    before = [parameter.detach().clone() for parameter in training.model.parameters()]

    def moved() -> bool:
        now = training.model.parameters()
        return not all(torch.equal(old, new) for old, new in zip(before, now, strict=True))

    set_learning_rate(training.optimizer, 0.0)
    steps(training, 1)
    assert not moved()
    set_learning_rate(training.optimizer, 0.01)
    steps(training, 1)
    assert moved()


def test_dropout_draws_anew_at_every_replay_and_repeats_with_its_seed():
    training = trainer(model__dropout=0.5, augmentation__policy="none")
    set_learning_rate(training.optimizer, 0.0)
    steps(training, 4)
    torch.manual_seed(5)
    first, second = steps(training, 2)
    torch.manual_seed(5)
    [again] = steps(training, 1)
    assert not torch.allclose(first, second)
    torch.testing.assert_close(first, again, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"augmentation__policy": "augmix"},
        {"augmentation__policy": "rand-augment", "augmentation__erasing": 0.5},
        {"augmentation__alternating_flip": True, "augmentation__cutmix": 1.0},
        {"training__image_sizes": (9,), "model__pooling": "average", "training__ema": 0.9},
        {"training__cuda_graph": "off", "optimizer__name": "radam"},
    ],
    ids=str,
)
def test_an_epoch_waits_for_the_gpu_at_its_end_alone(options):
    training = trainer(**options)
    training.train_epoch(1, 1.0, Listener())

    class Strict(Listener):
        def stepped(self, epoch: int, step: int) -> None:
            torch.cuda.set_sync_debug_mode("default" if step == training.steps else "error")

    try:
        training.train_epoch(2, 1.0, Strict())
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_pictures_of_another_size_are_captured_again():
    training = trainer(training__image_sizes=(9, 12), model__pooling="average", training__epochs=2)
    scores = [training.train_epoch(epoch, 1.0, Listener()) for epoch in (1, 2)]
    assert all(score.loss > 0 for score in scores)
