"""How long a comparison will take: a few steps of each variant, timed before it begins."""

from __future__ import annotations

import time
from dataclasses import replace

from smalti import device
from smalti.baselines.classifier import fitted
from smalti.data.dataset import Dataset
from smalti.recipes import Recipe
from smalti.training.progress import Listener
from smalti.training.trainer import Trainer

STEPS = 4
FEWEST_PICTURES = 256
"""Timed at the least: with small batches a few steps are too short to be timed."""

METHOD_PICTURES = 1000
"""Pictures that a classical method is fitted on to be timed."""

_GROWTH = {
    "knn": (0.0, 1.0),
    "pca-knn": (1.0, 1.0),
    "linear-svm": (1.0, 0.0),
    "rbf-svm": (2.0, 1.0),
    "forest": (1.15, 0.0),
    "logistic-regression": (1.0, 0.0),
}
"""How fitting, and answering for one picture, grow with training pictures: the exponents."""


def estimated_seconds(recipe: Recipe, dataset: Dataset) -> float:
    """Return about how many seconds a run of the recipe will take, all its epochs counted.

    Builds the network, so that a recipe of which none can be built is an error here.
    """
    if recipe.baseline.name:
        return _of_method(recipe, dataset)
    return _of_network(recipe, dataset)


def _of_network(recipe: Recipe, dataset: Dataset) -> float:
    training = recipe.training
    wanted = max(STEPS * training.batch_size, FEWEST_PICTURES)
    sample = dataset.sample(wanted)
    hardware = device.choose(
        training.device, training.precision, training.threads, training.deterministic,
        training.layout,
    )  # fmt: skip
    # A teacher's answers are left out: it would want to see every picture first.
    timed = replace(recipe, training=replace(training, teacher=""))
    trainer = Trainer(timed, sample, hardware)
    silent = Listener()
    trainer.train_epoch(1, 1.0, silent)  # the first is slow: memory is fetched, kernels are chosen
    began = time.perf_counter()
    trainer.train_epoch(1, 1.0, silent)
    trained = time.perf_counter()
    trainer.validate()
    judged = time.perf_counter()
    epoch = (trained - began) * _times(dataset, sample, "train")
    epoch += (judged - trained) * _times(dataset, sample, "validation")
    return training.epochs * epoch


def _of_method(recipe: Recipe, dataset: Dataset) -> float:
    config = recipe.baseline
    n = min(config.pictures or len(dataset.part("train")), len(dataset.part("train")))
    tried = min(n, METHOD_PICTURES)
    small = replace(recipe, baseline=replace(config, pictures=tried))
    classifier, fitting = fitted(small, dataset)
    part = dataset.parts.get("validation") or dataset.part("test")
    judged = part.sample(200)
    began = time.perf_counter()
    classifier.logits_of(judged)
    answering = (time.perf_counter() - began) / len(judged) * len(part)
    of_fitting, of_answering = _GROWTH[config.name]
    return fitting.seconds * (n / tried) ** of_fitting + answering * (n / tried) ** of_answering


def _times(dataset: Dataset, sample: Dataset, part: str) -> float:
    if part not in dataset.parts:
        return 0.0
    return len(dataset.part(part)) / len(sample.part(part))
