"""Captured steps: when they are, that they train as plain ones do, and what a graph holds fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch

from smalti import device
from smalti.device import Hardware
from smalti.errors import SmaltiError
from smalti.recipes import resolve
from smalti.runs import find_runs
from smalti.training import graphs, session, trainer
from smalti.training.environment import environment
from smalti.training.feeding import Fed
from smalti.training.graphs import WARM_UP, GraphedSteps, Outcome, Work, decide
from smalti.training.progress import Listener
from smalti.training.state import load_state, restore
from smalti.training.trainer import Trainer
from tests.datasets import tiny_dataset
from tests.training.test_session import StopAfter, digest, recipe

CUDA = Hardware("cuda", "a GPU", "bfloat16", True, 1, "")
CPU = Hardware("cpu", "a CPU", "float32", True, 1, "")


class Recorder:
    """Stands for CUDA: a capture does nothing, a replay does the captured work again.

    What a real graph holds fast, ``held()``, must be at each replay what it was at the capture.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.trainer: Trainer | None = None

    def warm_up(self, work: Work) -> Outcome:
        self.calls.append("warm up")
        return work()

    def capture(self, work: Work) -> Work:
        self.calls.append("capture")
        before = self.held()

        def replay() -> Outcome:
            self.calls.append("replay")
            assert self.held() == before
            return work()

        return replay

    def held(self) -> list[Any]:
        """Return the numbers of the optimizer, and where weights, moments and rates lie."""
        if self.trainer is None:
            return []
        model, optimizer = self.trainer.model, self.trainer.optimizer
        numbers = [
            (key, value.data_ptr() if isinstance(value, torch.Tensor) else value)
            for group in optimizer.param_groups
            for key, value in group.items()
            if key != "params"
        ]
        tensors = [
            *model.parameters(),
            *model.buffers(),
            *(value for moments in optimizer.state.values() for value in moments.values()),
        ]
        return [*numbers, *(tensor.data_ptr() for tensor in tensors)]


# One shape after the other, with a step that only counts.


class Sums:
    """A step that adds up what it was fed, and remembers where it lay."""

    def __init__(self) -> None:
        self.total, self.places = torch.zeros(()), []

    def __call__(self, fed: Fed) -> Outcome:
        self.places.append(fed.pictures.data_ptr())
        self.total += fed.pictures.sum()
        return fed.pictures.flatten(1), fed.pictures.sum()


def fed(n=4, side=2, dtype=torch.uint8, mixed=False):
    pictures = torch.randint(0, 256, (n, 3, side, side)).to(dtype)
    labels = torch.arange(n)
    return Fed(pictures, labels, labels, torch.ones(n)) if mixed else Fed(pictures, labels)


def test_a_shape_is_warmed_up_captured_once_and_replayed_with_every_batch():
    plain, step, maker = Sums(), Sums(), Recorder()
    graphed = GraphedSteps(step, maker, 4)
    for _ in range(WARM_UP + 3):
        batch = fed()
        wanted, got = plain(batch), graphed(batch)
        assert torch.equal(wanted[0], got[0])
        assert torch.equal(wanted[1], got[1])
    assert maker.calls == ["warm up"] * WARM_UP + ["capture"] + ["replay"] * 3
    assert torch.equal(step.total, plain.total)
    assert len(set(step.places)) == 1


def test_a_smaller_batch_is_no_captured_step():
    step, maker = Sums(), Recorder()
    graphed = GraphedSteps(step, maker, 4)
    batch = fed(3)
    graphed(batch)
    assert maker.calls == []
    assert step.places == [batch.pictures.data_ptr()]


@pytest.mark.parametrize("other", [{"side": 3}, {"dtype": torch.float32}, {"mixed": True}], ids=str)
def test_every_shape_has_its_own_capture_and_keeps_it(other):
    step, maker = Sums(), Recorder()
    graphed = GraphedSteps(step, maker, 4)
    for options in ({}, other, {}, other):
        for _ in range(WARM_UP + 1):
            graphed(fed(**options))
    assert maker.calls.count("capture") == 2
    assert maker.calls.count("warm up") == 2 * WARM_UP
    assert maker.calls[-WARM_UP - 1 :] == ["replay"] * (WARM_UP + 1)


def test_the_place_of_the_pictures_has_their_layout():
    maker = Recorder()
    graphed = GraphedSteps(lambda fed: (fed.pictures, fed.pictures), maker, 4)
    pictures = torch.zeros(4, 5, 5, 3, dtype=torch.uint8).permute(0, 3, 1, 2)
    seen, _ = graphed(Fed(pictures, torch.arange(4)))
    assert seen.stride() == pictures.stride()
    assert seen.data_ptr() != pictures.data_ptr()


# CUDA itself is not needed for what surrounds a capture.


