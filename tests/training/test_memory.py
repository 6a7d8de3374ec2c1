"""Memory runs out: really, under a limit, and made up; what is said has to be true."""

from __future__ import annotations

import re
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from smalti import machine
from smalti.device import choose
from smalti.errors import MachineError
from smalti.recipes import resolve
from smalti.training import memory, session
from smalti.training.trainer import Trainer
from tests.datasets import tiny_dataset
from tests.support import process_environment

SIDE = 48

LIMITED = """
import resource, sys
from pathlib import Path
import torch
import torch._dynamo  # otherwise imported below the limit, by some versions
from smalti import api
from smalti.cli.main import run
from smalti.training import session
megabytes = int(sys.argv[1])
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = used + megabytes * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(run(sys.argv[2:]))
"""


def small(**options):
    dotted = {key.replace("__", "."): value for key, value in options.items()}
    values = {"model.filters": (4, 8), "model.hidden": (16,), "training.epochs": 1}
    return resolve("cnn", "tiny", {**values, "training.batch_size": 16, **dotted})


@pytest.fixture
def large_pictures(tmp_path: Path) -> Path:
    path = tmp_path / "large.npz"
    images = np.random.default_rng(0).integers(0, 255, (600, SIDE, SIDE, 3), dtype=np.uint8)
    labels = np.arange(600) % 3
    np.savez(path, x_train=images[:560], y_train=labels[:560], x_test=images[560:],
             y_test=labels[560:])  # fmt: skip
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="limits a process's memory as Linux does")
def test_memory_that_really_runs_out_names_a_batch_size_that_really_fits(
    large_pictures: Path, tmp_path: Path
) -> None:
    def train(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", LIMITED, "600", "train", *arguments]
        # One arena: glibc reserves address space for each, which the limit would count.
        env = process_environment({"MALLOC_ARENA_MAX": "1"})
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    fields = "--precision float32 --threads 1 --epochs 1 --set model.filters=32,64 --out runs"
    failed = train(str(large_pictures), "--batch-size", "512", *fields.split())
    assert failed.returncode == 1, failed.stderr
    assert "error: Out of memory on cpu with 504 pictures a batch." in failed.stderr
    assert "Traceback" not in failed.stderr
    [said] = re.findall(r"smalti train (--recipe \S+ --batch-size \d+)", failed.stderr)
    size = int(said.split()[-1])
    assert 8 <= size < 504
    again = train(*said.split())
    assert again.returncode == 0, again.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_a_gpu_that_runs_out_names_a_batch_size_that_fits(tmp_path: Path) -> None:
    data = tiny_dataset(n=2000, side=64, channels=3)
    recipe = small(training__batch_size=2000, model__filters=(64, 128), training__device="cuda")
    torch.cuda.set_per_process_memory_fraction(0.01)
    try:
        with pytest.raises(MachineError, match="Out of memory on cuda") as caught:
            session.start(recipe, data, tmp_path)
        [size] = re.findall(r"Try --batch-size (\d+)", caught.value.hint)
        smaller = small(
            training__batch_size=int(size), model__filters=(64, 128), training__device="cuda"
        )
        session.start(smaller, data, tmp_path)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


MESSAGES = [
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: "
    "you tried to allocate 209715200 bytes. Error code 12 (Cannot allocate memory)",
    "could not create a primitive",
    "DefaultCPUAllocator: not enough memory: you tried to allocate 5000 bytes.",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "MPS backend out of memory (MPS allocated: 8.00 GB, other allocations: 1.00 GB)",
]


@pytest.mark.parametrize("message", MESSAGES)
def test_every_library_s_words_for_it_are_known(message: str) -> None:
    assert memory.is_out_of_memory(RuntimeError(message))


def test_other_errors_are_no_lack_of_memory() -> None:
    assert memory.is_out_of_memory(MemoryError())
    assert memory.is_out_of_memory(torch.OutOfMemoryError())
    assert not memory.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.fixture
def greedy(monkeypatch: pytest.MonkeyPatch):
    """Return ``greedy(most)``: convolutions of more pictures than that fail to allocate."""
    forward = torch.nn.Conv2d.forward

    def set_limit(most: int, training_only: bool = True) -> None:
        def fail(self, pictures):
            if len(pictures) > most and (self.training or not training_only):
                raise RuntimeError(MESSAGES[0])
            return forward(self, pictures)

        monkeypatch.setattr(torch.nn.Conv2d, "forward", fail)

    return set_limit


def test_the_hint_begins_again_instead_of_resuming_what_cannot_fit(greedy, tmp_path) -> None:
    data = tiny_dataset()
    greedy(5)
    with pytest.raises(MachineError) as caught:
        session.start(small(), data, tmp_path)
    assert caught.value.problem == "Out of memory on cpu with 16 pictures a batch."
    assert caught.value.hint == "Try --batch-size 4; finished epochs are kept."
    assert "--resume" not in caught.value.hint


def test_a_batch_of_one_is_not_advised_with_batch_norm(greedy, tmp_path) -> None:
    greedy(1)
    with pytest.raises(MachineError) as caught:
        session.start(small(), tiny_dataset(side=32), tmp_path)
    assert "--batch-size" not in caught.value.hint
    assert "Try --image-size 16;" in caught.value.hint


def test_a_step_that_fits_means_that_validation_does_not(greedy, tmp_path) -> None:
    greedy(20, training_only=False)
    with pytest.raises(MachineError) as caught:
        session.start(small(), tiny_dataset(side=12, validation=30), tmp_path)
    assert "Try --set model.filters=2,4;" in caught.value.hint


def test_the_failed_step_is_let_go_before_others_are_tried(tmp_path, monkeypatch) -> None:
    """Whoever holds the error holds its frames' tensors: a search among them finds nothing."""
    kept: list[weakref.ref] = []
    alive: list[bool] = []
    forward = torch.nn.Conv2d.forward

    def fail(self, pictures):
        if len(pictures) < 5:  # the network's shapes are found out with one
            return forward(self, pictures)
        activations = torch.zeros(3)
        kept.append(weakref.ref(activations))
        raise RuntimeError(MESSAGES[0])

    def look(*_) -> bool:
        alive.append(kept[0]() is not None)
        return len(alive) > 1

    monkeypatch.setattr(torch.nn.Conv2d, "forward", fail)
    monkeypatch.setattr(memory, "_fits", look)
    with pytest.raises(MachineError, match="Out of memory"):
        session.start(small(), tiny_dataset(), tmp_path)
    assert alive == [False, False]


def test_pictures_that_do_not_fit_at_all_are_said(tmp_path, monkeypatch) -> None:
    def fail(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(session, "Trainer", fail)
    with pytest.raises(MachineError, match="while placing the network") as caught:
        session.start(small(), tiny_dataset(side=32), tmp_path)
    assert "Try --image-size 16" in caught.value.hint
    assert not list(tmp_path.iterdir())


# Before it happens: where the system would kill the process, nothing can be said afterwards.


def trainer_of(**options) -> Trainer:
    return Trainer(small(**options), tiny_dataset(), choose("cpu", "float32", threads=1))


def test_a_step_s_memory_is_estimated_without_touching_the_training() -> None:
    trainer = trainer_of()
    before = {key: value.clone() for key, value in trainer.model.state_dict().items()}
    random = torch.get_rng_state()
    estimated = memory.bytes_a_picture(trainer, (12, 12, 1))
    # The first convolution's 4 maps of 12×12 floats are kept at least twice: 4608 bytes.
    assert 4608 < estimated < 200_000
    assert all(torch.equal(before[key], value) for key, value in trainer.model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())


def test_the_estimate_grows_with_the_network() -> None:
    sizes = [
        memory.bytes_a_picture(trainer_of(model__filters=filters), (12, 12, 1))
        for filters in ((4, 8), (8, 16))
    ]
    assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.2)


def test_a_step_that_will_not_fit_is_warned_of(monkeypatch, caplog) -> None:
    monkeypatch.setattr(memory, "_WORTH_A_LOOK", 0)
    trainer = trainer_of()
    needed = 16 * memory.bytes_a_picture(trainer, (12, 12, 1))
    monkeypatch.setattr(machine, "memory_free", lambda: int(needed / 2))
    memory.warn_where_memory_is_short(trainer, (12, 12, 1))
    assert "A step with 16 pictures may need up to" in caplog.text
    assert "--batch-size 4." in caplog.text


def test_a_step_that_fits_is_not(monkeypatch, caplog) -> None:
    monkeypatch.setattr(memory, "_WORTH_A_LOOK", 0)
    memory.warn_where_memory_is_short(trainer_of(), (12, 12, 1))
    assert not caplog.text
    monkeypatch.setattr(machine, "memory_free", lambda: None)
    memory.warn_where_memory_is_short(trainer_of(), (12, 12, 1))
    assert not caplog.text
