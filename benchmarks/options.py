"""Options that several commands have, and how a measurement is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from benchmarks.results import RESULTS, RUNS

FOLDER = click.option(
    "--results",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=RESULTS,
    help="Folder that the figures are written to (default: benchmarks/results).",
)
RUNS_FOLDER = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=RUNS,
    help="Folder of the runs (default: benchmarks/runs).",
)
QUICK = click.option(
    "--quick", is_flag=True, help="Hardly any work, to see that it runs; not stored."
)
THREADS = click.option("--threads", help="CPU threads of the training; recorded, no part of it.")
DEVICE = click.option("--device", help="Device of the training; recorded, no part of it.")


def asked_of_machine(threads: str | None, device: str | None) -> dict[str, str]:
    """Return how the machine is to be used, as far as that was said."""
    asked = {"threads": threads, "device": device}
    return {name: value for name, value in asked.items() if value is not None}


def flags(machine: Mapping[str, str]) -> list[str]:
    """Return options as they are typed: ``["--threads", "1"]``."""
    return [word for name, value in machine.items() for word in (f"--{name}", value)]


def show(path: Path) -> None:
    """Print what was stored, and where."""
    click.echo(path.read_text(encoding="utf-8").rstrip())
    click.echo(f"written to {path}")


def show_quick(path: Path) -> None:
    """Print what a quick measurement came to, which is kept nowhere."""
    click.echo(path.read_text(encoding="utf-8").rstrip())
    click.echo("quick: these figures mean nothing, and are not stored")