@pytest.fixture
def pretended(monkeypatch):
    """Return the log of what a pretended ``torch.cuda`` is asked to do."""
    log: list[str] = []

    class Stream:
        def __init__(self, name: str = "side") -> None:
            self.name = name

        def wait_stream(self, other: Stream) -> None:
            log.append(f"{self.name} waits for {other.name}")

    class Graph:
        def replay(self) -> None:
            log.append("replay")

    @contextmanager
    def stream(on: Stream) -> Iterator[None]:
        log.append(f"on {on.name}")
        yield

    @contextmanager
    def graph(_: Graph, pool: str, stream: Stream) -> Iterator[None]:
        log.append(f"capture on {stream.name} into {pool}")
        yield

    current = Stream("current")
    for name, value in {
        "Stream": Stream,
        "CUDAGraph": Graph,
        "graph_pool_handle": lambda: "the pool",
        "current_stream": lambda: current,
        "stream": stream,
        "graph": graph,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    return log


def test_warming_up_and_capturing_are_on_one_stream_in_its_turn(pretended):
    outcome = torch.zeros(1), torch.ones(1)
    maker = graphs.CudaGraphs()
    assert maker.warm_up(lambda: outcome) is outcome
    replay = maker.capture(lambda: outcome)
    assert replay() is outcome
    assert pretended == [
        "side waits for current",
        "on side",
        "current waits for side",
        "capture on side into the pool",
        "replay",
    ]


def failing(error: Exception) -> Work:
    def work() -> Outcome:
        raise error

    return work


@pytest.mark.usefixtures("pretended")
def test_a_capture_that_fails_says_how_to_do_without():
    with pytest.raises(SmaltiError, match=r"could not be captured .*: not permitted") as caught:
        graphs.CudaGraphs().capture(failing(RuntimeError("not permitted")))
    assert "--set training.cuda_graph=off" in caught.value.hint


@pytest.mark.usefixtures("pretended")
def test_a_capture_without_memory_stays_a_lack_of_memory():
    with pytest.raises(torch.OutOfMemoryError):
        graphs.CudaGraphs().capture(failing(torch.OutOfMemoryError("CUDA out of memory.")))


# Whole trainings. Rates that float32 holds exactly, so that the very same bits are expected: 64
# pictures in 4 whole batches an epoch, or 90 in 5 and a smaller one.

RATE = 2**-7
SMALL = {
    "optimizer__learning_rate": RATE,
    "schedule__name": "constant",
    "schedule__warmup": 0.0,
    "training__epochs": 3,
}
OPTIONS = {
    "sgd": {"optimizer__name": "sgd"},
    "adam": {"optimizer__name": "adam"},
    "adamw": {"optimizer__name": "adamw"},
    "radam": {"optimizer__name": "radam"},
    "muon": {"optimizer__name": "muon", "optimizer__other_rate": RATE / 2},
    "falling rate": {"schedule__name": "linear", "training__epochs": 4},
    "average": {"training__ema": 0.9},
    "dropout": {"model__dropout": 0.3},
    "mixed": {
        "augmentation__policy": "none",
        "augmentation__mixup": 0.3,
        "augmentation__cutmix": 1.0,
        "training__epochs": 6,
    },
    "sizes": {"training__image_sizes": (9, 12), "model__pooling": "average"},
}


@contextmanager
def capturing() -> Iterator[list[Recorder]]:
    """Let trainers that are made meanwhile capture their steps; yield their recorders."""
    makers: list[Recorder] = []
    original = Trainer.__init__

    def made(*_: object) -> Recorder:
        makers.append(Recorder())
        return makers[-1]

    def init(self: Trainer, *arguments: Any) -> None:
        original(self, *arguments)
        makers[-1].trainer = self

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "graph_maker", made)
        patch.setattr(Trainer, "__init__", init)
        yield makers


def capturing_trainer(wanted, data) -> tuple[Trainer, Recorder]:
    with capturing() as makers:
        training = Trainer(wanted, data, device.choose("cpu", "float32", threads=1))
    return training, makers[0]


# With 6 steps an epoch, a falling rate is no float32 number.
CASES = [(name, n) for name in OPTIONS for n in (64, 90) if (name, n) != ("falling rate", 90)]


