"""``smalti runs``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from smalti.errors import SmaltiError
from smalti.runs import Run, find_runs
from smalti.wording import UNKNOWN, percent


@click.command()
@click.argument("folder", default="runs", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(folder: str, as_json: bool) -> None:
    """List the runs in FOLDER (default: runs), oldest first."""
    rows = [_facts(run) for run in find_runs(folder)]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        click.echo(f"No runs in {folder}. Make one: smalti train digits")
        return
    from smalti.cli.tables import print_table

    print_table(
        ["run", "data", "recipe", ">epochs", ">validation", ">test", "date"],
        [
            [
                row["name"], _data_said(row), row["recipe"], row["epochs"],
                percent(row["validation"]), percent(row["test"]), row["date"],
            ]
            for row in rows
        ],
    )  # fmt: skip


def _data_said(row: dict[str, Any]) -> str:
    """Return the data's name; where all pictures were divided anew, with the words for that."""
    pooled = "not the official" in row["split"]
    return f"{row['data']} ({row['split']})" if pooled else str(row["data"])


def _facts(run: Run) -> dict[str, Any]:
    """Return what the list shows; a damaged run is listed with its damage, not skipped."""
    date = datetime.fromtimestamp(run.config_file.stat().st_mtime).astimezone()
    facts: dict[str, Any] = {
        "name": run.name,
        "data": UNKNOWN,
        "split": "",
        "recipe": UNKNOWN,
        "epochs": UNKNOWN,
        "validation": None,
        "test": None,
        "date": date.strftime("%Y-%m-%d %H:%M"),
    }
    try:
        config = run.config()
        facts["recipe"] = str(config.get("name", UNKNOWN))
        planned = config.get("training", {}).get("epochs", UNKNOWN)
        history = run.history()
        facts["epochs"] = UNKNOWN if run.is_baseline() else f"{len(history)}/{planned}"
        facts["validation"] = run.best_validation()
        data = run.environment().get("data", {})
        facts["data"], facts["split"] = data.get("name", UNKNOWN), data.get("split") or ""
        results = run.metrics()
        facts["test"] = results.get("accuracy") if results else None
    except SmaltiError as error:
        facts["damage"] = error.problem
        facts["data"] = "damaged"
    return facts
