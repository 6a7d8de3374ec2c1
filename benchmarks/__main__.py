"""The commands of ``python -m benchmarks``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from benchmarks.results import REPOSITORY, RESULTS
from smalti.errors import SmaltiError

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
@click.option("--turns", default=5, show_default=True, help="Alternations of the sides.")
@click.option("--steps", default=100, show_default=True, help="Steps of each side in a turn.")
@click.option("--quick", is_flag=True, help="Hardly any work, to see that it runs; not stored.")
@_FOLDER
def keras(turns: int, steps: int, quick: bool, folder: Path) -> None:
    """Measure training speed against Keras's model.fit (about fifteen minutes).

    Makes an environment with Keras and TensorFlow in smalti's cache first. Needs CIFAR-10.
    """
    from benchmarks.against_keras import Extent, measure

    extent = Extent(turns=turns, steps=steps)
    if not quick:
        _show(measure(extent, folder))
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = measure(extent.quick(), Path(scratch))
        click.echo(path.read_text(encoding="utf-8").rstrip())
    click.echo("quick: these figures mean nothing, and are not stored")


@main.command()
@click.argument("row")
@click.option("--seeds", default=3, show_default=True, help="Number of seeds, from 0.")
@click.option("--seed", "chosen", type=int, multiple=True, help="This seed alone; may be repeated.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the runs (default: benchmarks/runs).",
)
@click.option("--threads", help="CPU threads of the training; recorded, no part of the row.")
@click.option("--device", help="Device of the training; recorded, no part of the row.")
@_FOLDER
def accuracy(
    row: str,
    seeds: int,
    chosen: tuple[int, ...],
    out: Path | None,
    threads: str | None,
    device: str | None,
    folder: Path,
) -> None:
    """Train and evaluate the seeds of ROW that are missing (minutes to hours).

    Processes that measure other seeds of the same row may run at the same time (--seed).
    """
    from benchmarks.accuracy import RUNS, measure

    machine: list[str] = []
    for flag, value in (("--threads", threads), ("--device", device)):
        machine += [flag, value] if value is not None else []
    _show(measure(row, chosen or range(seeds), folder, out or RUNS, machine))


@main.command()
def rows() -> None:
    """List the rows of the result table with their commands."""
    from benchmarks.rows import ROWS

    width = max(map(len, ROWS))
    for name, row in ROWS.items():
        click.echo(f"{name:{width}}  {row.key:6}  {row.command}")


@main.command()
@click.argument("source", type=click.Path(path_type=Path, file_okay=False, exists=True))
@_FOLDER
def gather(source: Path, folder: Path) -> None:
    """Take over seeds that were measured on another machine, from its results folder SOURCE."""
    from benchmarks.accuracy import gather as take_over

    taken = take_over(source, folder)
    click.echo("\n".join(taken) if taken else "nothing new")


@main.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where the tables are stale.")
def table(check: bool) -> None:
    """Write the tables in README.md and benchmarks/README.md from the stored figures."""
    from benchmarks.table import stale, write

    paths = stale() if check else write()
    names = ", ".join(str(path.relative_to(REPOSITORY)) for path in paths)
    if check and names:
        sys.exit(f"stale: {names}; renew with: python -m benchmarks table")
    click.echo(f"renewed: {names}" if names else "up to date")


def _show(path: Path) -> None:
    click.echo(path.read_text(encoding="utf-8").rstrip())
    click.echo(f"written to {path}")


if __name__ == "__main__":
    try:
        main(prog_name="python -m benchmarks")
    except SmaltiError as error:
        click.echo(f"error: {error.problem}\n{error.hint}".rstrip(), err=True)
        sys.exit(error.exit_code)
