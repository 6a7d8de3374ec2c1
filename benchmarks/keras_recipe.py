"""The seeds' recipe of row D2 in Keras itself: seconds an epoch, and how good it is after each.

Keras's ``model.fit`` on TensorFlow, in a process and an environment of its own, with its own
threads: row D2's network, rotation 15°, shifts, mirror and zoom by Keras's layers, Adam at 0.001,
batch 64, the rate reduced on a plateau, the best epoch written to a file. Keras's own defaults; as
a second row tuned: mixed bfloat16, augmentation in a tf.data pipeline. CIFAR-10's training pictures
but for the tenth that validates, the same as smalti's; the test set stays closed. An epoch's
seconds are those of training, validation and checkpoint. Every epoch is stored as it lands; a
training that was cut short begins anew, as Keras's plateau does not remember.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import peer, results
from benchmarks.against_keras import DEFAULTS, Setting, described, keras_command
from benchmarks.results import Figures
from smalti import api
from smalti.data.dataset import Dataset

ROW, TUNED_ROW = "keras-recipe", "keras-recipe-tuned"
SETTINGS: dict[str, Setting] = {
    ROW: {**DEFAULTS, "augmented": True},
    TUNED_ROW: {**DEFAULTS, "augmented": True, "precision": "mixed_bfloat16", "pipeline": True},
}
"""What each row builds: Keras's defaults, and the fastest found at batch 64 (row ``keras``)."""
TARGET = 0.85
"""The accuracy that the seeds claim, and that the time to it is taken at."""

Epoch = dict[str, Any]
Seed = dict[str, Any]


def measure(
    row: str,
    seeds: Iterable[int],
    epochs: int,
    folder: Path = results.RESULTS,
    dataset: Dataset | None = None,
    command: Sequence[str] | None = None,
) -> Path:
    """Train with every seed that is not stored with as many epochs; store each epoch at once.

    ``dataset`` is CIFAR-10 unless given; ``command`` starts the peer, as in ``against_keras``.
    """
    for seed in seeds:
        if len(_stored(row, folder).get(seed, {}).get("epochs", ())) < epochs:
            _train(row, seed, epochs, folder, dataset or api.load_data("cifar10"), command)
    return results.place(row, folder)


def time_to(target: float, seeds: Sequence[Seed]) -> Figures | None:
    """Return epochs and seconds until validation first reached the target: the median over seeds.

    None where a seed did not reach it. Seconds are epochs × the median epoch of the seed.
    """
    needed = [_first_at(target, seed["epochs"]) for seed in seeds]
    if not needed or None in needed:
        return None
    whole = [count for count in needed if count is not None]
    return {
        "epochs": median(whole),
        "seconds": results.significant(
            median(
                count * median(epoch["seconds"] for epoch in seed["epochs"])
                for count, seed in zip(whole, seeds, strict=True)
            )
        ),
    }


def _first_at(target: float, epochs: Sequence[Epoch]) -> int | None:
    reached = (epoch["epoch"] for epoch in epochs if epoch["val_accuracy"] >= target)
    return next(reached, None)


def _train(
    row: str,
    seed: int,
    epochs: int,
    folder: Path,
    dataset: Dataset,
    command: Sequence[str] | None,
) -> None:
    begun = results.circumstances()
    entry: Seed = {"seed": seed, "date": begun["date"], "commit": begun["commit"], "epochs": []}
    with tempfile.TemporaryDirectory() as scratch:
        shared = _pictures(dataset, Path(scratch))
        with peer.Process([*(command or keras_command()), str(shared)]) as process:
            versions = process.ask("versions")
            process.ask("seed", value=seed)
            process.ask("build", name=row, settings=SETTINGS[row])
            best = str(Path(scratch) / "best.keras")
            for epoch in process.follow("fit", name=row, epochs=epochs, checkpoint=best):
                entry["epochs"].append({**epoch, "seconds": round(epoch["seconds"], 2)})
                _store(row, entry, versions, folder)
                print(f"{row}, seed {seed}: {epoch}", file=sys.stderr, flush=True)


def _store(row: str, entry: Seed, versions: Figures, folder: Path) -> None:
    """Replace a seed among those that are stored by now."""
    stored = {**_stored(row, folder), entry["seed"]: entry}
    seeds = [stored[seed] for seed in sorted(stored)]
    seconds = [epoch["seconds"] for seed in seeds for epoch in seed["epochs"]]
    figures = {
        "method": "benchmarks/keras_recipe.py",
        "setting": f"row D2's network and plan in Keras: {described(SETTINGS[row])}",
        "settings": SETTINGS[row],
        "keras": versions,
        "n": len(seeds),
        "seconds_an_epoch": results.spread(seconds),
        "best_val_accuracy": max(e["val_accuracy"] for seed in seeds for e in seed["epochs"]),
        "target": TARGET,
        "time_to_target": time_to(TARGET, seeds),
        "seeds": seeds,
    }
    results.write(row, figures, folder)


def _stored(row: str, folder: Path) -> dict[int, Seed]:
    figures = results.read(row, folder)
    if figures is None or figures["settings"] != SETTINGS[row]:
        return {}
    return {entry["seed"]: entry for entry in figures["seeds"]}


def _pictures(dataset: Dataset, folder: Path) -> Path:
    """Write the training pictures, and those that validate, to a file that the peer reads."""
    train, validation = dataset.part("train"), dataset.part("validation")
    path = folder / "pictures.npz"
    np.savez(
        path,
        images=train.pictures(),
        labels=train.labels,
        validation_images=validation.pictures(),
        validation_labels=validation.labels,
    )
    return path
