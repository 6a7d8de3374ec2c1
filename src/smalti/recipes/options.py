"""Dotted option names: reading them, checking them, and recipes as plain dictionaries."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from smalti import names
from smalti.errors import SmaltiError, nearest, unknown
from smalti.recipes.fields import Recipe


@dataclass(frozen=True)
class FieldHelp:
    """One settable field: dotted name, Python type, default, and its sentence."""

    name: str
    type: Any
    default: Any
    sentence: str
    limits: Mapping[str, float | None]
    choices: tuple[Any, ...]


@cache
def field_help() -> Mapping[str, FieldHelp]:
    """Return every settable field of a recipe by its dotted name, in order."""
    return {found.name: found for found in _fields(Recipe, "")}


def _fields(section: type, prefix: str) -> Iterator[FieldHelp]:
    types = typing.get_type_hints(section)
    for item in dataclasses.fields(section):
        if dataclasses.is_dataclass(types[item.name]):
            yield from _fields(types[item.name], f"{prefix}{item.name}.")
            continue
        registry = item.metadata["names"]
        choices = tuple(getattr(names, registry)) if registry else item.metadata["choices"]
        yield FieldHelp(
            prefix + item.name,
            types[item.name],
            item.default,
            item.metadata["sentence"],
            item.metadata["limits"],
            choices,
        )


def with_options(recipe: Recipe, options: Mapping[str, Any]) -> Recipe:
    """Return the recipe with fields replaced by dotted name; values may be text.

    Unknown names, wrong types and values out of range are errors that give the nearest name or
    the range. A field that the model, the optimizer or the augmentation policy does not listen to
    is one too.
    """
    values = {name: checked(name, value) for name, value in options.items()}
    flat = {**flatten(recipe), **values}
    _refuse_unheard(values, flat)
    return _build(flat)


def checked(name: str, value: Any) -> Any:
    """Return ``value`` as the type of the field ``name``; an error tells the range."""
    known = field_help()
    if name not in known:
        raise _unknown_field(name)
    found = known[name]
    try:
        converted = _convert(value, found.type)
    except (TypeError, ValueError) as error:
        raise SmaltiError(
            f"{name} expects {_type_in_words(found.type)}, not {value!r}.", found.sentence
        ) from error
    _check_range(found, converted)
    return converted


def flatten(recipe: Recipe) -> dict[str, Any]:
    """Return every field of the recipe by its dotted name."""
    flat: dict[str, Any] = {}
    for item in dataclasses.fields(recipe):
        value = getattr(recipe, item.name)
        if dataclasses.is_dataclass(value):
            for inner in dataclasses.fields(value):
                flat[f"{item.name}.{inner.name}"] = getattr(value, inner.name)
        else:
            flat[item.name] = value
    return flat


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as nested dictionaries for JSON, without fields that nobody listens to."""
    nested: dict[str, Any] = {}
    flat = flatten(recipe)
    for name, value in flat.items():
        if _listener(name, flat) is not None or (name, value) == (_METHOD, ""):
            continue
        section, _, field = name.rpartition(".")
        target = nested.setdefault(section, {}) if section else nested
        target[field] = list(value) if isinstance(value, tuple) else value
    return nested


def from_dict(content: Mapping[str, Any], origin: str) -> Recipe:
    """Return the recipe written by :func:`to_dict`; ``origin`` is named in errors."""
    options: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            options.update({f"{key}.{inner}": cell for inner, cell in value.items()})
        else:
            options[key] = value
    try:
        return with_options(Recipe(), options)
    except SmaltiError as error:
        raise SmaltiError(f"In {origin}: {error.problem}", error.hint) from error


