"""What ``smalti data check`` prints of the faults that it found."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from smalti.wording import count, percent

if TYPE_CHECKING:
    from smalti.findings import Faults, LabelCheck, NearCheck, Outlier

_LISTED = 5


def same_again() -> str:
    """Return the command line that was typed."""
    return shlex.join(["smalti", *sys.argv[1:]])


def show(found: Faults) -> None:
    """Print what was found, a few examples of each, where the rest is, and what to do."""
    click.echo(f"balance      {found.balance}")
    if found.near is not None:
        _show_near(found.near)
    if found.without is not None:
        click.echo(f"accuracy     all test pictures: {found.without.all}")
        click.echo(f"             without those:     {found.without.without}")
    if found.labels is not None:
        _show_labels(found.labels)
    if found.outliers is not None:
        _show_outliers(found.outliers, found.n_trained)
    for note in found.notes:
        click.echo(f"note         {note}")
    _show_next(found)


def _show_near(near: NearCheck) -> None:
    click.echo(f"near         {near.sentence()} ({near.found_by})")
    crossing = [pair for pair in near.pairs if pair.crosses]
    for pair in (crossing or near.pairs)[:_LISTED]:
        one, other = (f"{place} {place.label!r}" for place in (pair.first, pair.second))
        click.echo(f"             {one} and {other}: likeness {pair.likeness:.2f}")


def _show_labels(labels: LabelCheck) -> None:
    click.echo(f"labels       {labels.sentence()}")
    for error in labels.errors[:_LISTED]:
        sure = percent(error.confidence, 1)
        click.echo(
            f"             {error.place} is {error.place.label!r}, taken for "
            f"{error.suggested!r} ({sure})"
        )


def _show_outliers(outliers: tuple[Outlier, ...], n: int) -> None:
    far = sum(outlier.far for outlier in outliers)
    click.echo(
        f"outliers     {count(far)} of {count(n)} training pictures are far from all, "
        f"{count(len(outliers) - far)} others have none of their class among the ten nearest"
    )
    for outlier in outliers[:_LISTED]:
        click.echo(f"             {outlier.place} {outlier.place.label!r}: {outlier.kind}")


def _show_next(found: Faults) -> None:
    source = shlex.quote(found.source)
    click.echo()
    if found.path is None:
        click.echo(f"next  smalti data check {source} --out runs    the pairs as pictures")
        click.echo(f"      smalti data check {source} --run RUN     labels and outliers, too")
        return
    for path in found.tables():
        click.echo(f"table {path}")
    click.echo(f"page  {found.page}")
    click.echo("next  look at the page; what is wrong is left out by the commands at its end")
    if found.run and (found.labels is None or "training" not in found.labels.pictures):
        click.echo(f"      smalti data check {source} --run {shlex.quote(found.run)} --folds 5")