@pytest.mark.parametrize(("name", "n"), CASES)
def test_captured_steps_train_to_the_same_bits(name, n, tmp_path):
    options = OPTIONS[name]
    wanted, data = recipe(**{"optimizer__weight_decay": 0.0, **SMALL, **options}), tiny_dataset(n)
    plain = session.start(wanted, data, tmp_path / "plain")
    with capturing() as makers:
        captured = session.start(wanted, data, tmp_path / "captured")
    [maker] = makers
    assert digest(captured) == digest(plain)
    # Two sizes; and MixUp's pictures are float32, CutMix's uint8.
    shapes = 2 if {"augmentation__mixup", "training__image_sizes"} & options.keys() else 1
    assert maker.calls.count("capture") == shapes
    steps = wanted.training.epochs * (n // 16)
    assert maker.calls.count("warm up") + maker.calls.count("replay") == steps


def test_rates_that_float32_rounds_change_next_to_nothing(tmp_path):
    wanted, data = recipe(optimizer__learning_rate=0.003), tiny_dataset()
    plain = session.start(wanted, data, tmp_path / "plain").read_model()[0]
    with capturing():
        captured = session.start(wanted, data, tmp_path / "captured").read_model()[0]
    for name, weights in plain.items():
        torch.testing.assert_close(
            torch.from_numpy(captured[name]), torch.from_numpy(weights), atol=1e-4, rtol=1e-3
        )


def test_the_rate_of_every_step_reaches_every_group():
    options = {"optimizer__name": "muon", "optimizer__other_rate": RATE / 2}
    wanted = recipe(**{**SMALL, **options, "schedule__name": "linear", "training__epochs": 4})
    training, _ = capturing_trainer(wanted, tiny_dataset(64))
    rates = []

    class Ear(Listener):
        def stepped(self, epoch, step):
            rates.append([float(group["lr"]) for group in training.optimizer.param_groups])

    training.train_epoch(1, 1.0, Ear())
    falling = [RATE * part / 32 for part in (31, 29, 27, 25)]
    assert rates == [[rate, rate / 2, rate / 2] for rate in falling]


@pytest.mark.parametrize("name", ["adamw", "sgd", "muon", "radam"])
@pytest.mark.parametrize(
    ("before", "after"),
    [(capturing, capturing), (capturing, nullcontext), (nullcontext, capturing)],
    ids=["captured", "captured, then plain", "plain, then captured"],
)
def test_a_run_resumes_to_the_same_bits_whether_its_steps_are_captured_or_not(
    name, before, after, tmp_path
):
    wanted = recipe(**SMALL, optimizer__name=name, optimizer__weight_decay=0.0)
    data = tiny_dataset()
    whole = session.start(wanted, data, tmp_path / "whole")
    with before(), pytest.raises(KeyboardInterrupt):
        session.start(wanted, data, tmp_path / "cut", StopAfter(2))
    [cut] = find_runs(tmp_path / "cut")
    with after():
        session.resume(cut, data)
    assert digest(cut) == digest(whole)


@pytest.mark.parametrize("name", ["adamw", "sgd", "muon", "radam"])
def test_what_is_restored_after_a_capture_lies_where_it_lay(name, tmp_path):
    wanted, data = recipe(**SMALL, optimizer__name=name), tiny_dataset()
    run = session.start(wanted, data, tmp_path)
    training, maker = capturing_trainer(wanted, data)
    training.train_epoch(1, 1.0, Listener())
    before = maker.held()
    _, arrays = load_state(run)
    restore(run, training, arrays)
    assert maker.held() == before
    key = next(key for key in arrays if key.startswith("optimizer."))
    parameter, _, moment = key.removeprefix("optimizer.").rpartition("/")
    state = training.optimizer.state[training.model.get_parameter(parameter)]
    assert torch.equal(state[moment].cpu(), torch.from_numpy(arrays[key]))
    training.train_epoch(2, 1.0, Listener())  # its replays look again


def test_released_graphs_are_used_no_more():
    training, maker = capturing_trainer(recipe(**SMALL), tiny_dataset(64))
    training.train_epoch(1, 1.0, Listener())
    training.release_graphs()
    calls = list(maker.calls)
    training.train_epoch(2, 1.0, Listener())
    assert maker.calls == calls


# When.


@pytest.mark.parametrize(
    ("hardware", "options", "captured", "reason"),
    [
        (CUDA, {}, True, "is a CUDA GPU"),
        (CUDA, {"training.cuda_graph": "on"}, True, "is a CUDA GPU"),
        (CUDA, {"training.cuda_graph": "off"}, False, "as asked for"),
        (CUDA, {"schedule.name": "one-cycle"}, False, "moves the momentum"),
        (CPU, {}, False, "the device is cpu"),
        (CPU, {"training.cuda_graph": "off"}, False, "as asked for"),
    ],
)
def test_steps_are_captured_where_they_can_be(hardware, options, captured, reason):
    decision = decide(resolve("cnn", "tiny", options), hardware)
    assert decision.captured == captured
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("hardware", "options"), [(CPU, {}), (CUDA, {"schedule.name": "one-cycle"})]
)
def test_where_they_cannot_be_asking_for_it_is_an_error(hardware, options):
    asked = resolve("cnn", "tiny", {**options, "training.cuda_graph": "on"})
    with pytest.raises(SmaltiError, match=r"training\.cuda_graph=on, but") as caught:
        decide(asked, hardware)
    assert "auto" in caught.value.hint


def test_a_refused_training_leaves_nothing_behind(tmp_path):
    asked = recipe(training__cuda_graph="on", training__device="cpu")
    with pytest.raises(SmaltiError, match="only CUDA GPUs have graphs, and the device is cpu"):
        session.start(asked, tiny_dataset(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_record_says_how_steps_were_taken():
    wanted, data = recipe(), tiny_dataset()
    assert environment(wanted, data, CUDA, "")["cuda_graph"] is True
    record = environment(wanted, data, CPU, "")
    assert record["cuda_graph"] is False
    assert "the device is cpu" in record["cuda_graph_reason"]
