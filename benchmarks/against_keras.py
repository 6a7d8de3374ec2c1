"""Training speed against Keras: row D2's network, ``model.fit`` and smalti in turns.

Both train on the same CIFAR-10 pictures, batch 64, Adam, without validation. Keras runs on
TensorFlow in a process and an environment of its own, with its own default threads: float32, NumPy
arrays in, every setting of ``fit`` and ``compile`` that is not named at its default. A second side
is Keras tuned: the fastest of mixed_bfloat16 or float32, compiled by XLA or not, batch 64 or 256,
found in a short trial in the same run. Both are measured without augmentation and with row D2's
(mirror, shifts, rotation, zoom); Keras augments with its layers in the model, and tuned there or in
a tf.data pipeline, whichever is faster. smalti is the loop of ``smalti train``, in the precision
that it chooses here, and in float32 where that is another.

Only one side works at a time. Inside the time: one pass over the pictures, with loss and accuracy
as both keep them, shuffling included. The first pass of each side (tracing, compilation) is given
separately. Ratios are taken turn by turn; every turn is kept.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peer, results
from benchmarks.alternating import Turns, Work, alternate, ratios
from benchmarks.results import Figures
from benchmarks.throughput import smalti_epochs
from smalti import api, device
from smalti.data.dataset import Dataset, Part
from smalti.recipes import Recipe
from smalti.recipes.options import with_options

BATCH = 64
KERAS_PARAMETERS, PARAMETERS = 816_938, 815_530
"""Row D2 as Keras counts (with running means and variances) and as PyTorch does."""

SMALTI, SMALTI_FLOAT32, SMALTI_AUGMENTED = "smalti", "smalti, float32", "smalti, augmented"
KERAS, TUNED = "Keras", "Keras tuned"
KERAS_AUGMENTED, TUNED_AUGMENTED = "Keras, augmented", "Keras tuned, augmented"

Setting = dict[str, Any]
DEFAULTS: Setting = {
    "precision": "float32", "jit": None, "batch": BATCH, "augmented": False, "pipeline": False,
}  # fmt: skip
"""Keras's own choices; see ``keras_peer.Peer.build``."""

CANDIDATES: tuple[Setting, ...] = tuple(
    {**DEFAULTS, "precision": precision, "jit": jit, "batch": batch}
    for precision, jit, batch in product(
        ("float32", "mixed_bfloat16"), (False, True), (BATCH, 4 * BATCH)
    )
)
"""What tuning tries."""

_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


@dataclass(frozen=True)
class Comparison:
    """One line of the table: a side against a baseline, what it is in words, and the goal."""

    name: str
    side: str
    baseline: str
    what: str
    goal: str = "–"

    def words(self, figures: Figures) -> str:
        """Return what is compared, with what this machine made of it."""
        chosen = figures["chosen"]
        return self.what.format(
            smalti=f"{chosen['precision']}: {chosen['reason']}",
            tuned=described(figures["tuned"]),
            tuned_augmented=described(figures["tuned_augmented"]),
        )


