"""The ways of training that are compared: from what the user typed to complete recipes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smalti.errors import SmaltiError, log
from smalti.recipes import Recipe, resolve, to_dict
from smalti.recipes.classical import is_random
from smalti.recipes.options import checked, field_help, hears, parse_assignment
from smalti.runs import safe_name

Named = str | Path | Recipe | None
"""A recipe as the user names it; None is the default."""

_CHOOSERS = ("target", "model.name", "optimizer.name", "augmentation.policy")
"""Fields that decide who listens to the others."""

MOST_VARIANTS = 200


@dataclass(frozen=True)
class Variant:
    """A way of training and what it is called; its recipe holds the first seed."""

    label: str
    recipe: Recipe

    @property
    def chance(self) -> bool:
        """Whether a seed changes anything."""
        return is_random(self.recipe)

    def with_seed(self, number: int) -> Recipe:
        """Return the recipe with the first seed plus ``number``."""
        return replace(self.recipe, seed=self.recipe.seed + number)


def variants_of(
    data: str,
    recipes: Sequence[Named] = (),
    recipe: Named = None,
    vary: Mapping[str, Sequence[Any]] | None = None,
    options: Mapping[str, Any] | None = None,
    tries: Sequence[Mapping[str, Any]] = (),
) -> list[Variant]:
    """Return the variants, the baseline first; every mistake in them is an error here.

    ``recipes`` stand as they are. The full grid of ``vary`` is made of ``recipe``, without one of
    each of ``recipes``, without these of the default; each of ``tries`` changes some of its fields
    together, beside it as it is (or its grid). ``options`` are set in every variant that listens to
    them; one that no variant hears is an error.
    """
    options, vary = dict(options or {}), _checked_grid(vary or {})
    changes = [_checked_change(change) for change in tries]
    _refuse_own_names(options)
    plain, gridded = list(recipes), []
    if recipe is not None or ((vary or changes) and not plain):
        gridded = [recipe]
    elif vary or changes:
        plain, gridded = [], plain
    if gridded and not vary and not changes:
        plain, gridded = plain + gridded, []
    _require_reasonable(len(plain), len(gridded), vary, len(changes))
    alone = not plain and len(gridded) == 1
    made = [_variant(name, data, options, {}, alone) for name in plain]
    for name in gridded:
        for values in itertools.product(*vary.values()):
            varied = dict(zip(vary, values, strict=True))
            made.append(_variant(name, data, options, varied, alone))
        made += [_variant(name, data, options, change, alone) for change in changes]
    _require_heard(made, options, data)
    return _told_apart([variant for variant, _ in made])


def on_same_pictures(variants: Sequence[Variant], first: Recipe) -> list[Variant]:
    """Return the variants on the data of ``first``; recipe files that divide otherwise are errors.

    Only so are all judged on the same pictures.
    """
    for variant in variants:
        own = replace(variant.recipe.data, source="")
        if own != replace(variants[0].recipe.data, source=""):
            raise SmaltiError(
                f"{variants[0].label} and {variant.label} divide the pictures differently.",
                "Say it for all: --set data.validation=0.1 (data.split_seed, data.image_size, …)",
            )
    return [replace(v, recipe=replace(v.recipe, data=first.data)) for v in variants]


def require_differences(variants: Sequence[Variant]) -> None:
    """Refuse two variants that would train the same network."""
    known: dict[str, Variant] = {}
    for variant in variants:
        content = to_dict(replace(variant.recipe, name="", seed=0))
        key = json.dumps(content, sort_keys=True)
        if key in known:
            raise SmaltiError(
                f"{known[key].label} and {variant.label} differ in nothing: on these pictures both "
                "are the same recipe.",
                "Leave one out, or vary a field that changes something: smalti recipes --fields",
            )
        known[key] = variant


def parse_try(text: str) -> dict[str, str]:
    """Return the fields of ``FIELD=VALUE FIELD=VALUE`` as typed."""
    return dict(parse_assignment(part) for part in text.split())


def parse_vary(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the grid from ``FIELD=v1,v2`` as typed; lists stand in brackets: ``[32],[32,64]``."""
    grid: dict[str, list[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip()
        if not equals or not name or not values.strip():
            raise SmaltiError(
                f"--vary expects FIELD=VALUE,VALUE, not {text!r}.",
                "For example: --vary model.dropout=0,0.25,0.5",
            )
        if name in grid:
            raise SmaltiError(
                f"--vary {name} was given twice.", f"Give all its values at once: {name}=…,…"
            )
        grid[name] = _split(values)
    return grid


def _split(values: str) -> list[str]:
    """Split at the commas outside of brackets."""
    found, depth = [""], 0
    for sign in values:
        depth += (sign == "[") - (sign == "]")
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return [value.strip() for value in found]


def _checked_grid(vary: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return the grid with values of the fields' types; unknown names and ranges are errors."""
    grid: dict[str, list[Any]] = {}
    for name, values in vary.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise SmaltiError(f"{name} is varied over {values!r}; expected a list of values.")
        if name == "seed":
            raise SmaltiError(
                "The seed is no choice to compare.", "Use --seeds N for more of them."
            )
        if name == "name" or name.startswith("data."):
            raise SmaltiError(
                f"{name} cannot be varied: all variants are judged on the same pictures.",
                "Set it for all with --set, or compare two data sets one after the other.",
            )
        grid[name] = [checked(name, value) for value in values]
        for place, value in enumerate(grid[name]):
            if value in grid[name][:place]:
                raise SmaltiError(
                    f"--vary {name} holds {_said(value)} twice.", "Leave one of them out."
                )
    return grid


def _checked_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields that are changed together, their values of the fields' types."""
    grid = _checked_grid({name: [value] for name, value in change.items()})
    if not grid:
        raise SmaltiError(
            "--try expects FIELD=VALUE, or several separated by spaces.",
            'For example: --try "augmentation.mixup=0.2 training.label_smoothing=0.1"',
        )
    return {name: value for name, [value] in grid.items()}


def _refuse_own_names(options: Mapping[str, Any]) -> None:
    if "name" in options:
        raise SmaltiError(
            "name cannot be set in a comparison: each variant has a name of its own.",
            "Name the recipe in a file of its own: smalti recipes cnn --json > mine.json",
        )


def _require_reasonable(
    plain: int, gridded: int, vary: Mapping[str, Sequence[Any]], changes: int
) -> None:
    size = 1
    for values in vary.values():
        size *= len(values)
    number = plain + gridded * (size + changes)
    if number < 2:
        raise SmaltiError(
            "A comparison needs two ways of training at least.",
            "For example: --recipes dense,cnn or --recipe cnn --vary model.dropout=0,0.25,0.5",
        )
    if number > MOST_VARIANTS:
        raise SmaltiError(
            f"The grid has {number} variants; at most {MOST_VARIANTS} are compared at once.",
            "Vary fewer fields together: their effects are mostly separate.",
        )


def _variant(
    name: Named, data: str, options: Mapping[str, Any], varied: Mapping[str, Any], alone: bool
) -> tuple[Variant, set[str]]:
    """Return a variant and which of the options it hears."""
    base = resolve(name, data, {})
    choosing = {
        field: value
        for field, value in options.items()
        if field in _CHOOSERS and not base.baseline.name
    }
    own = {**choosing, **varied}
    first = resolve(name, data, {k: v for k, v in own.items() if k in _CHOOSERS or k in varied})
    heard = {field: value for field, value in options.items() if hears(first, field)}
    recipe = resolve(name, data, {**heard, **varied})
    short = _short_names(varied)
    said = ", ".join(f"{short[field]}={_said(value)}" for field, value in varied.items())
    label = said if alone else f"{recipe.name} {said}".strip()
    own_name = safe_name(f"{recipe.name} {said}") if said else recipe.name
    return Variant(label or recipe.name, replace(recipe, name=own_name)), set(heard)


def _short_names(fields: Iterable[str]) -> dict[str, str]:
    """Return the fields' last words; the section where that says more or two are alike."""
    fields = list(fields)
    short = {}
    for field in fields:
        section, _, last = field.rpartition(".")
        short[field] = section if last in ("name", "policy") else last
    alike = {word for word in short.values() if list(short.values()).count(word) > 1}
    return {field: field if word in alike else word for field, word in short.items()}


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


def _require_heard(
    made: Sequence[tuple[Variant, set[str]]], options: Mapping[str, Any], data: str
) -> None:
    """Refuse an option that no variant listens to; say which variants are deaf to one."""
    for field, value in options.items():
        if field not in field_help():
            checked(field, value)
        deaf = [variant.label for variant, heard in made if field not in heard]
        if len(deaf) == len(made):
            resolve(made[0][0].recipe, data, {field: value})  # is an error that says why
            raise SmaltiError(f"No variant listens to {field}.", "See: smalti recipes --fields")
        if deaf:
            log.info("%s=%s is not heard by %s", field, value, ", ".join(deaf))


def _told_apart(variants: Sequence[Variant]) -> list[Variant]:
    """Return the variants with labels and folder names of their own."""
    labels: dict[str, int] = {}
    folders: dict[str, int] = {}
    apart = []
    for variant in variants:
        label = _next(labels, variant.label, " ({})")
        name = _next(folders, safe_name(variant.recipe.name), "-{}")
        apart.append(Variant(label, replace(variant.recipe, name=name)))
    return apart


def _next(taken: dict[str, int], name: str, form: str) -> str:
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else name + form.format(taken[name])
