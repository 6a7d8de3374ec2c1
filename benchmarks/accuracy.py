"""Test accuracy over seeds: the rows of the result table, each seed kept as it lands.

``python -m benchmarks accuracy ROW --seeds 3`` trains and evaluates one run a seed with the very
command that the table shows, on the test set, which ``smalti evaluate`` opens once. A seed that is
stored already is not trained again; one that was cut short is resumed. A row whose recipe has
changed starts anew: seeds of different recipes are never mixed.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import processes, results
from benchmarks.rows import ROWS, Row, row_named, taught_by
from smalti import metrics
from smalti.runs import Run

Entry = dict[str, Any]
"""What is kept of one seed."""


def measure(
    name: str,
    seeds: Iterable[int],
    folder: Path = results.RESULTS,
    runs: Path = results.RUNS,
    machine: Sequence[str] = (),
) -> Path:
    """Train and evaluate the seeds of a row that are not stored yet; store each at once.

    ``machine`` holds arguments of ``smalti train`` that choose how this machine is used
    (``--threads 1``): they are part of no row, and recorded with each seed.
    """
    row = row_named(name)
    for seed in seeds:
        # Read anew for every seed: another process may be measuring other seeds of the row.
        if seed not in stored_seeds(name, row, folder):
            _store(name, row, {seed: _one_seed(name, row, seed, runs, machine)}, folder)
    return results.place(name, folder)


def gather(source: Path, folder: Path = results.RESULTS) -> list[str]:
    """Take over the seeds that another results folder has and this one lacks.

    For rows measured on several machines. Returns ``row/seed`` of each seed taken over; those of
    another recipe than today's are left.
    """
    taken = []
    for name, row in ROWS.items():
        here = stored_seeds(name, row, folder)
        new = {
            seed: entry
            for seed, entry in stored_seeds(name, row, source).items()
            if seed not in here
        }
        if new:
            _store(name, row, new, folder)
            taken += [f"{name}/{seed}" for seed in new]
    return taken


def stored_seeds(name: str, row: Row, folder: Path = results.RESULTS) -> dict[int, Entry]:
    """Return what is stored of a row's seeds, made by the same recipe."""
    figures = results.read(name, folder)
    if figures is None or figures["recipe"] != row.digest():
        return {}
    return {entry["seed"]: entry for entry in figures["seeds"]}


def summary(entries: Sequence[Entry]) -> dict[str, Any]:
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


def _store(name: str, row: Row, new: Mapping[int, Entry], folder: Path) -> None:
    """Add seeds to those of the same recipe that are stored by now."""
    stored = {**stored_seeds(name, row, folder), **new}
    entries = [stored[seed] for seed in sorted(stored)]
    figures = {
        "method": "benchmarks/accuracy.py",
        "title": row.system,
        "system": row.key,
        "command": row.command,
        "recipe": row.digest(),
        "goal": row.aim,
        "summary": summary(entries),
        "seeds": entries,
    }
    results.write(name, figures, folder)


def _one_seed(name: str, row: Row, seed: int, runs: Path, machine: Sequence[str]) -> Entry:
    """Train one seed (or finish what an earlier try left), evaluate it, return its figures."""
    begun = results.circumstances()
    run = _trained(name, row, seed, runs, machine)
    processes.run([processes.SMALTI, "evaluate", str(run)])
    return {**_figures(Run(run), seed), "date": begun["date"], "commit": begun["commit"]}


def _trained(name: str, row: Row, seed: int, runs: Path, machine: Sequence[str]) -> Path:
    """Return the folder of a seed's finished run; its teacher is trained first."""
    home = runs / name / row.digest() / str(seed)
    begun = sorted(home.glob("*/last.safetensors"))
    if begun:
        arguments = ["--resume", str(begun[0].parent)]
    else:
        shutil.rmtree(home, ignore_errors=True)
        arguments = [*row.arguments, "--seed", str(seed), "--out", str(home), *machine]
        if row.teacher:
            teacher = _trained(row.teacher, ROWS[row.teacher], seed, runs, machine)
            arguments += taught_by(str(teacher.resolve()))
    processes.run([processes.SMALTI, "train", *arguments])
    (run,) = home.iterdir()
    return run


def _figures(run: Run, seed: int) -> Entry:
    tested, environment = run.metrics(), run.environment()
    if tested is None:
        raise RuntimeError(f"{run.path} holds no test result")
    views = run.recipe().prediction.views
    entry = {
        "seed": seed,
        "test_accuracy": tested["accuracy"],
        "n": tested["n"],
        "split": tested["split"],
        "times_opened": tested["times_opened"],
        "val_accuracy": run.best_validation(),
        "epochs": len(run.history()),
        "kept_epoch": run.classifier()["epoch"],
        "seconds": round(environment["seconds"], 1),
        "device_type": environment["device"],
        "device": environment["device_name"],
        "precision": environment["precision"],
        "threads": environment["threads"],
    }
    if "cpu_seconds" in environment:
        entry["cpu_seconds"] = round(environment["cpu_seconds"], 1)
    return entry | ({"views": views} if views > 1 else {})
