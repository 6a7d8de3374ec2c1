"""``smalti train``."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smalti.errors import SmaltiError
from smalti.names import TRACKERS
from smalti.recipes.flags import FLAGS
from smalti.recipes.options import field_help, parse_assignment

if TYPE_CHECKING:
    from smalti.runs import Run


def _field_flags(function: Any) -> Any:
    """Add a flag for each entry of FLAGS, with the field's own sentence as its help."""
    for flag, name in reversed(FLAGS.items()):
        found = field_help()[name]
        choices = f" ({', '.join(map(str, found.choices))})" if found.choices else ""
        function = click.option(
            f"--{flag}", metavar="VALUE", help=f"{found.sentence}{choices} [{name}]"
        )(function)
    return function


@click.command()
@click.argument("data", required=False)
@click.option(
    "--recipe",
    default=None,
    help="Named recipe, or a JSON file such as a config.json; without, that of --model, or fast "
    "for mnist, fashion-mnist and cifar10 and cnn for the rest.",
)
@_field_flags
@click.option("--deterministic", is_flag=True, help="Same bits every time on a GPU too (slower).")
@click.option("--set", "assignments", multiple=True, metavar="FIELD=VALUE", help="Set any field.")
@click.option("--seeds", type=click.IntRange(min=1), help="Train this many runs, seed by seed.")
@click.option("--out", type=click.Path(file_okay=False), help="Parent folder of runs.  [runs]")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where data sets lie.")
@click.option(
    "--log",
    "trackers",
    multiple=True,
    metavar="TRACKER",
    help=f"Log the epochs there too ({', '.join(TRACKERS)}; each an extra). Repeatable.",
)
@click.option("--resume", type=click.Path(), metavar="RUN", help="Continue a run where it stopped.")
def command(
    data: str | None,
    recipe: str | None,
    deterministic: bool,
    assignments: tuple[str, ...],
    seeds: int | None,
    out: str | None,
    data_dir: str | None,
    trackers: tuple[str, ...],
    resume: str | None,
    **flags: str | None,
) -> None:
    """Train a classifier.

    DATA is mnist, fashion-mnist, cifar10, cifar100, cifar100-coarse, digits, an .npz file, or a
    folder with a folder of pictures for each class.
    """
    options: dict[str, Any] = {
        FLAGS[flag.replace("_", "-")]: value for flag, value in flags.items() if value is not None
    }
    if deterministic:
        options["training.deterministic"] = True
    options |= dict(parse_assignment(text) for text in assignments)
    if resume is not None:
        _resume(resume, data_dir, data or recipe or options or seeds or out or trackers)
        return
    if data is None and (recipe is None or not recipe.endswith(".json")):
        raise SmaltiError(
            "smalti train expects a data set, a folder or an .npz file.",
            "For example: smalti train digits. List data sets with: smalti data list",
        )
    _train(data or "", recipe, options, seeds, out or "runs", data_dir, trackers)


def _resume(path: str, data_dir: str | None, others: object) -> None:
    if others:
        raise SmaltiError(
            "--resume continues a run exactly as it was begun and takes no other options.",
            f"Use only: smalti train --resume {path}; for a changed run: "
            f"smalti train DATA --recipe {Path(path) / 'config.json'} …",
        )
    from smalti import api

    with second_ctrl_c_ends_at_once():
        run = api.resume(path, data_dir=data_dir)
    _say_next([run])


def _train(
    data: str,
    recipe: str | None,
    options: dict[str, Any],
    seeds: int | None,
    out: str,
    data_dir: str | None,
    trackers: tuple[str, ...],
) -> None:
    from smalti import api

    finished = api.train_seeds(
        data,
        recipe,
        seeds=seeds or 1,
        options=options,
        out=out,
        data_dir=data_dir,
        log=trackers,
        command=shlex.join(["smalti", *sys.argv[1:]]),
    )
    with second_ctrl_c_ends_at_once():
        runs = list(finished)
    _say_next(runs)
    if len(runs) > 1:
        from smalti.cli.summary import validation_summary

        click.echo(validation_summary(runs))


@contextmanager
def second_ctrl_c_ends_at_once() -> Iterator[None]:
    """Leave by the first Ctrl-C in good order, and by another at once."""
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise


def _say_next(runs: list[Run]) -> None:
    paths = " ".join(shlex.quote(str(run.path)) for run in runs)
    first = shlex.quote(str(runs[0].path))
    click.echo(f"saved {paths}")
    click.echo(f"next  smalti evaluate {paths}")
    click.echo(f"      smalti report {first}")