def parse_assignment(text: str) -> tuple[str, str]:
    """Split ``name=value`` as given to ``--set``."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SmaltiError(
            f"--set expects NAME=VALUE, not {text!r}.", "For example: --set model.dropout=0.25"
        )
    return name.strip(), value.strip()


def _build(flat: Mapping[str, Any]) -> Recipe:
    types = typing.get_type_hints(Recipe)
    arguments: dict[str, Any] = {}
    for item in dataclasses.fields(Recipe):
        section = types[item.name]
        if dataclasses.is_dataclass(section):
            inner = [field.name for field in dataclasses.fields(section)]
            values = {field: flat[f"{item.name}.{field}"] for field in inner}
            arguments[item.name] = typing.cast(Any, section)(**values)
        else:
            arguments[item.name] = flat[item.name]
    return Recipe(**arguments)


def _unknown_field(name: str) -> SmaltiError:
    known = list(field_help())
    last = name.rpartition(".")[2]
    same_ending = [full for full in known if full.rpartition(".")[2] == last]
    alike = nearest(name, known)
    close = alike if alike and "." in name else next(iter(same_ending), alike)
    section = name.split(".")[0] + "."
    beside = [full for full in known if full.startswith(section)] or known
    guess = f" Did you mean {close!r}?" if close else ""
    return SmaltiError(
        f"There is no field {name!r}.{guess}",
        f"Known: {', '.join(beside)}. See: smalti recipes --fields",
    )


def _convert(value: Any, wanted: Any) -> Any:
    if wanted is bool:
        return _as_bool(value)
    if wanted is int:
        if isinstance(value, bool) or float(value) != int(float(value)):
            raise ValueError
        return int(float(value)) if isinstance(value, str) and "e" in value else int(value)
    if wanted is float:
        if isinstance(value, bool) or not math.isfinite(float(value)):
            raise ValueError
        return float(value)
    if wanted is str:
        if not isinstance(value, str):
            raise TypeError
        return value
    return _as_integers(value)


def _as_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "on": True, "1": True}
    words |= {"false": False, "no": False, "off": False, "0": False}
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


def _as_integers(value: Any) -> tuple[int, ...]:
    if isinstance(value, str):
        value = json.loads(value if value.startswith("[") else f"[{value}]")
    if isinstance(value, int):
        value = [value]
    return tuple(_convert(item, int) for item in value)


def _type_in_words(wanted: Any) -> str:
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return words.get(wanted, "whole numbers separated by commas")


def _check_range(found: FieldHelp, value: Any) -> None:
    if found.choices and value not in (*found.choices, found.default):
        raise unknown(f"value of {found.name}", str(value), tuple(map(str, found.choices)))
    limits = found.limits
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, str):
            continue
        low, high, above, below = (limits[k] for k in ("low", "high", "above", "below"))
        if (
            (low is not None and number < low)
            or (high is not None and number > high)
            or (above is not None and number <= above)
            or (below is not None and number >= below)
        ):
            raise SmaltiError(
                f"{found.name} expects {_range_in_words(limits)}, not {number}.", found.sentence
            )


def _range_in_words(limits: Mapping[str, float | None]) -> str:
    words = {"low": "at least", "above": "more than", "high": "at most", "below": "less than"}
    said = [f"{word} {limits[key]:g}" for key, word in words.items() if limits[key] is not None]
    return " and ".join(said)


_LISTENING = {
    "model": ("name", names.MODELS),
    "optimizer": ("name", names.OPTIMIZERS),
    "augmentation": ("policy", names.AUGMENTATIONS),
}
"""Sections in which one field chooses who listens to the others: that field, and who there is."""


_METHOD = "baseline.name"
"""The field that puts a classical method in the place of a network."""

_NETWORK = names.Entry("network", "What a recipe trains that names no classical method.")

_OF_NETWORKS = (
    "model", "optimizer", "schedule", "augmentation", "training", "prediction", "target",
)  # fmt: skip
"""Sections, and a field of none, that a classical method is deaf to."""

_OF_BOTH = ("training.threads",)


def hears(recipe: Recipe, name: str) -> bool:
    """Tell whether the recipe's network (or method, optimizer, policy) listens to a field."""
    return _listener(name, flatten(recipe)) is None


def _listener(name: str, flat: Mapping[str, Any]) -> names.Entry | None:
    """Return the model, optimizer, policy or method deaf to the field; None where it is heard."""
    section, _, field = name.rpartition(".")
    method = flat[_METHOD]
    if section == "baseline" and field != "name":
        if not method:
            return _NETWORK
        return None if field in names.BASELINES[method].fields else names.BASELINES[method]
    if method and (section or name) in _OF_NETWORKS:
        return None if name in _OF_BOTH else names.BASELINES[method]
    if section not in _LISTENING:
        return None
    chooser, entries = _LISTENING[section]
    entry = entries[flat[f"{section}.{chooser}"]]
    return None if field in (chooser, *entry.fields) else entry


def _refuse_unheard(values: Mapping[str, Any], flat: Mapping[str, Any]) -> None:
    for name in values:
        entry = _listener(name, flat)
        if entry is None:
            continue
        if entry is _NETWORK:
            raise _unheard_by_network(name)
        if flat[_METHOD]:
            raise _unheard_by_method(name, entry)
        if name.startswith("augmentation."):
            raise _unheard_by_policy(name, entry.name)
        raise _unheard_by_choice(name, entry)


def _unheard_by_choice(name: str, entry: names.Entry) -> SmaltiError:
    """Return the error of a field of other models, or of other optimizers, than the chosen one."""
    section, _, field = name.partition(".")
    others = [other for other, its in _LISTENING[section][1].items() if field in its.fields]
    have = f"The field is for {', '.join(others)}: --{section} {others[0]}. " if others else ""
    return SmaltiError(
        f"The {section} {entry.name!r} has no field {name!r}.",
        f"{have}It has: {', '.join(f'{section}.{field}' for field in entry.fields)}.",
    )


def _unheard_by_network(name: str) -> SmaltiError:
    field = name.removeprefix("baseline.")
    methods = [method for method, entry in names.BASELINES.items() if field in entry.fields]
    return SmaltiError(
        f"{name} is for classical methods, and this recipe trains a network.",
        f"Those that have it: {', '.join(methods)}. For example: --recipe {methods[0]}",
    )


def _unheard_by_method(name: str, method: names.Entry) -> SmaltiError:
    has = [*(f"baseline.{field}" for field in method.fields), *_OF_BOTH]
    return SmaltiError(
        f"The classical method {method.name!r} has no field {name!r}.",
        f"It has: {', '.join(has)}.",
    )


def _unheard_by_policy(name: str, policy: str) -> SmaltiError:
    field = name.removeprefix("augmentation.")
    first, *others = (n for n, entry in names.AUGMENTATIONS.items() if field in entry.fields)
    return SmaltiError(
        f"{name} has no effect with augmentation.policy={policy}.",
        f"Add: --set augmentation.policy={first}"
        + (f" (or {', '.join(others)})" if others else ""),
    )
