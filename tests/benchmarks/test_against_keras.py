"""Both sides train the same network in turns; the peer is a process that answers, or is missed."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import against_keras, bare, keras_peer, peer, results, speed_table, throughput
from benchmarks.against_keras import COMPARISONS, DEFAULTS, Extent
from smalti.models.building import build, count_parameters

STAND_IN = """
    import json, sys, time

    log = open(sys.argv[1], "a")
    for line in sys.stdin:
        request = json.loads(line)
        print(line.strip(), file=log, flush=True)
        if request["do"] == "train" and "bfloat16" not in request["name"]:
            time.sleep(0.01)
        answers = {"versions": {"keras": "0.0"}, "build": {"parameters": PARAMETERS}, "train": {}}
        print(json.dumps(answers[request["do"]]), flush=True)
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., list[str]]:
    """Return ``stand_in(parameters)``: the command of a peer that only pretends to train."""

    def command(parameters: int = against_keras.KERAS_PARAMETERS) -> list[str]:
        script = tmp_path / "stand_in.py"
        script.write_text(textwrap.dedent(STAND_IN).replace("PARAMETERS", str(parameters)))
        return [sys.executable, str(script), str(tmp_path / "log")]

    return command


def requests(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


EXTENT = Extent(
    turns=2, steps=2, trial_steps=1,
    candidates=({**DEFAULTS}, {**DEFAULTS, "precision": "mixed_bfloat16"}),
)  # fmt: skip


def test_every_side_works_once_a_turn_and_is_stored(
    tmp_path: Path, stand_in: Callable[..., list[str]]
) -> None:
    pictures = throughput.random_pictures(200)
    path = against_keras.measure(EXTENT, tmp_path, pictures, stand_in())
    figures = json.loads(path.read_text())
    sides = figures["images_per_second"]
    assert all(len(speeds) == EXTENT.turns for speeds in sides.values())
    assert set(figures["first_seconds"]) == set(sides)
    for comparison in COMPARISONS:
        if comparison.side in sides:
            own, base = sides[comparison.side], sides[comparison.baseline]
            turns = [mine / theirs for mine, theirs in zip(own, base, strict=True)]
            assert figures["ratio"][comparison.name]["max"] == pytest.approx(max(turns), rel=0.01)
    assert set(figures["cpu_flags"]) >= {"avx512_bf16", "amx_bf16"}
    # One pass to get warm, then one a turn.
    asked = [request["name"] for request in requests(tmp_path) if request["do"] == "train"]
    assert asked.count(against_keras.KERAS) == 1 + EXTENT.turns
    assert len(figures["trials"]) == len(EXTENT.candidates) + 2


def test_keras_is_tuned_by_trial_and_its_defaults_stay(
    tmp_path: Path, stand_in: Callable[..., list[str]]
) -> None:
    with peer.Process(stand_in()) as process:
        keras = against_keras.KerasSides(process, EXTENT.steps)
        tuned, trials = keras.fastest(EXTENT.candidates, EXTENT.trial_steps)
        pipeline, in_model = against_keras.ways_to_augment({**tuned, "jit": True})
        against_keras._keras_sides(keras, tuned, pipeline)
    assert tuned == EXTENT.candidates[1]  # the stand-in is slower at anything else
    assert [trial["precision"] for trial in trials] == ["float32", "mixed_bfloat16"]
    built = {r["name"]: r["settings"] for r in requests(tmp_path) if r["do"] == "build"}
    assert built[against_keras.KERAS] == DEFAULTS
    assert built[against_keras.KERAS_AUGMENTED] == {**DEFAULTS, "augmented": True}
    assert built[against_keras.TUNED] == tuned
    assert built[against_keras.TUNED_AUGMENTED] == pipeline
    assert pipeline == {**tuned, "jit": True, "augmented": True, "pipeline": True}
    assert in_model == {**tuned, "jit": False, "augmented": True}


def test_another_network_is_refused(tmp_path: Path, stand_in: Callable[..., list[str]]) -> None:
    with pytest.raises(RuntimeError, match=r"expected 816,938 parameters .* not 7"):
        against_keras.measure(EXTENT, tmp_path, throughput.random_pictures(200), stand_in(7))


def test_too_few_pictures_are_refused(tmp_path: Path, stand_in: Callable[..., list[str]]) -> None:
    with pytest.raises(RuntimeError, match="at least 128 training pictures, not 100"):
        against_keras.measure(EXTENT, tmp_path, throughput.random_pictures(100), stand_in())


def test_smalti_trains_the_same_network_without_augmentation() -> None:
    ours = build(against_keras.recipe().model, (32, 32, 3), 10)
    assert count_parameters(ours) == against_keras.PARAMETERS
    assert [repr(layer) for layer in bare.network()] == [repr(layer) for layer in ours.children()]
    assert against_keras.recipe().augmentation.policy == "none"
    assert against_keras.recipe(augmented=True).augmentation.rotation == 15


def test_the_table_says_what_was_compared(tmp_path: Path) -> None:
    spread = {"median": 2.1, "min": 1.9, "max": 2.25}
    tuned = {**DEFAULTS, "precision": "mixed_bfloat16", "jit": True, "batch": 256}
    figures = {
        "chosen": {"precision": "bfloat16", "reason": "the CPU has AVX512-BF16"},
        "tuned": tuned,
        "tuned_augmented": {**tuned, "pipeline": True},
        "images_per_second": {
            "smalti": [900, 1000, 1100],
            "Keras": [450, 440, 500],
            "Keras tuned": [480],
        },
        "ratio": {"defaults": spread, "tuned": spread},
    }
    results.write("keras", figures, tmp_path)
    text = speed_table.speed(tmp_path)
    what = "smalti (bfloat16: the CPU has AVX512-BF16) against Keras's `model.fit`, its defaults"
    said = "2.10 × (1.90–2.25); 1,000 to 450 images/s; fastest turn of each 2.20 ×"
    assert f"{what} | {said} | ≥ 2 × |" in text
    assert "against Keras tuned: mixed_bfloat16, XLA, batch 256 |" in text
    assert "float32" not in text  # not measured where smalti chooses it anyway


def test_a_peer_that_dies_says_why() -> None:
    command = [sys.executable, "-c", "input(); raise SystemExit('no such layer')"]
    with peer.Process(command) as process, pytest.raises(RuntimeError, match="no such layer"):
        process.ask("build", name="x")


def test_a_peer_has_its_own_default_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    script = "import json, os; input(); print(json.dumps({'is': os.getenv('OMP_NUM_THREADS')}))"
    with peer.Process([sys.executable, "-c", script]) as process:
        assert process.ask("versions") == {"is": None}


def test_an_environment_is_made_once_and_again_where_it_was_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str]) -> None:
        commands.append(command)
        if len(commands) == 2:
            raise RuntimeError("no network")
        Path(command[-1]).mkdir(parents=True, exist_ok=True)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(peer, "_run", run)
    with pytest.raises(RuntimeError, match="no network"):
        peer.environment(["keras"], tmp_path)
    python = peer.environment(["keras"], tmp_path)
    assert len(commands) == 4
    assert peer.environment(["keras"], tmp_path) == python
    assert peer.environment(["other"], tmp_path) != python
    assert commands[3][:4] == [str(python), "-m", "pip", "install"]
    assert "installing keras" in capsys.readouterr().err


