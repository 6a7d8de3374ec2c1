"""From what the user typed to the complete recipe for the pictures at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from smalti import names
from smalti.errors import SmaltiError, log
from smalti.files import read_json
from smalti.recipes.fields import Recipe
from smalti.recipes.options import from_dict, with_options

DEFAULT = "cnn"

SMALLEST_UNPADDED = 24
"""Below this side in pixels valid padding eats the picture: same padding is used instead."""


def resolve(recipe: str | Recipe | Path, data: str, options: Mapping[str, Any]) -> Recipe:
    """Return the recipe named (or read from a JSON file) for a data set, with options set.

    ``data`` is the data set's name (values differ by set); a file's values are taken as written.
    """
    if isinstance(recipe, Recipe):
        return with_options(recipe, options)
    if _is_file(recipe):
        path = Path(recipe) / "config.json" if Path(recipe).is_dir() else Path(recipe)
        return with_options(from_dict(read_json(path), str(path)), options)
    values = names.RECIPES[str(recipe)].load()(data)
    model = options.get("model.name", values["model.name"])
    if model != values["model.name"]:
        values = _for_other_model(values, str(model))
    policy = options.get("augmentation.policy", values.get("augmentation.policy", "none"))
    if policy == "none":
        values = {k: v for k, v in values.items() if not k.startswith("augmentation.")}
    values = _heard_by_policy(str(policy), values)
    return with_options(Recipe(name=str(recipe)), {**values, **options})


def fit_to_pictures(recipe: Recipe, image_shape: tuple[int, int, int]) -> Recipe:
    """Return the recipe with a convolutional network that fits the pictures; says what changed.

    Pictures under 24 pixels get same padding and as many stages as leave 2×2.
    """
    if "filters" not in names.MODELS[recipe.model.name].fields:
        return recipe
    side, model = min(image_shape[:2]), recipe.model
    if side < SMALLEST_UNPADDED and model.padding == "valid":
        model = replace(model, padding="same")
        log.info("Padding is `same`: %d-pixel pictures are too small for `valid`.", side)
    if model.name == "cnn":
        stages = max(1, min(len(model.filters), _halvings(side)))
        if stages < len(model.filters):
            log.info(
                "%d of %d convolution stages: more would leave less than 2×2 of %d-pixel pictures.",
                stages, len(model.filters), side,
            )  # fmt: skip
            model = replace(model, filters=model.filters[:stages])
    return replace(recipe, model=model)


def _halvings(side: int) -> int:
    """How often ``side`` can be halved (rounding down) and stay at least 2."""
    count = 0
    while side // 2 >= 2:
        side //= 2
        count += 1
    return count


def _is_file(recipe: str | Path) -> bool:
    text = str(recipe)
    if text in names.RECIPES:
        return False
    looks_like_path = text.endswith(".json") or "/" in text or "\\" in text
    if looks_like_path and not Path(text).exists():
        raise SmaltiError(f"There is no recipe file {text}.", "List the named ones: smalti recipes")
    return looks_like_path


def _for_other_model(values: dict[str, Any], model: str) -> dict[str, Any]:
    """Keep only those model values that the other model listens to."""
    heard = names.MODELS[model].fields
    kept = {
        key: value
        for key, value in values.items()
        if not key.startswith("model.") or key.removeprefix("model.") in heard
    }
    return {**kept, "model.name": model}


def _heard_by_policy(policy: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values without those for which another policy was chosen than they are for."""
    heard = ("policy", *names.AUGMENTATIONS[policy].fields)
    return {
        name: value
        for name, value in values.items()
        if not name.startswith("augmentation.") or name.removeprefix("augmentation.") in heard
    }
