"""The tutorial's loop is what tutorials teach, on the same pictures and network as smalti's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from benchmarks import bare, throughput, tutorial
from smalti.models.preprocessing import Normalize


def test_pictures_are_normalised_as_smalti_does_it() -> None:
    part = throughput.random_pictures(3).part("train")
    picture, label = tutorial.OnePictureAtATime(part)[1]
    normalize = Normalize(bare.CIFAR_MEAN, bare.CIFAR_STD)
    ours = normalize(torch.from_numpy(part.pictures()).permute(0, 3, 1, 2))[1]
    assert torch.allclose(picture, ours, atol=1e-5)
    assert label == part.labels[1]


def test_the_loop_trains() -> None:
    part = tutorial.OnePictureAtATime(throughput.random_pictures(8).part("train"))
    loop = tutorial.TutorialLoop(DataLoader(part, batch_size=4, shuffle=True), torch.device("cpu"))
    before = [parameter.clone() for parameter in loop.model.parameters()]
    loop.epoch()
    after = list(loop.model.parameters())
    assert all(not torch.equal(old, new) for old, new in zip(before, after, strict=True))


@pytest.mark.slow
def test_every_side_is_stored_turn_by_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tutorial, "WORKERS", (0, 1))
    figures = json.loads(tutorial.measure(turns=2, batches=2, folder=tmp_path).read_text())
    sides = figures["images_per_second"]
    assert set(sides) == {
        "tutorial's loop, 0 workers",
        "tutorial's loop, 1 worker",
        "smalti",
        "smalti, float32",
    }
    assert all(len(speeds) == 2 for speeds in sides.values())
    own, base = sides["smalti"], sides["tutorial's loop, 1 worker"]
    turns = [mine / theirs for mine, theirs in zip(own, base, strict=True)]
    ratio = figures["ratio"]["smalti"]["tutorial's loop, 1 worker"]
    assert ratio["max"] == pytest.approx(max(turns), rel=0.01)
