"""Test accuracy over seeds: the rows of the result table, each seed kept as it lands.

``python -m benchmarks accuracy ROW --seeds 3`` trains and evaluates one run a seed with the very
command that the table shows, on the official test set, which ``smalti evaluate`` opens once. A
seed that is stored already is not trained again; one that was cut short is resumed. A row whose
recipe has changed starts anew: seeds of different recipes are never mixed.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import processes, results
from smalti import metrics
from smalti.recipes import Recipe, resolve
from smalti.recipes.options import flatten
from smalti.runs import Run

RUNS = Path(__file__).resolve().parent / "runs"


@dataclass(frozen=True)
class Row:
    """One line of the result table.

    What it is, its key among the systems that set the floor, the data set, the recipe, its length
    in epochs, and the accuracy it has to reach.
    """

    title: str
    system: str
    data: str
    recipe: str
    epochs: int
    goal: float

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows ``smalti train``."""
        return (self.data, "--recipe", self.recipe, "--epochs", str(self.epochs))

    @property
    def command(self) -> str:
        return " ".join(("smalti train", *self.arguments))

    def digest(self) -> str:
        """Return a short hash of the recipe as it resolves today: what is not a field's default.

        So a field that is new, and does nothing unless set, leaves stored seeds valid.
        """
        recipe = flatten(resolve(self.recipe, self.data, {"training.epochs": self.epochs}))
        defaults = flatten(Recipe())
        chosen = {name: value for name, value in recipe.items() if value != defaults[name]}
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:12]


ROWS = {
    "mnist-dense": Row("MNIST, dense network", "A1", "mnist", "dense", 20, 0.983),
    "mnist-cnn": Row("MNIST, CNN", "D1", "mnist", "cnn", 10, 0.994),
    "fashion-mnist-cnn": Row("Fashion-MNIST, CNN", "E3", "fashion-mnist", "cnn", 12, 0.925),
    "cifar10-cnn": Row("CIFAR-10, CNN", "D2", "cifar10", "cnn", 10, 0.83),
}


def measure(
    name: str, seeds: Sequence[int], folder: Path = results.RESULTS, runs: Path = RUNS
) -> Path:
    """Train and evaluate the seeds of a row that are not stored yet; store each at once."""
    row = ROWS[name]
    stored = stored_seeds(name, row, folder)
    for seed in seeds:
        if seed not in stored:
            stored[seed] = _one_seed(row, seed, runs / name / row.digest())
            _store(name, row, stored, folder)
    return _store(name, row, stored, folder)


def stored_seeds(name: str, row: Row, folder: Path = results.RESULTS) -> dict[int, Any]:
    """Return what is stored of a row's seeds, made by the same recipe."""
    figures = results.read(name, folder)
    if figures is None or figures["recipe"] != row.digest():
        return {}
    return {entry["seed"]: entry for entry in figures["seeds"]}


def summary(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return mean, deviation over seeds (None for one), the 95 % interval at the mean, and n."""
    mean, deviation = metrics.mean_and_deviation([e["test_accuracy"] for e in entries])
    n = entries[0]["n"]
    low, high = metrics.wilson_interval(mean, n)
    return {
        "mean": round(mean, 6),
        "sd": None if math.isnan(deviation) else round(deviation, 6),
        "low": round(low, 6),
        "high": round(high, 6),
        "n": n,
        "seconds": round(sum(e["seconds"] for e in entries) / len(entries), 1),
    }


def _store(name: str, row: Row, stored: dict[int, Any], folder: Path) -> Path:
    entries = [stored[seed] for seed in sorted(stored)]
    figures = {
        "method": "benchmarks/accuracy.py",
        "title": row.title,
        "system": row.system,
        "command": row.command,
        "recipe": row.digest(),
        "goal": row.goal,
        "summary": summary(entries),
        "seeds": entries,
    }
    return results.write(name, figures, folder)


def _one_seed(row: Row, seed: int, parent: Path) -> dict[str, Any]:
    """Train one seed (or finish what an earlier try left), evaluate it, return its figures."""
    home = parent / str(seed)
    begun = sorted(home.glob("*/last.safetensors"))
    if begun:
        arguments = ["--resume", str(begun[0].parent)]
    else:
        shutil.rmtree(home, ignore_errors=True)
        arguments = [*row.arguments, "--seed", str(seed), "--out", str(home)]
    processes.run([processes.SMALTI, "train", *arguments])
    (run,) = home.iterdir()
    processes.run([processes.SMALTI, "evaluate", str(run)])
    return _figures(Run(run), seed)


def _figures(run: Run, seed: int) -> dict[str, Any]:
    tested, environment = run.metrics(), run.environment()
    if tested is None:
        raise RuntimeError(f"{run.path} holds no test result")
    best = max((row["val_accuracy"] or 0.0) for row in run.history())
    return {
        "seed": seed,
        "test_accuracy": tested["accuracy"],
        "n": tested["n"],
        "split": tested["split"],
        "times_opened": tested["times_opened"],
        "val_accuracy": best,
        "epochs": len(run.history()),
        "kept_epoch": run.classifier()["epoch"],
        "seconds": round(environment["seconds"], 1),
        "device": environment["device_name"],
        "precision": environment["precision"],
        **{key: results.circumstances()[key] for key in ("date", "commit")},
    }
