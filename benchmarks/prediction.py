"""Prediction: many pictures, one picture, and one from a cold start; four ways to answer.

Row D2's network (or a recipe's) with weights of a brief training on random 32×32 colour pictures;
the arithmetic does not depend on what they show. Four sides on one machine, in turns, the order
reversed every turn: smalti through PyTorch in float32 and in bfloat16, smalti through ONNX Runtime,
and ``keras.predict`` on TensorFlow, which loads the file that ``smalti export`` writes of the same
network. Keras runs in a process and an environment of its own, with its own default threads, in
float32, at the fastest of several batch sizes, found in a short trial in the same run.

Many pictures: uint8 in memory to probabilities, images a second of every turn. One picture: the
same for a single one, warm, every call's milliseconds; of Keras both ``predict`` and the plain call
of the model, which its documentation advises for few pictures. Cold: ``smalti predict RUN PICTURE``
as a fresh process, with the run's ONNX file and without.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import against_keras, peer, processes, results
from benchmarks.alternating import Turns, Work, alternate, ratios
from benchmarks.results import Figures
from smalti import api, device
from smalti.classifier.protocol import Classifier
from smalti.errors import SmaltiError
from smalti.recipes import Recipe, resolve
from smalti.runs import Run
from smalti.training.progress import Listener

ROW = "prediction"
PYTORCH, BFLOAT16, ONNX = "PyTorch, float32", "PyTorch, bfloat16", "ONNX Runtime"
KERAS, KERAS_CALL = "keras.predict", "Keras, model(x)"
COLD, COLD_PYTORCH = "with the ONNX file", "through PyTorch"

Latencies = dict[str, list[list[float]]]
"""Seconds of every call, by side and turn."""


@dataclass(frozen=True)
class Extent:
    """How much is measured: turns, pictures and single calls a turn, processes, Keras's trial."""

    turns: int = 5
    pictures: int = 4000
    calls: int = 200
    processes: int = 10
    batches: Sequence[int] = (32, 64, 128, 256, 500, 1000)

    def quick(self) -> Extent:
        """Return the same with hardly any work, to see that it runs; its figures mean nothing."""
        return replace(self, turns=1, pictures=64, calls=5, processes=1, batches=self.batches[:1])


def measure(
    extent: Extent,
    recipe: str = "",
    folder: Path = results.RESULTS,
    command: Sequence[str] | None = None,
) -> Path:
    """Measure and store the row ``prediction``, or ``prediction-RECIPE`` for a named recipe.

    ``command`` starts the peer (the file with the pictures is added), unless given in Keras's own
    environment, which is made first.
    """
    command = command or against_keras.keras_command()
    with tempfile.TemporaryDirectory() as scratch:
        images = random_pictures(extent.pictures)
        run = briefly_trained(images[:200], recipe, Path(scratch))
        shared = Path(scratch) / "pictures.npz"
        np.savez(shared, images=images, labels=np.zeros(len(images), np.int64))
        with peer.Process([*command, str(shared)]) as process:
            figures = _figures(process, run, images, extent)
        figures |= _cold(run, images[0], extent.processes)
    name = recipe or "row D2's network"
    about = {"method": "benchmarks/prediction.py", "recipe": recipe, "network": name}
    return results.write(f"{ROW}-{recipe}" if recipe else ROW, {**about, **figures}, folder)


def random_pictures(n: int) -> np.ndarray:
    """Return ``n`` random uint8 pictures 32×32×3."""
    return np.random.default_rng(0).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def briefly_trained(images: np.ndarray, recipe: str, folder: Path) -> Run:
    """Return a run of one epoch, with the ONNX file of its weights."""
    chosen: Recipe = resolve(recipe, "cifar10", {}) if recipe else against_keras.recipe()
    data = (images, np.arange(len(images)) % 10)
    run = api.train(data, chosen, epochs=1, out=folder, listener=Listener())
    if not run.exported_file("onnx").exists():
        raise SmaltiError("The run has no ONNX file.", "pip install 'smalti[onnx]'")
    return run


