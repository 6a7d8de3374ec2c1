"""What each optimizer is customarily given: rates and decays do not carry over between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CUSTOMARY: Mapping[str, Mapping[str, Any]] = {
    "adam": {"optimizer.learning_rate": 1e-3},
    "adamw": {"optimizer.learning_rate": 2e-3, "optimizer.weight_decay": 0.01},
    "radam": {"optimizer.learning_rate": 2e-3, "optimizer.weight_decay": 0.01},
    "sgd": {"optimizer.learning_rate": 0.05, "optimizer.weight_decay": 5e-4},
    "muon": {
        "optimizer.learning_rate": 2e-3,
        "optimizer.weight_decay": 0.5,
        "optimizer.momentum": 0.95,
    },
}
"""Field values by optimizer, for small networks with batches of 64 to 500.

Muon's were tried on CIFAR-10 (validation, single seeds); the others are the field's usual ones.
"""


def optimized_by(name: str) -> dict[str, Any]:
    """Return the fields of a recipe that take this optimizer as it is customarily set."""
    return {"optimizer.name": name, **CUSTOMARY[name]}
