"""The commands of ``python -m benchmarks``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks.results import RESULTS

_FOLDER = click.option(
    "--results",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=RESULTS,
    help="Folder that the figures are written to (default: benchmarks/results).",
)


@click.group()
def main() -> None:
    """Measure smalti."""


@main.command()
@click.option("--turns", default=9, show_default=True, help="Alternations of the three sides.")
@click.option("--batches", default=100, show_default=True, help="Steps of each side in a turn.")
@_FOLDER
def throughput(turns: int, batches: int, folder: Path) -> None:
    """Measure training speed against a bare hand-written loop (about five minutes)."""
    from benchmarks.throughput import measure

    _show(measure(turns, batches, folder))


@main.command()
@click.option("--turns", default=10, show_default=True, help="Processes of each kind.")
@_FOLDER
def startup(turns: int, folder: Path) -> None:
    """Measure the time to help and to a first prediction (about a minute)."""
    from benchmarks.startup import measure

    _show(measure(turns, folder))


@main.command()
@_FOLDER
def memory(folder: Path) -> None:
    """Measure the peak memory of a CIFAR-10 epoch (about a minute)."""
    from benchmarks.memory import measure

    _show(measure(folder))


@main.command()
@click.argument("row")
@click.option("--seeds", default=3, show_default=True, help="Number of seeds, from 0.")
@_FOLDER
def accuracy(row: str, seeds: int, folder: Path) -> None:
    """Train and evaluate the seeds of ROW that are missing (minutes to hours)."""
    from benchmarks.accuracy import ROWS, measure

    if row not in ROWS:
        raise click.BadParameter(f"there is no row {row!r}; known: {', '.join(ROWS)}")
    _show(measure(row, range(seeds), folder))


@main.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where the tables are stale.")
def table(check: bool) -> None:
    """Write the tables in README.md from the stored figures."""
    from benchmarks.table import is_current, write

    if check and not is_current():
        sys.exit("README.md is stale: renew it with: python -m benchmarks table")
    if not check:
        click.echo("README.md renewed" if write() else "README.md was up to date")


def _show(path: Path) -> None:
    click.echo(path.read_text(encoding="utf-8").rstrip())
    click.echo(f"written to {path}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