def test_requests_are_answered_line_by_line() -> None:
    class Recorder:
        def versions(self) -> dict[str, Any]:
            return {"keras": "3"}

        def build(self, name: str, settings: dict[str, Any]) -> dict[str, Any]:
            return {"name": name, **settings}

        def train(self, name: str, images: int) -> dict[str, Any]:
            return {}

        def seed(self, value: int) -> dict[str, Any]:
            return {}

        def fit(self, epochs: int, answer: keras_peer.Answer) -> dict[str, Any]:
            for epoch in range(epochs):
                answer({"epoch": epoch})
            return {"finished": True}

    lines = [
        '{"do": "versions"}',
        '{"do": "build", "name": "a", "settings": {"batch": 2}}',
        '{"do": "fit", "epochs": 2}',
    ]
    answers = io.StringIO()
    keras_peer.serve(Recorder(), io.StringIO("\n".join(lines)), answers)  # type: ignore[arg-type]
    assert [json.loads(line) for line in answers.getvalue().splitlines()] == [
        {"keras": "3"},
        {"name": "a", "batch": 2},
        {"epoch": 0},
        {"epoch": 1},
        {"finished": True},
    ]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs smalti[keras]")
def test_keras_itself_builds_and_trains_row_d2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # TensorFlow, on which it is measured, is no part of the tests: any engine has the same layers.
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    random = np.random.default_rng(0)
    pictures = tmp_path / "pictures.npz"
    np.savez(
        pictures,
        images=random.integers(0, 256, (32, 32, 32, 3), dtype=np.uint8),
        labels=np.arange(32) % 10,
    )
    script = os.fspath(keras_peer.__file__)
    with peer.Process([sys.executable, "-P", script, str(pictures)]) as process:
        assert process.ask("versions")["backend"] == "torch"
        sides = against_keras.KerasSides(process, 1)
        sides.side("plain", {**DEFAULTS, "batch": 16})
        sides.side("augmented", {**DEFAULTS, "batch": 16, "augmented": True})
        sides.training("plain", 32)()
