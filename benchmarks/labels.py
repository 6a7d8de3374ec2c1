"""Label errors found again: wrong labels planted in Fashion-MNIST's training set.

3 % of the 60,000 training labels (1,800) are exchanged, uniformly over the other nine classes; then
``smalti data check`` with five folds by the recipe ``fast`` (the plan for 92 %) ranks all of them.
Precision and recall of the 1,800 highest ranked are the same number; errors that the set had before
count as mistakes. The folds are kept and continued, so that a cut measurement goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import results
from smalti import api
from smalti.data.dataset import Dataset
from smalti.findings import Faults
from smalti.recipes import Recipe, resolve
from smalti.wording import count

ROW = "labels"
SHARE = 0.03
FOLDS = 5
DATA, RECIPE, TARGET = "fashion-mnist", "fast", 92.0
SEED = 0


def measure(
    folder: Path = results.RESULTS,
    home: Path = results.RUNS / ROW,
    dataset: Dataset | None = None,
    recipe: Recipe | None = None,
) -> Path:
    """Plant, check and store the row ``labels``; data and folds lie in ``home``."""
    dataset = dataset or api.load_data(DATA, validation=0)
    recipe = recipe or resolve(RECIPE, DATA, {"target": TARGET})
    file, planted = plant(dataset, home)
    found = api.check_data(file, recipe=recipe, folds=FOLDS, out=home, command=_COMMAND)
    figures = {
        "method": "benchmarks/labels.py",
        "setting": f"{dataset.name}, {count(len(planted))} labels planted, {FOLDS} folds",
        "recipe": recipe.name,
        "n": len(dataset.part("train")),
        **judged(found, planted),
        "seconds": round(_seconds(home), 1),
    }
    return results.write(ROW, figures, folder)


_COMMAND = "python -m benchmarks labels"


def plant(dataset: Dataset, home: Path) -> tuple[Path, np.ndarray]:
    """Write ``planted.npz`` with wrong labels; return it and the rows of those pictures."""
    train, test = dataset.part("train"), dataset.part("test")
    labels, n = train.labels.copy(), round(SHARE * len(train))
    random = np.random.default_rng(SEED)
    chosen = random.choice(len(labels), n, replace=False)
    others = random.integers(1, dataset.n_classes, n)
    labels[chosen] = (labels[chosen] + others) % dataset.n_classes
    home.mkdir(parents=True, exist_ok=True)
    file = home / "planted.npz"
    if not file.exists():
        np.savez(
            file,
            x_train=train.pictures(),
            y_train=labels,
            x_test=test.pictures(),
            y_test=test.labels,
        )
    return file, np.sort(chosen)


def judged(found: Faults, planted: np.ndarray) -> dict[str, Any]:
    """Return precision and recall of the highest ranked, as many as planted, and of the likely."""
    assert found.labels is not None
    rows = np.array([error.place.row for error in found.labels.errors], dtype=np.int64)
    likely = np.array([error.likely for error in found.labels.errors], dtype=bool)
    highest = np.isin(rows[: len(planted)], planted)
    marked = np.isin(rows[likely], planted)
    return {
        "planted": len(planted),
        "highest": {"n": len(planted), "precision": round(highest.sum() / len(planted), 4)},
        "estimated": found.labels.estimated,
        "likely": {
            "n": int(likely.sum()),
            "precision": round(float(marked.mean()), 4) if likely.any() else None,
            "recall": round(marked.sum() / len(planted), 4),
        },
    }


def _seconds(home: Path) -> float:
    """Return what the trainings of the folds took."""
    from smalti.files import read_tensors

    folds = sorted(home.glob("check-planted/folds/fold-*.safetensors"))
    return sum(float(read_tensors(path)[1]["seconds"]) for path in folds)
