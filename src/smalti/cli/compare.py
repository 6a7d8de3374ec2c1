"""``smalti compare``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smalti.errors import SmaltiError
from smalti.recipes.options import parse_assignment

if TYPE_CHECKING:
    from smalti.standings import Comparison


@click.command()
@click.argument("what", nargs=-1, metavar="[DATA | RUN RUN...]")
@click.option("--recipes", metavar="A,B,C", help="Recipes that stand as they are; the first leads.")
@click.option("--recipe", help="The recipe that --vary changes.  [as train]")
@click.option(
    "--vary", multiple=True, metavar="FIELD=V1,V2", help="Try a field's values; the full grid."
)
@click.option(
    "--try",
    "tries",
    multiple=True,
    metavar="FIELD=V",
    help="Beside the recipe as it is, this change alone; several fields by spaces.",
)
@click.option("--seeds", type=click.IntRange(min=1), help="Runs of each, seed by seed.  [3]")
@click.option("--epochs", metavar="N", help="Epochs of every variant. [training.epochs]")
@click.option(
    "--set", "assignments", multiple=True, metavar="FIELD=VALUE", help="Set a field in all of them."
)
@click.option("--test", is_flag=True, help="Judge on the test set, which this opens.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="Begin no run that ends later."
)
@click.option("--resume", metavar="FOLDER", help="Go on with a comparison; --seeds adds seeds.")
@click.option("--out", type=click.Path(file_okay=False), help="Parent of its folder.  [runs]")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where data sets lie.")
def command(
    what: tuple[str, ...],
    recipes: str | None,
    recipe: str | None,
    vary: tuple[str, ...],
    tries: tuple[str, ...],
    seeds: int | None,
    epochs: str | None,
    assignments: tuple[str, ...],
    test: bool,
    minutes: float | None,
    resume: str | None,
    out: str | None,
    data_dir: str | None,
) -> None:
    """Say what a choice is worth: one table of several ways of training.

    With DATA and --recipes, --vary or --try they are trained, each with the same seeds, and judged
    on the same validation pictures. The first is the baseline that the others are compared with.
    Classical methods are recipes too: knn, pca-knn, linear-svm, rbf-svm, forest,
    logistic-regression. With finished RUNs nothing is trained; those of one recipe are the seeds of
    one row.

    Everything lies in runs/compare-DATA-1: runs, plan, table.csv, results.json and compare.html.
    Lists among the values of --vary stand in brackets: model.filters=[32],[32,64].
    """
    from smalti import api
    from smalti.search.variants import parse_try, parse_vary

    options: dict[str, Any] = {} if epochs is None else {"training.epochs": epochs}
    options |= dict(parse_assignment(text) for text in assignments)
    named = [name.strip() for name in recipes.split(",")] if recipes is not None else None
    if named is not None and not all(named):
        raise SmaltiError(
            f"--recipes expects names separated by commas, not {recipes!r}.",
            "For example: --recipes dense,cnn,knn",
        )
    if not what and resume is None:
        raise SmaltiError(
            "smalti compare expects a data set, or finished runs.",
            "For example: smalti compare digits --recipes dense,knn or: smalti compare RUN RUN",
        )
    from smalti.cli.train import second_ctrl_c_ends_at_once

    with second_ctrl_c_ends_at_once():
        found = api.compare(
            list(what) if len(what) != 1 else what[0],
            named,
            recipe=recipe,
            vary=parse_vary(vary),
            tries=[parse_try(text) for text in tries],
            seeds=seeds,
            set=options,
            test=test,
            minutes=minutes,
            resume=resume,
            out=out,
            data_dir=data_dir,
            command=shlex.join(["smalti", *sys.argv[1:]]),
        )
    _show(found)


def _show(found: Comparison) -> None:
    from smalti.cli.tables import print_table

    print_table(found.columns, found.rows(), found.title)
    click.echo()
    for text in (*found.sentences(), *found.about()):
        click.echo(text)
    click.echo()
    click.echo(f"table {found.table_file}")
    click.echo(f"page  {found.page}")
    if found.done < found.planned:
        click.echo(f"next  smalti compare --resume {shlex.quote(str(found.path))}")
    elif Path(found.path / "plan.json").exists() and any(
        row.verdict == "no difference" for row in found.standings[1:]
    ):
        path = shlex.quote(str(found.path))
        click.echo(f"next  smalti compare --resume {path} --seeds N    more seeds tell finer")
