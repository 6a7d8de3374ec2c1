"""What can be changed in a given recipe: only fields that it listens to, only better values.

Every remedy is tried on the recipe before it is given: what ``smalti train`` would refuse, or what
would change nothing, is not said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from smalti import names
from smalti.advice.finding import Remedy
from smalti.errors import SmaltiError
from smalti.recipes import Recipe, with_options
from smalti.recipes.doubts import require_validation
from smalti.recipes.options import flatten

USUAL_RATES: Mapping[str, tuple[float, float]] = {
    "adam": (3e-4, 1e-2),
    "adamw": (3e-4, 1e-2),
    "radam": (3e-4, 1e-2),
    "sgd": (1e-2, 0.5),
    "muon": (3e-4, 1e-2),
}
"""Learning rates that small networks with batches of 32 to 256 usually bear, by optimizer."""

_DECAYS: Mapping[str, tuple[float, ...]] = {
    # Decoupled decay is multiplied by the rate, an L2 penalty is not: other sizes do the same.
    "adamw": (0.01, 0.05),
    "radam": (0.01, 0.05),
    "muon": (0.5, 1.0),
    "adam": (1e-4, 5e-4),
    "sgd": (5e-4, 1e-3),
}

_MIXUP = 0.2
"""Between the 0.1 and 0.4 that its authors found good on ImageNet (Zhang et al. 2018)."""

MOST_EPOCHS = 200
"""Longer plans than this are nobody's first thing to try."""


def remedies(recipe: Recipe, *changes: Mapping[str, Any]) -> tuple[Remedy, ...]:
    """Return those changes that ``smalti train`` takes and that change something, in order."""
    found = (_accepted(recipe, change) for change in changes)
    return tuple(remedy for remedy in found if remedy is not None)


def against_overfitting(recipe: Recipe, data: str) -> tuple[Remedy, ...]:
    """Return what keeps a network from learning its pictures by heart, best first."""
    return remedies(recipe, more_augmentation(recipe, data), _more_dropout(recipe), _decay(recipe))


def more_augmentation(recipe: Recipe, data: str) -> dict[str, Any]:
    """Return the moves of the recipe `cnn` for a data set, or MixUp where moves are made."""
    if recipe.augmentation.policy == "none":
        moves = names.RECIPES["cnn"].load()(data)
        return {key: value for key, value in moves.items() if _is_set(key, value)}
    mixed = recipe.augmentation.mixup or recipe.augmentation.cutmix
    return {} if mixed else {"augmentation.mixup": _MIXUP}


def larger_network(recipe: Recipe) -> tuple[Remedy, ...]:
    """Return a stronger kind of network, or the same one twice as wide."""
    model = recipe.model
    other = {"model.name": "cnn"} if model.name == "dense" else {}
    heard = names.MODELS[model.name].fields
    if "width" in heard:
        return remedies(recipe, other, {"model.width": 2 * model.width})
    widths = "filters" if "filters" in heard else "hidden"
    wider = tuple(2 * width for width in getattr(model, widths))
    return remedies(recipe, other, {f"model.{widths}": wider})


def smaller(recipe: Recipe, side: int) -> tuple[Remedy, ...]:
    """Return what makes a training need less memory where the batch is not what needs it."""
    model = recipe.model
    heard = names.MODELS[model.name].fields
    widths = "filters" if "filters" in heard else "hidden"
    halves = tuple(max(1, width // 2) for width in getattr(model, widths))
    less = {"data.image_size": side // 2} if side >= 32 else {}
    return remedies(recipe, less, {f"model.{widths}": halves})


def weaker_regularisation(recipe: Recipe) -> tuple[Remedy, ...]:
    """Return what lets a network learn its training pictures better, as far as it is held back."""
    model = recipe.model
    less = {f"model.{name}": 0.25 for name in ("dropout", "head_dropout") if _high(model, name)}
    return remedies(recipe, less)


def lower_rate(recipe: Recipe) -> tuple[Remedy, ...]:
    """Return a tenth of the learning rate, or the highest usual one where that is lower still."""
    highest = USUAL_RATES.get(recipe.optimizer.name, (0.0, math.inf))[1]
    return _rate(recipe, min(recipe.optimizer.learning_rate / 10, highest))


def higher_rate(recipe: Recipe) -> tuple[Remedy, ...]:
    """Return ten times the learning rate, or the lowest usual one where that is higher still."""
    lowest = USUAL_RATES.get(recipe.optimizer.name, (0.0, math.inf))[0]
    return _rate(recipe, max(recipe.optimizer.learning_rate * 10, lowest))


def _rate(recipe: Recipe, value: float) -> tuple[Remedy, ...]:
    return remedies(recipe, {"optimizer.learning_rate": float(f"{value:.3g}")})


def rate_is(recipe: Recipe) -> str:
    """Return ``"high"``, ``"low"`` or ``"usual"`` for the rate; ``""`` where nothing is known."""
    usual = USUAL_RATES.get(recipe.optimizer.name)
    if usual is None:
        return ""
    value = recipe.optimizer.learning_rate
    return "low" if value < usual[0] else "high" if value > usual[1] else "usual"


def longer(recipe: Recipe) -> tuple[Remedy, ...]:
    """Return twice the epochs."""
    epochs = min(MOST_EPOCHS, 2 * recipe.training.epochs)
    if epochs <= recipe.training.epochs:
        return ()
    return remedies(recipe, {"training.epochs": epochs})


def _accepted(recipe: Recipe, changes: Mapping[str, Any]) -> Remedy | None:
    try:
        changed = with_options(recipe, changes)
        if not changed.data.validation:
            require_validation(changed)
    except SmaltiError:
        return None
    before, after = flatten(recipe), flatten(changed)
    different = {name: value for name, value in changes.items() if before[name] != after[name]}
    return Remedy(different) if different else None


def _more_dropout(recipe: Recipe) -> dict[str, float]:
    """Return the next dropout: of stages before the head, of dense layers up to a half."""
    heard = names.MODELS[recipe.model.name].fields
    # Half of every stage's maps is more than a small convolutional network bears.
    steps = {"dropout": (0.25,) if "filters" in heard else (0.25, 0.5), "head_dropout": (0.5,)}
    for field in heard:
        higher = _next(steps.get(field, ()), getattr(recipe.model, field))
        if higher:
            return {f"model.{field}": higher}
    return {}


def _decay(recipe: Recipe) -> dict[str, float]:
    steps = _DECAYS.get(recipe.optimizer.name, ())
    higher = _next(steps, recipe.optimizer.weight_decay)
    return {"optimizer.weight_decay": higher} if higher else {}


def _next(steps: Iterable[float], present: Any) -> float | None:
    return next((step for step in steps if step > present), None)


def _is_set(name: str, value: Any) -> bool:
    return name.startswith("augmentation.") and bool(value)


def _high(model: Any, name: str) -> bool:
    return name in names.MODELS[model.name].fields and getattr(model, name) >= 0.5
