"""``smalti recipes``."""

from __future__ import annotations

import json
from typing import Any

import click

from smalti import names
from smalti.recipes import field_help, resolve, to_dict
from smalti.recipes.options import flatten
from smalti.recipes.targets import listed_plans


@click.command()
@click.argument("recipe", required=False)
@click.option("--data", default="", help="Values for this data set.")
@click.option("--target", default=None, help="The plan of fast for this accuracy in percent.")
@click.option("--fields", is_flag=True, help="Every field that --set takes, with its sentence.")
@click.option("--json", "as_json", is_flag=True, help="Print as a recipe file.")
def command(recipe: str | None, data: str, target: str | None, fields: bool, as_json: bool) -> None:
    """List the named recipes, or one RECIPE's values."""
    from smalti.cli.tables import print_table

    if fields:
        rows = [
            [name, _shown(found.default), _sentence(found.sentence, found.choices)]
            for name, found in field_help().items()
        ]
        print_table(["field", "default", "what it is"], rows)
        return
    if recipe is None and target is None:
        known = [*names.RECIPES.values(), *names.BASELINES.values()]
        print_table(["recipe", "what it is"], [[e.name, e.summary] for e in known])
        click.echo(
            "\nvalues: smalti recipes cnn --data mnist     every field: smalti recipes --fields\n"
            f"plans by accuracy (train DATA --target PERCENT): {listed_plans()}"
        )
        return
    if data:
        names.DATASETS[data]  # an unknown name is an error that gives the nearest
    resolved = resolve(recipe, data, {} if target is None else {"target": target})
    if as_json:
        click.echo(json.dumps(to_dict(resolved), indent=2))
        return
    kept = to_dict(resolved)
    rows = [
        [name, _shown(value), field_help()[name].sentence]
        for name, value in flatten(resolved).items()
        if _stands_in(kept, name)
    ]
    print_table(["field", "value", "what it is"], rows)


def _stands_in(nested: dict, name: str) -> bool:
    section, _, field = name.rpartition(".")
    return field in (nested.get(section, {}) if section else nested)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sentence(sentence: str, choices: tuple[Any, ...]) -> str:
    return f"{sentence} ({', '.join(map(str, choices))})" if choices else sentence
