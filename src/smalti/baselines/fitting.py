"""Fitting a classical method into a run folder, and once more where its test pictures are opened.

The folder has what a run has but a model: config, environment, description, validation outputs.
"""

from __future__ import annotations

import platform
import shlex
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from smalti.baselines.classifier import BaselineClassifier, Fitting, fitted
from smalti.classifier.protocol import Classifier
from smalti.data.dataset import Dataset
from smalti.device import cpu_name
from smalti.errors import SmaltiError, log
from smalti.recipes import Recipe, to_dict
from smalti.runs import BASELINE, Run
from smalti.training.environment import data_record, git_commit, now
from smalti.training.session import completed
from smalti.version import __version__
from smalti.wording import count, duration, percent

_TIMED_PICTURES = 1000
_LONG_ENOUGH = 0.2
"""Seconds of passes to time: a single one of a small network would be shorter than a hiccup."""


def start(
    recipe: Recipe, dataset: Dataset, out: str | Path = "runs", command: str = ""
) -> tuple[Run, BaselineClassifier]:
    """Fit a new run; return its folder ``out/<data>-<recipe>-<seed>`` and what was fitted."""
    recipe = completed(recipe, dataset)
    run = Run.create(out, f"{dataset.name}-{recipe.name}-{recipe.seed}", to_dict(recipe))
    return run, fit_into(run, recipe, dataset, command)


def fit_into(run: Run, recipe: Recipe, dataset: Dataset, command: str = "") -> BaselineClassifier:
    """Fit, judge the validation pictures, and write what a run holds; return what was fitted."""
    method, n = recipe.baseline.name, recipe.baseline.pictures or len(dataset.part("train"))
    log.info("fitting %s on %s pictures", method, count(min(n, len(dataset.part("train")))))
    record = _environment(recipe, dataset, command)
    run.write_environment(record)
    run.write_classifier(_description(recipe, dataset))
    classifier, fitting = fitted(recipe, dataset)
    judged = _judge(run, classifier, dataset)
    run.write_environment({**record, **_results(classifier, fitting), **judged, "finished": now()})
    return classifier


def say_fitted(run: Run) -> None:
    """Say how long the fit took, and how good it is on validation."""
    seconds, validation = run.environment()["seconds"], run.best_validation()
    said = f", validation {percent(validation)}" if validation is not None else ""
    log.info("%s fitted in %s%s", run.recipe().baseline.name, duration(seconds), said)


def refitted(run: Run, dataset: Dataset) -> BaselineClassifier:
    """Return the run's method, fitted again as it was: nothing of it is stored.

    The same seed and pictures give the same machine; validation outputs that came out otherwise,
    as another version of scikit-learn may make them, are said.
    """
    recipe = run.recipe()
    log.info("%s keeps no model: it is fitted again for this.", recipe.baseline.name)
    classifier, _ = fitted(recipe, dataset)
    stored = run.outputs("validation")
    if stored is not None and "validation" in dataset.parts:
        part = dataset.part("validation")
        answers = classifier.logits_of(part).argmax(axis=1)
        differing = int((answers != stored[0].argmax(axis=1)).sum())
        if differing:
            log.warning(
                "%s answers %s of %s validation pictures otherwise than when %s was made.",
                recipe.baseline.name, count(differing), count(len(part)), run.path,
            )  # fmt: skip
    return classifier


def is_finished(run: Run) -> bool:
    """Tell whether a classical method's run is complete."""
    try:
        record = run.environment()
        judged = run.outputs("validation") is not None or not record["data"]["validation"]
        return bool(record.get("finished")) and judged
    except (SmaltiError, KeyError):
        return False


def cannot_resume(run: Run) -> SmaltiError:
    """Return the error for continuing what knows no epochs."""
    config = shlex.quote(str(run.config_file))
    return SmaltiError(
        f"{run.path} is of a classical method, which is fitted at once and not resumed.",
        f"Fit it anew with: smalti train --recipe {config}",
    )


def _judge(run: Run, classifier: BaselineClassifier, dataset: Dataset) -> dict[str, Any]:
    """Store the validation outputs; return how long the answers took, nothing without the part."""
    if "validation" not in dataset.parts:
        return {}
    part = dataset.part("validation")
    pictures = part.pictures()
    run.write_outputs("validation", classifier.logits(pictures), part.labels)
    asked = part.sample(_TIMED_PICTURES).pictures()
    seconds = statistics.median(timed_passes(classifier, asked))
    return {"images_per_second": round(len(asked) / seconds, 1)}


def timed_passes(classifier: Classifier, pictures: np.ndarray) -> list[float]:
    """Return the seconds of each pass over the pictures, as many as a fifth of a second takes."""
    times: list[float] = []
    while sum(times) < _LONG_ENOUGH:
        began = time.perf_counter()
        classifier.logits(pictures)
        times.append(time.perf_counter() - began)
    return times


def _results(classifier: BaselineClassifier, fitting: Fitting) -> dict[str, Any]:
    return {
        "seconds": round(fitting.seconds, 2),
        "cpu_seconds": round(fitting.cpu_seconds, 2),
        "threads": fitting.threads,
        "baseline": {
            "pictures": fitting.pictures,
            "outputs": "probabilities" if classifier.gives_probabilities else "scores",
            "facts": list(fitting.facts),
        },
    }


def _environment(recipe: Recipe, dataset: Dataset, command: str) -> dict[str, Any]:
    import sklearn

    return {
        "smalti": __version__,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
        "processor": cpu_name(),
        "device": "cpu",
        "device_name": cpu_name(),
        "data": data_record(recipe, dataset),
        "seed": recipe.seed,
        "command": command or " ".join(sys.argv),
        "started": now(),
    }


def _description(recipe: Recipe, dataset: Dataset) -> dict[str, Any]:
    """Return what the figures are of; there is no model, so that nothing can predict with it."""
    return {
        "kind": BASELINE,
        "smalti": __version__,
        "model": {"name": recipe.baseline.name},
        "class_names": list(dataset.class_names),
        "input_shape": list(dataset.image_shape),
        "preprocessing": {"scale": "0-1"},
        "data": dataset.name,
    }
