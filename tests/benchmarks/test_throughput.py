"""The baseline is fair, and the measurement measures what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import bare, throughput
from benchmarks.alternating import alternate, ratios
from smalti.models.building import build, count_parameters
from smalti.recipes import resolve


def test_the_bare_network_is_the_one_smalti_trains() -> None:
    ours = build(resolve("cnn", "cifar10", {}).model, (32, 32, 3), 10)
    theirs = bare.network()
    assert count_parameters(theirs) == 815_530
    assert [repr(layer) for layer in theirs] == [repr(layer) for layer in ours.children()]


def test_the_order_of_the_sides_turns_around() -> None:
    order: list[str] = []
    sides = {name: (lambda name=name: order.append(name)) for name in "abc"}
    seconds = alternate(sides, turns=3)
    assert "".join(order) == "abccbaabc"
    assert {name: len(values) for name, values in seconds.items()} == dict.fromkeys("abc", 3)


def test_a_ratio_above_one_is_faster() -> None:
    seconds = {"bare": [2.0, 3.0], "side": [1.0, 6.0]}
    assert ratios(seconds, "side", "bare") == [2.0, 0.5]


def test_a_small_measurement_is_stored_with_its_circumstances(tmp_path: Path) -> None:
    path = throughput.measure(turns=2, batches=2, folder=tmp_path)
    figures = json.loads(path.read_text())
    assert figures["row"] == "throughput"
    assert {"date", "commit", "machine", "versions", "precision"} <= set(figures)
    sides = (throughput.BARE, throughput.PLAIN, throughput.AUGMENTED)
    assert all(len(figures["images_per_second"][side]) == 2 for side in sides)
    for side in sides[1:]:
        own, base = (figures["images_per_second"][name] for name in (side, throughput.BARE))
        turns = [mine / others for mine, others in zip(own, base, strict=True)]
        assert figures["ratio"][side]["min"] == pytest.approx(min(turns), rel=0.01)
        assert figures["ratio"][side]["max"] == pytest.approx(max(turns), rel=0.01)
