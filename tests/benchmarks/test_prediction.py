"""Four sides predict in turns; the peer is a process that answers."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import keras_peer, peer, prediction, results, speed_table
from benchmarks.prediction import Extent
from smalti import api

STAND_IN = """
import json, sys

for line in sys.stdin:
    request = json.loads(line)
    calls = request.get("calls", 0)
    answers = {
        "versions": {"keras": "0.0"}, "load": {}, "predict": {},
        "single": {"seconds": [0.05] * calls},
    }
    print(json.dumps(answers[request["do"]]), flush=True)
"""

EXTENT = Extent(turns=2, pictures=40, calls=3, processes=1, batches=(8, 16))


@pytest.fixture
def stand_in(tmp_path: Path) -> list[str]:
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    return [sys.executable, str(script)]


@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs smalti[keras]")
def test_every_side_answers_once_a_turn_and_is_stored(tmp_path: Path, stand_in: list[str]) -> None:
    path = prediction.measure(EXTENT, "simple-cnn", tmp_path, stand_in)
    assert path.name == "prediction-simple-cnn.json"
    figures = json.loads(path.read_text())
    smalti = {prediction.PYTORCH, prediction.BFLOAT16, prediction.ONNX}
    assert set(figures["images_per_second"]) == {*smalti, prediction.KERAS}
    assert all(len(speeds) == 2 for speeds in figures["images_per_second"].values())
    assert set(figures["latency"]) == {*smalti, prediction.KERAS, prediction.KERAS_CALL}
    for turns in figures["latency_ms"].values():
        assert [len(turn.split()) for turn in turns] == [3, 3]
    assert figures["latency"][prediction.KERAS] == {"p50": 50.0, "p99": 50.0}
    assert [trial["batch"] for trial in figures["trials"]] == [8, 16]
    assert figures["keras_batch"] in (8, 16)
    cold = figures["cold_seconds"]
    assert {name: len(seconds) for name, seconds in cold.items()} == {
        prediction.COLD: 1, prediction.COLD_PYTORCH: 1,
    }  # fmt: skip


def test_the_table_shows_every_network_that_was_measured(tmp_path: Path) -> None:
    latency = {"p50": 0.512, "p99": 0.8}
    seconds = {"median": 0.5, "min": 0.4, "max": 0.6}
    sides = (prediction.PYTORCH, prediction.BFLOAT16, prediction.ONNX, prediction.KERAS)
    figures: dict[str, Any] = {
        "network": "fast",
        "keras_batch": 256,
        "images_per_second": {side: [1000.0, 3000.0, 2000.0] for side in sides},
        "latency": dict.fromkeys((*sides, prediction.KERAS_CALL), latency),
        "cold": {prediction.COLD: seconds, prediction.COLD_PYTORCH: seconds},
    }
    results.write("prediction-fast", figures, tmp_path)
    results.write("prediction", {**figures, "network": "row D2's network"}, tmp_path)
    text = speed_table.speed(tmp_path)
    assert "through ONNX Runtime, float32, fast | 2,000 images/s; PyTorch 2,000" in text
    assert "float32, row D2's network | 2,000 images/s" in text
    assert "`keras.predict` 2,000 (batch 256)" in text
    assert "0.51 ms (p99 0.80)" in text
    assert "| 0.50 s (0.40–0.60); without its ONNX file 0.50 s" in text


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs smalti[keras]")
def test_keras_itself_answers_from_the_exported_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    images = prediction.random_pictures(40)
    run = prediction.briefly_trained(images, "simple-cnn", tmp_path / "runs")
    assert api.load(run).input_shape == (32, 32, 3)
    pictures = tmp_path / "pictures.npz"
    np.savez(pictures, images=images, labels=np.zeros(40, np.int64))
    script = os.fspath(keras_peer.__file__)
    with peer.Process([sys.executable, "-P", script, str(pictures)]) as process:
        keras = prediction.KerasSide(process, run, 40)
        keras.predict(8)
        for way in ("predict", "call"):
            assert len(keras.single_calls(way, 2)()) == 2


def test_an_unknown_request_is_refused() -> None:
    requests = io.StringIO('{"do": "__init__"}')
    with pytest.raises(ValueError, match="unknown request '__init__'"):
        keras_peer.serve(object(), requests, io.StringIO())  # type: ignore[arg-type]
