"""The commands of ``python -m benchmarks``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from benchmarks import contest_commands
from benchmarks.options import (
    DEVICE,
    FOLDER,
    QUICK,
    RUNS_FOLDER,
    THREADS,
    asked_of_machine,
    flags,
    show,
    show_quick,
)
from benchmarks.results import REPOSITORY
from smalti.errors import SmaltiError


@click.group()
def main() -> None:
    """Measure smalti."""


@main.command()
@click.option("--turns", default=9, show_default=True, help="Alternations of the three sides.")
@click.option("--batches", default=100, show_default=True, help="Steps of each side in a turn.")
@FOLDER
def throughput(turns: int, batches: int, folder: Path) -> None:
    """Measure training speed against a bare hand-written loop (about five minutes)."""
    from benchmarks.throughput import measure

    show(measure(turns, batches, folder))


@main.command()
@click.option("--turns", default=10, show_default=True, help="Processes of each kind.")
@FOLDER
def startup(turns: int, folder: Path) -> None:
    """Measure the time to help and to a first prediction (about a minute)."""
    from benchmarks.startup import measure

    show(measure(turns, folder))


@main.command()
@FOLDER
def memory(folder: Path) -> None:
    """Measure the peak memory of a CIFAR-10 epoch (about a minute)."""
    from benchmarks.memory import measure

    show(measure(folder))


@main.command()
@click.option("--turns", default=5, show_default=True, help="Alternations of the sides.")
@click.option("--steps", default=100, show_default=True, help="Steps of each side in a turn.")
@QUICK
@FOLDER
def keras(turns: int, steps: int, quick: bool, folder: Path) -> None:
    """Measure training speed against Keras's model.fit (about fifteen minutes).

    Makes an environment with Keras and TensorFlow in smalti's cache first. Needs CIFAR-10.
    """
    from benchmarks.against_keras import Extent, measure

    extent = Extent(turns=turns, steps=steps)
    if not quick:
        show(measure(extent, folder))
        return
    with tempfile.TemporaryDirectory() as scratch:
        show_quick(measure(extent.quick(), Path(scratch)))


@main.command("keras-recipe")
@click.option("--seed", "seeds", type=int, multiple=True, default=(0,), help="Seeds; repeatable.")
@click.option("--epochs", default=3, show_default=True, help="Epochs of each training.")
@click.option("--tuned", is_flag=True, help="Mixed bfloat16 and a tf.data pipeline; its own row.")
@QUICK
@FOLDER
def keras_recipe(
    seeds: tuple[int, ...], epochs: int, tuned: bool, quick: bool, folder: Path
) -> None:
    """Train row D2's recipe in Keras itself (one to two minutes an epoch on two cores).

    With --epochs 30, its authors' plan, the time to 85 % is measured.
    """
    from benchmarks import throughput
    from benchmarks.keras_recipe import ROW, TUNED_ROW, measure
    from smalti import api

    row = TUNED_ROW if tuned else ROW
    if not quick:
        show(measure(row, seeds, epochs, folder))
        return
    tiny = api.load_data(throughput.random_pictures(200))
    with tempfile.TemporaryDirectory() as scratch:
        show_quick(measure(row, seeds, epochs, Path(scratch), tiny))


@main.command()
@click.option("--turns", default=5, show_default=True, help="Alternations of the sides.")
@click.option("--batches", default=100, show_default=True, help="Steps of each side in a turn.")
@QUICK
@FOLDER
def tutorial(turns: int, batches: int, quick: bool, folder: Path) -> None:
    """Measure training speed against a tutorial's loop with a DataLoader (about five minutes)."""
    from benchmarks.tutorial import measure

    if not quick:
        show(measure(turns, batches, folder))
        return
    with tempfile.TemporaryDirectory() as scratch:
        show_quick(measure(turns, 2, Path(scratch)))


