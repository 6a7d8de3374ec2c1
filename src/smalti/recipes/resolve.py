"""From what the user typed to the complete recipe for the pictures at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from smalti import names
from smalti.errors import SmaltiError, log, unknown
from smalti.files import read_json
from smalti.recipes import targets
from smalti.recipes.classical import classical
from smalti.recipes.customary import optimized_by
from smalti.recipes.fields import ModelConfig, OptimizerConfig, Recipe
from smalti.recipes.options import checked, from_dict, with_options

_DEFAULT = "cnn"

SMALLEST_UNPADDED = 24
"""Below this side in pixels valid padding eats the picture: same padding is used instead."""


def resolve(recipe: str | Recipe | Path | None, data: str, options: Mapping[str, Any]) -> Recipe:
    """Return the recipe named (or read from a JSON file) for a data set, with options set.

    ``data`` is the data set's name (values differ by set); a file's values are taken as written.
    Without a recipe the model's own is meant, which has the model's name, and where no model is
    named either, that of :func:`default_recipe`. A named recipe with another model keeps its plan
    and takes the network of the model's own recipe; with another optimizer it takes that one's
    customary rate and decay. A ``target`` among the options chooses among the plans of the recipe
    that has several.
    """
    plan: Mapping[str, Any] = {}
    if options.get("target"):
        recipe, plan, options = _by_target(recipe, data, options)
    method = str(options.get("baseline.name", ""))
    if recipe is None and method:
        recipe = names.BASELINES[method].name
    if recipe is None:
        model = options.get("model.name")
        recipe = names.MODELS[str(model)].name if model else default_recipe(data)
    if isinstance(recipe, Recipe):
        return with_options(recipe, options)
    if _is_file(recipe):
        path = Path(recipe) / "config.json" if Path(recipe).is_dir() else Path(recipe)
        return _from_file(from_dict(read_json(path), str(path)), options)
    if method not in ("", str(recipe)):
        raise SmaltiError(
            f"The recipe {recipe} cannot take the method {method} in its place.",
            f"That one has a recipe of its own: --recipe {names.BASELINES[method].name}",
        )
    if str(recipe) in names.BASELINES:
        return with_options(Recipe(name=str(recipe)), {**classical(str(recipe)), **options})
    values = names.RECIPES[targets.RECIPE].load()(data, plan) if plan else _named(str(recipe), data)
    model = str(options.get("model.name", values["model.name"]))
    if model != values["model.name"]:
        values = _without("model", values) | _only("model", _named(model, data))
    optimizer = str(options.get("optimizer.name", values.get("optimizer.name", "adamw")))
    if optimizer != values.get("optimizer.name", "adamw"):
        values = _without("optimizer", values) | optimized_by(names.OPTIMIZERS[optimizer].name)
    policy = options.get("augmentation.policy", values.get("augmentation.policy", "none"))
    if policy == "none":
        values = _without("augmentation", values)
    values = _heard_by_policy(str(policy), values)
    return with_options(Recipe(name=str(recipe)), {**values, **options})


def default_recipe(data: str) -> str:
    """Return the recipe where neither a recipe nor a model is named: ``fast`` where it is tuned."""
    return targets.RECIPE if data in targets.PLANS else _DEFAULT


def _by_target(
    recipe: str | Recipe | Path | None, data: str, options: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    """Return the recipe that has plans by target, its plan, and the options completed."""
    wanted = float(checked("target", options["target"]))
    if 0 < wanted <= 1:
        raise SmaltiError(
            f"A target is an accuracy in percent; {wanted:g} would be {wanted:g} %.",
            f"Perhaps: --target {100 * wanted:g}",
        )
    if recipe not in (None, targets.RECIPE):
        named = recipe if isinstance(recipe, str) and not _is_file(recipe) else "given"
        raise SmaltiError(
            f"The recipe {named!r} has one plan; a target chooses among those of "
            f"{targets.RECIPE!r}.",
            f"Leave out one of the two: smalti train DATA --target {wanted:g}",
        )
    model = options.get("model.name", targets.RECIPE)
    if model != targets.RECIPE:
        raise SmaltiError(
            f"The plans by target are for the network {targets.RECIPE!r}, not for {model!r}.",
            f"Leave out one of the two: smalti train DATA --target {wanted:g}",
        )
    target, plan = targets.plan_for(data, wanted)
    name = f"{targets.RECIPE}-{target:g}"
    return targets.RECIPE, plan, {"name": name, **options, "target": target}


def _from_file(recipe: Recipe, options: Mapping[str, Any]) -> Recipe:
    """Return a recipe as it was written; another optimizer brings its own rate and decay."""
    optimizer = options.get("optimizer.name", recipe.optimizer.name)
    if optimizer != recipe.optimizer.name:
        usual = optimized_by(names.OPTIMIZERS[str(optimizer)].name)
        recipe = with_options(replace(recipe, optimizer=OptimizerConfig()), usual)
    return with_options(recipe, options)


def fit_to_pictures(recipe: Recipe, image_shape: tuple[int, int, int]) -> Recipe:
    """Return the recipe with a convolutional network that fits the pictures; says what changed.

    Pictures under 24 pixels get same padding and as many stages as leave 2×2 (fast: 1×1).
    """
    if recipe.baseline.name:
        return recipe
    side, model = min(image_shape[:2]), recipe.model
    if "padding" in names.MODELS[model.name].fields:
        model = _padded(model, side)
    if model.name in _MOST_STAGES:
        model = _shortened(model, side, _MOST_STAGES[model.name](side, model))
    return replace(recipe, model=model)


def _padded(model: ModelConfig, side: int) -> ModelConfig:
    if side >= SMALLEST_UNPADDED or model.padding == "same":
        return model
    log.info("Padding is `same`: %d-pixel pictures are too small for `valid`.", side)
    return replace(model, padding="same")


def _shortened(model: ModelConfig, side: int, most: int) -> ModelConfig:
    if len(model.filters) <= most:
        return model
    log.info(
        "%d of %d convolution stages: more would leave too little of %d-pixel pictures.",
        most, len(model.filters), side,
    )  # fmt: skip
    return replace(model, filters=model.filters[:most])


def _pooled_stages(side: int, _: ModelConfig) -> int:
    """How many stages that end by halving ``side``, rounded down, leave at least 2; at least 1."""
    return max(1, side.bit_length() - 2)


def _strided_stages(side: int, _: ModelConfig) -> int:
    """How many stages leave at least 2 where all but the first halve ``side``, rounded up."""
    return max(1, (side - 1).bit_length())


def _stages_after_whitening(side: int, model: ModelConfig) -> int:
    """How many stages leave one value a map, the largest of which is taken anyway; at least 1."""
    if model.whitening:
        side = side // 2 if model.patch == 4 else side - model.patch + 1
    return max(1, side.bit_length() - 1)


_MOST_STAGES = {
    "cnn": _pooled_stages,
    "resnet": _strided_stages,
    "separable": _strided_stages,
    "fast": _stages_after_whitening,
}


def _is_file(recipe: str | Path) -> bool:
    text = str(recipe)
    if text in names.RECIPES or text in names.BASELINES:
        return False
    looks_like_path = text.endswith(".json") or "/" in text or "\\" in text
    if looks_like_path and not Path(text).exists():
        raise SmaltiError(f"There is no recipe file {text}.", "List the named ones: smalti recipes")
    return looks_like_path


def _named(recipe: str, data: str) -> dict[str, Any]:
    if recipe not in names.RECIPES:
        raise unknown("recipe", recipe, [*names.RECIPES, *names.BASELINES], names.RECIPES.command)
    values: dict[str, Any] = names.RECIPES[recipe].load()(data)
    return values


def _only(section: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name.startswith(f"{section}.")}


def _heard_by_policy(policy: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values without those for which another policy was chosen than they are for."""
    heard = ("policy", *names.AUGMENTATIONS[policy].fields)
    return {
        name: value
        for name, value in values.items()
        if not name.startswith("augmentation.") or name.removeprefix("augmentation.") in heard
    }


def _without(section: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith(f"{section}.")}