def _figures(process: peer.Process, run: Run, images: np.ndarray, extent: Extent) -> Figures:
    keras = KerasSide(process, run, len(images))
    batch, trials = keras.fastest(extent.batches)
    sides = {
        PYTORCH: api.load(run),
        BFLOAT16: api.load(run, precision="bfloat16"),
        ONNX: api.load(run, quickest=True),
    }
    many: dict[str, Work] = {name: _answering(side, images) for name, side in sides.items()}
    many[KERAS] = lambda: keras.predict(batch)
    seconds = _in_turns(many, extent.turns)
    single = {name: _single_calls(side, images, extent.calls) for name, side in sides.items()}
    for name, way in ((KERAS, "predict"), (KERAS_CALL, "call")):
        single[name] = keras.single_calls(way, extent.calls)
    latencies = _latencies(single, extent.turns)
    return {
        "setting": f"{len(images)} random 32×32 colour pictures, {extent.calls} single ones a turn",
        "turns": extent.turns,
        "threads": device.usable_cores(),
        "keras": process.ask("versions"),
        "keras_batch": batch,
        "trials": trials,
        "images_per_second": {
            name: [results.significant(len(images) / second) for second in values]
            for name, values in seconds.items()
        },
        "ratio": _ratios(seconds),
        "latency_ms": _milliseconds(latencies),
        "latency": {name: percentiles(turns) for name, turns in latencies.items()},
    }


class KerasSide:
    """The exported network in Keras's process."""

    def __init__(self, process: peer.Process, run: Run, n: int) -> None:
        self.process, self.n = process, n
        file = api.export(run, "keras", run.path.parent / "exported.keras")
        process.ask("load", path=str(file.path))

    def predict(self, batch: int) -> None:
        """Answer for all pictures."""
        self.process.ask("predict", images=self.n, batch=batch)

    def single_calls(self, way: str, calls: int) -> Callable[[], list[float]]:
        """Return the work of so many single pictures, which gives the seconds of each."""

        def work() -> list[float]:
            seconds: list[float] = self.process.ask("single", way=way, calls=calls)["seconds"]
            return seconds

        return work

    def fastest(self, batches: Sequence[int]) -> tuple[int, list[dict[str, float]]]:
        """Return the batch size with most images a second, and all that were tried."""
        trials = []
        for batch in batches:
            self.predict(batch)  # tracing
            began = time.perf_counter()
            self.predict(batch)
            speed = self.n / (time.perf_counter() - began)
            trials.append({"batch": batch, "images_per_second": results.significant(speed)})
        best = max(trials, key=lambda trial: trial["images_per_second"])
        return int(best["batch"]), trials


def _answering(side: Classifier, images: np.ndarray) -> Work:
    def work() -> None:
        side.predict_proba(images)

    return work


def _single_calls(side: Classifier, images: np.ndarray, calls: int) -> Callable[[], list[float]]:
    def work() -> list[float]:
        seconds = []
        for place in range(calls):
            one = images[place % len(images)][None]
            began = time.perf_counter()
            side.predict_proba(one)
            seconds.append(time.perf_counter() - began)
        return seconds

    return work


def _in_turns(sides: Mapping[str, Work], turns: int) -> Turns:
    for name, work in sides.items():
        work()
        print(f"warm: {name}", file=sys.stderr, flush=True)
    return alternate(sides, turns)


def _latencies(sides: Mapping[str, Callable[[], list[float]]], turns: int) -> Latencies:
    """Return the seconds of every call; one turn before gets the sides warm and is dropped."""
    found: Latencies = {name: [] for name in sides}

    def noting(name: str) -> Work:
        return lambda: found[name].append(sides[name]())

    _in_turns({name: noting(name) for name in sides}, turns)
    return {name: calls[1:] for name, calls in found.items()}


def _milliseconds(latencies: Latencies) -> dict[str, list[str]]:
    """Return every call's milliseconds; those of a turn are one text, there are thousands."""
    return {
        name: [" ".join(f"{1000 * second:.4g}" for second in calls) for calls in turns]
        for name, turns in latencies.items()
    }


def percentiles(turns: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return the median and the 99th percentile of all calls, in milliseconds."""
    calls = 1000 * np.concatenate([np.asarray(turn) for turn in turns])
    return {f"p{at}": results.significant(float(np.percentile(calls, at))) for at in (50, 99)}


def _ratios(seconds: Turns) -> dict[str, dict[str, float]]:
    return {name: results.spread(ratios(seconds, name, KERAS)) for name in seconds if name != KERAS}


def _cold(run: Run, image: np.ndarray, turns: int) -> dict[str, Any]:
    from PIL import Image

    picture = run.path.parent / "picture.png"
    Image.fromarray(image).save(picture)
    without = Path(shutil.copytree(run.path, run.path.with_name("without")))
    Run(without).exported_file("onnx").unlink()
    sides: dict[str, Work] = {
        COLD: _predicting(run.path, picture),
        COLD_PYTORCH: _predicting(without, picture),
    }
    seconds = _in_turns(sides, turns)
    return {
        "cold_seconds": {name: [round(s, 4) for s in values] for name, values in seconds.items()},
        "cold": {name: results.spread(values) for name, values in seconds.items()},
    }


def _predicting(run: Path, picture: Path) -> Work:
    def work() -> None:
        processes.run([processes.SMALTI, "predict", str(run), str(picture)])

    return work