@main.command()
@click.option(
    "--curve", "chosen", multiple=True, help="images, folder, pixels or classes; repeatable."
)
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with 6 GB to spare for a while (default: the system's).",
)
@QUICK
@THREADS
@DEVICE
@FOLDER
def growth(
    chosen: tuple[str, ...],
    scratch: Path | None,
    quick: bool,
    threads: str | None,
    device: str | None,
    folder: Path,
) -> None:
    """Measure how time and memory grow with pictures, pixels and classes (about an hour)."""
    from benchmarks import growth as measuring
    from benchmarks import growth_plot, throughput
    from smalti import api

    curves = measuring.curves_named(chosen)
    machine = asked_of_machine(threads, device)
    if not quick:
        part = api.load_data("cifar10", validation=0).part("train")
        show(measuring.measure(part, curves, folder, scratch, machine))
        click.echo(f"drawn to {growth_plot.draw(folder)}")
        return
    with tempfile.TemporaryDirectory() as home:
        part, here = throughput.random_pictures(200).part("train"), Path(home)
        show_quick(measuring.measure(part, measuring.quick(curves), here, here, machine))
        click.echo(f"drawing: {growth_plot.draw(here).stat().st_size:,} bytes")


@main.command()
@click.option("--recipe", default="", help="Network of this recipe instead of row D2's.")
@click.option("--turns", default=5, show_default=True, help="Alternations of the sides.")
@QUICK
@FOLDER
def prediction(recipe: str, turns: int, quick: bool, folder: Path) -> None:
    """Measure prediction: PyTorch, ONNX Runtime and Keras's predict (about five minutes).

    Makes an environment with Keras and TensorFlow in smalti's cache first.
    """
    from benchmarks.prediction import Extent, measure

    extent = Extent(turns=turns)
    if not quick:
        show(measure(extent, recipe, folder))
        return
    with tempfile.TemporaryDirectory() as scratch:
        show_quick(measure(extent.quick(), recipe, Path(scratch)))


@main.command()
@QUICK
@FOLDER
def labels(quick: bool, folder: Path) -> None:
    """Measure how many planted label errors are found again (five trainings; goes on where cut)."""
    from benchmarks import labels as measuring
    from smalti import api
    from smalti.recipes import resolve

    if not quick:
        show(measuring.measure(folder))
        return
    with tempfile.TemporaryDirectory() as scratch:
        here, digits = Path(scratch), api.load_data("digits", validation=0)
        recipe = resolve("dense", "digits", {"training.epochs": 3})
        show_quick(measuring.measure(here, here / "home", digits, recipe))


@main.command()
@click.argument("row")
@click.option("--seeds", default=3, show_default=True, help="Number of seeds, from 0.")
@click.option("--seed", "chosen", type=int, multiple=True, help="This seed alone; may be repeated.")
@RUNS_FOLDER
@THREADS
@DEVICE
@FOLDER
def accuracy(
    row: str,
    seeds: int,
    chosen: tuple[int, ...],
    out: Path,
    threads: str | None,
    device: str | None,
    folder: Path,
) -> None:
    """Train and evaluate the seeds of ROW that are missing (minutes to hours).

    Processes that measure other seeds of the same row may run at the same time (--seed).
    """
    from benchmarks.accuracy import measure

    machine = flags(asked_of_machine(threads, device))
    show(measure(row, chosen or range(seeds), folder, out, machine))


@main.command()
def rows() -> None:
    """List the rows of the result table with their commands."""
    from benchmarks.rows import ROWS

    width = max(map(len, ROWS))
    for name, row in ROWS.items():
        click.echo(f"{name:{width}}  {row.key:6}  {row.command}")


@main.command()
@click.argument("source", type=click.Path(path_type=Path, file_okay=False, exists=True))
@FOLDER
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


for _command in contest_commands.COMMANDS:
    main.add_command(_command)


if __name__ == "__main__":
    try:
        main(prog_name="python -m benchmarks")
    except SmaltiError as error:
        click.echo(f"error: {error.problem}\n{error.hint}".rstrip(), err=True)
        sys.exit(error.exit_code)
