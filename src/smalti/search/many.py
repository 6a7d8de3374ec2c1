"""Training a list of recipes one after another, with flat memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from smalti.baselines import fitting
from smalti.data.dataset import Dataset
from smalti.recipes import Recipe
from smalti.runs import Run
from smalti.training.progress import Listener
from smalti.training.session import start


def train_many(
    recipes: Iterable[Recipe],
    dataset: Dataset,
    out: str | Path = "runs",
    make_listener: Callable[[], Listener] = Listener,
    command: str = "",
) -> Iterator[Run]:
    """Train each recipe on the same data into a folder of its own, and yield the finished runs.

    Each run is complete, and resumable by itself, before the next one begins. What a training
    held is let go before the next, so that memory is that of one training however many there are.
    """
    for recipe in recipes:
        if recipe.baseline.name:
            run, _ = fitting.start(recipe, dataset, out, command)
            fitting.say_fitted(run)
        else:
            run = start(recipe, dataset, out, make_listener(), command)
        # Models and optimizers refer to each other; waiting for Python's own collection would
        # keep several of them alive.
        gc.collect()
        yield run
