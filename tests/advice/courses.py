"""Made-up courses of training, healthy unless told otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from smalti.advice.course import Course, read_course
from smalti.recipes import Recipe, resolve

EPOCHS = 12
UP = tuple(0.95 - 0.6 * np.exp(-np.arange(EPOCHS) / 1.5))
DOWN = tuple(0.15 + 2.0 * np.exp(-np.arange(EPOCHS) / 1.5))
AFFINE = {"augmentation.policy": "affine", "augmentation.shift": 0.1}


def recipe_of(name: str = "cnn", data: str = "", **options: Any) -> Recipe:
    """Return a named recipe; ``model__dropout=0.1`` sets ``model.dropout``."""
    return resolve(name, data, {key.replace("__", "."): value for key, value in options.items()})


def course_of(recipe: Recipe | None = None, seconds: float = 10.0, **changes: Any) -> Course:
    """Return a course; columns by name, the rest of :func:`read_course` too.

    Ten classes, 10,000 training and 1,000 validation pictures; as long as the shortest column.
    Validation accuracy goes as training accuracy does unless it is given.
    """
    changes.setdefault("val_accuracy", changes.get("train_accuracy", UP))
    columns = {
        name: changes.pop(name, usual)
        for name, usual in {
            "train_loss": DOWN, "train_accuracy": UP, "val_loss": DOWN, "val_accuracy": UP,
        }.items()
    }  # fmt: skip
    length = min(map(len, columns.values()))
    history = [
        {"epoch": i + 1, "lr": 0.001, "seconds": seconds} | {k: v[i] for k, v in columns.items()}
        for i in range(length)
    ]
    usual = {"n_classes": 10, "n_train": 10_000, "n_validation": 1000}
    return read_course(history, recipe or recipe_of(), **{**usual, **changes})
