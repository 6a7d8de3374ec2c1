"""The two ceilings, and what a training does by count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import arithmetic
from benchmarks.arithmetic import Ceilings, Effort
from benchmarks.record_port import RecordNet
from smalti import api, device
from smalti.models.building import build
from smalti.training.progress import Listener


def test_a_training_does_three_forward_passes_of_every_picture() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU())
    work = arithmetic.effort(model, (2, 2, 3), pictures=10)
    assert work.flop == 3 * 10 * (2 * 12 * 5 + 5)
    # Flattened, dense and activated values, written and read, of four bytes each.
    assert work.bytes == 3 * 10 * 2 * 4 * (12 + 5 + 5)


def test_values_of_two_bytes_are_half_as_many_bytes() -> None:
    model = nn.Linear(12, 5)
    both = [
        arithmetic.effort(nn.Sequential(nn.Flatten(), model), (2, 2, 3), 1, precision).bytes
        for precision in ("float32", "bfloat16")
    ]
    assert both[0] == 2 * both[1]


def test_the_record_needs_the_operations_that_are_published() -> None:
    work = arithmetic.effort(RecordNet(), (32, 32, 3), 8 * 50_000)
    assert work.flop == pytest.approx(0.29e15, rel=0.03)


def test_a_run_on_smaller_pictures_first_does_less(
    npz: Callable[..., Path], tmp_path: Path
) -> None:
    data = api.load_data(str(npz(24, 12, side=32, channels=3)))
    small = {"model.filters": (8, 8), "training.epochs": 4, "training.batch_size": 12}
    runs = [
        api.train(
            data, "fast", out=tmp_path, listener=Listener(),
            set={**small, "training.image_sizes": sizes},
        )
        for sizes in ((), (16, 32))
    ]  # fmt: skip
    whole, less = (arithmetic.effort_of_run(run) for run in runs)
    model = build(runs[0].recipe().model, (32, 32, 3), 3)
    n = len(data.part("train"))
    assert whole.flop == arithmetic.effort(model, (32, 32, 3), 4 * n).flop
    half = arithmetic.effort(model, (16, 16, 3), 2 * n).flop
    assert less.flop == half + whole.flop / 2


def test_shares_are_of_what_the_machine_just_did() -> None:
    figures = Effort(flop=6e9, bytes=1e9).figures(2.0, Ceilings(10e9, 4e9))
    assert figures == {
        "flop": 6e9, "bytes": 1e9, "share_of_peak": 0.3, "share_of_bandwidth": 0.125,
    }  # fmt: skip


def test_both_ceilings_are_measured() -> None:
    hardware = device.choose("cpu", threads=torch.get_num_threads())
    told = Ceilings.measured(hardware, size=64).figures()
    assert min(told.values()) > 0
