"""A fitted classical method as a classifier: pictures in, logits out."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from smalti import names
from smalti.classifier.protocol import Classifier
from smalti.data.dataset import Dataset
from smalti.machine import usable_cores
from smalti.recipes import Recipe
from smalti.wording import count, percent

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

LOWEST = 1e-6
"""What a probability of 0 is stored as: its logarithm would be no number."""

CHUNK = 1000
"""Pictures judged at once: distances and kernel values of all would fill the memory."""


@dataclass(frozen=True)
class Fitting:
    """How a method was fitted: what has to be said beside its figures, and how long it took."""

    facts: tuple[str, ...]
    pictures: int
    threads: int
    seconds: float
    cpu_seconds: float


class BaselineClassifier(Classifier):
    """Answers with the logarithm of the method's probabilities, or with its scores.

    A support vector machine has scores, of which the largest decides; they are no logarithms of
    probabilities (Platt's, which scikit-learn can add, cost five more fits and may contradict the
    machine's own decision).
    """

    def __init__(self, pipeline: Pipeline, dataset: Dataset, threads: int) -> None:
        self._pipeline = pipeline
        self._threads = threads
        self.class_names = dataset.class_names
        self.input_shape = dataset.image_shape
        self.gives_probabilities = hasattr(pipeline, "predict_proba")

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return float32 N×K; classes that the method was not shown get the lowest value."""
        with _limited(self._threads):
            chunks = [
                self._answers(_pixels(images[start : start + CHUNK]))
                for start in range(0, len(images), CHUNK)
            ]
        return np.concatenate(chunks).astype(np.float32)

    def _answers(self, pixels: np.ndarray) -> np.ndarray:
        if self.gives_probabilities:
            found = np.log(np.maximum(self._pipeline.predict_proba(pixels), LOWEST))
        else:
            found = self._pipeline.decision_function(pixels)
            if found.ndim == 1:  # two classes: how far on the second one's side
                found = np.stack([-found, found], axis=1)
        known = self._pipeline.classes_
        if len(known) == len(self.class_names):
            return found
        lowest = np.log(LOWEST) if self.gives_probabilities else found.min(axis=1) - 1.0
        answers = np.empty((len(pixels), len(self.class_names)))
        answers[:] = np.reshape(lowest, (-1, 1))
        answers[:, known] = found
        return answers


def fitted(recipe: Recipe, dataset: Dataset) -> tuple[BaselineClassifier, Fitting]:
    """Fit a recipe's classical method on the training pictures; the same seed, the same answers."""
    config = recipe.baseline
    whole = dataset.part("train")
    part = whole.sample(config.pictures or len(whole))
    threads = recipe.training.threads or usable_cores()
    pixels = _pixels(part.pictures())
    make = names.BASELINES[config.name].load()
    pipeline = make(config, pixels.shape[1], len(part), recipe.seed)
    _use_threads(pipeline, threads)
    began, cpu = time.perf_counter(), time.process_time()
    with _limited(threads), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        pipeline.fit(pixels, part.labels)
    spent, cpu = time.perf_counter() - began, time.process_time() - cpu
    classifier = BaselineClassifier(pipeline, dataset, threads)
    unfinished = any(_is_unfinished(warning.category) for warning in said)
    facts = _facts(pipeline, len(part), len(whole), classifier.gives_probabilities, unfinished)
    return classifier, Fitting(tuple(facts), len(part), threads, spent, cpu)


def _pixels(pictures: np.ndarray) -> np.ndarray:
    """Return float32 N×features from 0 to 1."""
    flat: np.ndarray = pictures.reshape(len(pictures), -1).astype(np.float32)
    flat /= 255
    return flat


def _use_threads(pipeline: Pipeline, threads: int) -> None:
    last = pipeline[-1]
    if type(last).__name__ == "RandomForestClassifier":
        last.set_params(n_jobs=threads)


def _limited(threads: int) -> Any:
    from threadpoolctl import threadpool_limits

    return threadpool_limits(threads)


def _is_unfinished(category: type[Warning]) -> bool:
    from sklearn.exceptions import ConvergenceWarning

    return issubclass(category, ConvergenceWarning)


def _facts(
    pipeline: Pipeline, used: int, there: int, probabilities: bool, unfinished: bool
) -> list[str]:
    facts = []
    if used < there:
        facts.append(f"fitted on {count(used)} of {count(there)} training pictures")
    if "reduce" in pipeline.named_steps:
        reduction = pipeline.named_steps["reduce"]
        kept = percent(float(reduction.explained_variance_ratio_.sum()), 1)
        facts.append(f"{count(reduction.n_components_)} principal components ({kept} of variance)")
    if not probabilities:
        facts.append("its outputs are scores, not probabilities")
    if unfinished:
        facts.append("stopped before it had converged")
    return facts
