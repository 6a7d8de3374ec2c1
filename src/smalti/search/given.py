"""Runs that are there already: which belong together, and whether they can be compared."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

from smalti.errors import SmaltiError
from smalti.runs import Run

Groups = dict[str, dict[int, Run]]
"""Runs by seed, by what the row is called."""


def grouped(runs: Sequence[Run]) -> Groups:
    """Return the runs as rows: those that differ only in their seed are one, in the order given."""
    _require_two(runs)
    by_recipe: dict[str, dict[int, Run]] = {}
    for run in runs:
        config = run.config()
        seed = int(config.get("seed", 0))
        own = by_recipe.setdefault(_without_seed(config), {})
        if seed in own:
            raise SmaltiError(
                f"{own[seed].path} and {run.path} differ in nothing: the same recipe and seed.",
                "Leave one out.",
            )
        own[seed] = run
    if len(by_recipe) < 2:
        raise SmaltiError(
            "These runs differ in nothing but their seed: there is nothing to compare.",
            f"Their mean: smalti evaluate {_listed(runs)}",
        )
    return dict(zip(_labels(list(by_recipe.values())), by_recipe.values(), strict=True))


def require_same_data(runs: Sequence[Run]) -> None:
    """Refuse runs of different pictures, or divided differently."""
    first = _data(runs[0])
    for run in runs[1:]:
        other = _data(run)
        if first.get("fingerprint") != other.get("fingerprint"):
            raise SmaltiError(
                f"{runs[0].path} and {run.path} are of different data: "
                f"{first.get('name')} and {other.get('name')}"
                + (", whose pictures changed." if first.get("name") == other.get("name") else "."),
                "Compare runs of one data set.",
            )
        if first.get("split") != other.get("split"):
            raise SmaltiError(
                f"{runs[0].path} and {run.path} divide the pictures differently: "
                f"{first.get('split')} and {other.get('split')}.",
                "Compare runs with the same --split and --validation.",
            )
        known = first.get("division"), other.get("division")
        if all(known) and known[0] != known[1]:
            raise SmaltiError(
                f"{runs[0].path} and {run.path} validate on different pictures.",
                "Compare runs with the same data.validation and data.split_seed.",
            )


def require_outputs(runs: Sequence[Run], part: str) -> None:
    """Refuse runs that are not finished, or that were trained without validation pictures."""
    for run in runs:
        if run.outputs(part) is not None:
            continue
        if part == "validation" and not _data(run).get("validation"):
            raise SmaltiError(
                f"{run.path} was trained without validation pictures: nothing but the test set "
                "can judge it.",
                f"Add --test, which opens the test set: smalti compare {_listed(runs)} --test",
            )
        raise SmaltiError(
            f"{run.path} is not finished: it holds no outputs of its {part} pictures.",
            f"Continue it with: {run.repair}",
        )


def _require_two(runs: Sequence[Run]) -> None:
    if len(runs) < 2:
        raise SmaltiError(
            f"{runs[0].path} alone cannot be compared: expected two runs or more.",
            f"For example: smalti compare {shlex.quote(str(runs[0].path))} OTHER-RUN",
        )
    for path, times in Counter(run.path.resolve() for run in runs).items():
        if times > 1:
            raise SmaltiError(f"{path} was given {times} times.", "Name each run once.")


def _data(run: Run) -> dict[str, Any]:
    data: dict[str, Any] = run.environment().get("data", {})
    return data


def _without_seed(config: dict[str, Any]) -> str:
    kept = {key: value for key, value in config.items() if key != "seed"}
    return json.dumps(kept, sort_keys=True)


def _labels(groups: Sequence[dict[int, Run]]) -> list[str]:
    """Return what the rows are called: their recipe, or where two have the same the first run."""
    names = [_recipe_name(group) for group in groups]
    if len(set(names)) == len(names):
        return names
    firsts = [group[min(group)].name for group in groups]
    if len(set(firsts)) == len(firsts):
        return firsts
    return [str(group[min(group)].path) for group in groups]


def _recipe_name(group: dict[int, Run]) -> str:
    run = group[min(group)]
    return str(run.config().get("name") or run.name)


def _listed(runs: Sequence[Run]) -> str:
    return " ".join(shlex.quote(str(run.path)) for run in runs)