COMPARISONS = (
    Comparison(
        "defaults", SMALTI, KERAS,
        "smalti ({smalti}) against Keras's `model.fit`, its defaults", "≥ 2 ×",
    ),
    Comparison(
        "float32", SMALTI_FLOAT32, KERAS,
        "smalti in float32, as without AVX512-BF16, against the same",
    ),
    Comparison("tuned", SMALTI, TUNED, "smalti against Keras tuned: {tuned}"),
    Comparison(
        "augmented", SMALTI_AUGMENTED, KERAS_AUGMENTED,
        "smalti against Keras's defaults, both augmenting",
    ),
    Comparison(
        "tuned, augmented", SMALTI_AUGMENTED, TUNED_AUGMENTED,
        "smalti against Keras tuned, both augmenting: {tuned_augmented}",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Extent:
    """How much is measured: turns, steps of batch 64 a turn, and what tuning tries."""

    turns: int = 5
    steps: int = 100
    trial_steps: int = 40
    candidates: Sequence[Setting] = CANDIDATES

    def quick(self) -> Extent:
        """Return the same with hardly any work, to see that it runs; its figures mean nothing."""
        return replace(self, steps=4, trial_steps=4, candidates=self.candidates[-1:])


class KerasSides:
    """Keras's models in their process, built as settings say and trained on request."""

    def __init__(self, process: peer.Process, steps: int) -> None:
        self.process, self.images = process, steps * BATCH

    def side(self, name: str, setting: Setting) -> Work:
        """Build row D2's network under a name; return the work of one pass over the pictures."""
        built = self.process.ask("build", name=name, settings=setting)
        if built["parameters"] != KERAS_PARAMETERS:
            raise RuntimeError(
                f"expected {KERAS_PARAMETERS:,} parameters of row D2's network, "
                f"not {built['parameters']:,}"
            )
        return self.training(name, self.images)

    def training(self, name: str, images: int) -> Work:
        """Return the work of one pass of a model over the first pictures."""

        def work() -> None:
            self.process.ask("train", name=name, images=images)

        return work

    def fastest(self, candidates: Sequence[Setting], steps: int) -> tuple[Setting, list[Setting]]:
        """Return the candidate with most images a second in a short trial, and all trials."""
        trials = []
        for candidate in candidates:
            name, images = f"trial of {described(candidate)}", steps * BATCH
            self.side(name, candidate)
            work = self.training(name, images)
            work()  # tracing and compilation
            speed = results.significant(images / seconds_of(work))
            trials.append({**candidate, "images_per_second": speed})
            _say(f"{described(candidate)}: {speed:g} images a second")
        best = max(range(len(trials)), key=lambda place: trials[place]["images_per_second"])
        return dict(candidates[best]), trials


def measure(
    extent: Extent,
    folder: Path = results.RESULTS,
    dataset: Dataset | None = None,
    command: Sequence[str] | None = None,
) -> Path:
    """Measure and store the row ``keras``.

    ``dataset`` is CIFAR-10 unless given; ``command`` starts the peer (the file with the pictures is
    added), unless given in Keras's own environment, which is made first.
    """
    pictures = api.load_data("cifar10") if dataset is None else dataset
    with tempfile.TemporaryDirectory() as scratch:
        shared = _first_pictures(pictures, extent.steps * BATCH, Path(scratch))
        command = command or keras_command()
        with peer.Process([*command, str(shared)]) as process:
            figures = _figures(KerasSides(process, extent.steps), shared, extent)
    return results.write("keras", figures, folder)


def keras_command() -> list[str]:
    """Return what starts the peer in Keras's own environment, which is made where it is missing."""
    # -P: the folder of the script holds modules whose names others may have, too.
    script = Path(__file__).with_name("keras_peer.py")
    return [str(peer.environment(peer.KERAS)), "-P", str(script)]


def _figures(keras: KerasSides, shared: Path, extent: Extent) -> Figures:
    versions = keras.process.ask("versions")
    tuned, trials = keras.fastest(extent.candidates, extent.trial_steps)
    augmented, more = keras.fastest(ways_to_augment(tuned), extent.trial_steps)
    sides = {**smalti_sides(shared), **_keras_sides(keras, tuned, augmented)}
    first = {name: round(seconds_of(work), 2) for name, work in sides.items()}
    seconds = alternate(_saying(sides), extent.turns)
    chosen = device.choose("cpu")
    return {
        "method": "benchmarks/against_keras.py",
        "setting": f"row D2's network, batch {BATCH}, {keras.images} CIFAR-10 pictures a turn",
        "turns": extent.turns,
        "chosen": {
            "precision": chosen.precision,
            "reason": chosen.reason,
            "threads": chosen.threads,
        },
        "cpu_flags": {flag: flag in device.cpu_flags() for flag in _FLAGS},
        "keras": versions,
        "tuned": tuned,
        "tuned_augmented": augmented,
        "trials": trials + more,
        "first_seconds": first,
        "images_per_second": _speeds(seconds, keras.images),
        "ratio": _ratios(seconds),
    }


def _speeds(seconds: Turns, images: int) -> dict[str, list[float]]:
    return {
        name: [results.significant(images / second) for second in values]
        for name, values in seconds.items()
    }


def _ratios(seconds: Turns) -> dict[str, dict[str, float]]:
    return {
        comparison.name: results.spread(ratios(seconds, comparison.side, comparison.baseline))
        for comparison in COMPARISONS
        if comparison.side in seconds
    }


def ways_to_augment(setting: Setting) -> tuple[Setting, Setting]:
    """Return a setting with augmentation in a tf.data pipeline, and with it in the model.

    XLA does not compile the layers that move pictures: in the model, there is none.
    """
    augmented = {**setting, "augmented": True}
    return {**augmented, "pipeline": True}, {**augmented, "pipeline": False, "jit": False}


def _keras_sides(keras: KerasSides, tuned: Setting, augmented: Setting) -> dict[str, Work]:
    settings = {
        KERAS: DEFAULTS,
        TUNED: tuned,
        KERAS_AUGMENTED: {**DEFAULTS, "augmented": True},
        TUNED_AUGMENTED: augmented,
    }
    return {name: keras.side(name, setting) for name, setting in settings.items()}


def smalti_sides(shared: Path) -> dict[str, Work]:
    """Return the work of smalti's epochs on the shared pictures, in this process."""
    with np.load(shared) as content:
        part = Part.whole(content["images"], content["labels"])
    names = tuple(str(digit) for digit in range(10))
    dataset = Dataset("shared", "shared", names, {"train": part}, fingerprint="shared")
    chosen, plain = device.choose("cpu"), device.choose("cpu", precision="float32")
    sides = {
        SMALTI: smalti_epochs(dataset, chosen, recipe()),
        SMALTI_AUGMENTED: smalti_epochs(dataset, chosen, recipe(augmented=True)),
    }
    if chosen.precision != "float32":
        sides[SMALTI_FLOAT32] = smalti_epochs(dataset, plain, recipe())
    return sides


def recipe(augmented: bool = False) -> Recipe:
    """Return row D2's network with Keras's plan: Adam at 0.001, batch 64, nothing else."""
    options: dict[str, Any] = {
        "model.name": "cnn",
        "model.filters": (32, 64, 128),
        "model.hidden": (256,),
        "model.dropout": 0.25,
        "model.head_dropout": 0.5,
        "optimizer.name": "adam",
        "optimizer.learning_rate": 1e-3,
        "schedule.name": "constant",
        "training.batch_size": BATCH,
        "training.epochs": 1000,
    }
    if augmented:
        options |= {
            "augmentation.policy": "affine",
            "augmentation.horizontal_flip": True,
            "augmentation.shift": 0.1,
            "augmentation.rotation": 15.0,
            "augmentation.zoom": 0.1,
        }
    return with_options(Recipe(), options)


def described(setting: Mapping[str, Any]) -> str:
    """Return a setting of Keras in words."""
    compiled, piped = ", XLA" * bool(setting["jit"]), ", tf.data" * setting["pipeline"]
    return f"{setting['precision']}{compiled}{piped}, batch {setting['batch']}"


def seconds_of(work: Work) -> float:
    """Return how long a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _first_pictures(dataset: Dataset, n: int, folder: Path) -> Path:
    """Write the first training pictures to a file that both sides read."""
    part = dataset.part("train")
    if len(part) < n:
        raise RuntimeError(f"expected at least {n:,} training pictures, not {len(part):,}")
    rows = np.arange(n)
    path = folder / "pictures.npz"
    np.savez(path, images=part.pictures(rows), labels=part.labels[rows])
    return path


def _saying(sides: Mapping[str, Work]) -> dict[str, Work]:
    """Return the same work, each telling when it is done: a measurement takes minutes."""

    def telling(name: str, work: Work) -> Work:
        def work_and_tell() -> None:
            work()
            _say(f"done: {name}")

        return work_and_tell

    return {name: telling(name, work) for name, work in sides.items()}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
