"""The recipes of the classical methods, the same for every data set."""

from __future__ import annotations

from typing import Any

from smalti.recipes.fields import Recipe


def classical(method: str) -> dict[str, Any]:
    """Return the fields of the recipe named after a classical method, by dotted name."""
    return {"baseline.name": method, **_VALUES[method]}


# Chosen on 2,000 pictures held out of the training parts of MNIST and CIFAR-10, fitted on 2,000 and
# 4,000 others: a first choice, not tuned on the whole. On 10,000 pictures of CIFAR-10 a core needs
# 35 s (rbf-svm, growing with the square of the pictures), 37 s (linear-svm), 51 s (regression).
_VALUES: dict[str, dict[str, Any]] = {
    "knn": {"baseline.neighbours": 5},
    "pca-knn": {"baseline.components": 50, "baseline.neighbours": 5},
    "linear-svm": {"baseline.components": 200, "baseline.C": 0.01},
    "rbf-svm": {
        "baseline.pictures": 30_000,
        "baseline.components": 100,
        "baseline.C": 3.0,
    },
    "forest": {"baseline.trees": 200},
    "logistic-regression": {"baseline.C": 0.001},
}


def is_random(recipe: Recipe) -> bool:
    """Tell whether a seed changes what comes out; of the classical methods only the forest's."""
    return recipe.baseline.name in ("", "forest")
