"""``smalti report``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from smalti.errors import log
from smalti.runs import Run


@click.command()
@click.argument("run", type=click.Path())
@click.option("--open", "open_it", is_flag=True, help="Show the page in the browser.")
def command(run: str, open_it: bool) -> None:
    """Write RUN's report: one HTML page, its plots as files, and a model card.

    Drawn from the files of the run alone; the page needs no network.
    """
    # Not through smalti.api, which loads the framework that training needs.
    from smalti.reporting.card import write_card
    from smalti.reporting.page import write_report

    folder = Run(run)
    page = write_report(folder)
    card = write_card(folder)
    click.echo(f"report {page}")
    click.echo(f"plots  {folder.plots_folder}")
    edited = "" if card else "  (edited by hand: left as it is; remove it to have it written anew)"
    click.echo(f"card   {folder.card_file}{edited}")
    path = shlex.quote(str(folder.path))
    if folder.metrics() is None:
        click.echo(f"next   smalti evaluate {path}")
    elif not open_it:
        click.echo(f"next   smalti report {path} --open")
    if open_it:
        _open(page)


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        log.warning("No browser could be started; open the file %s yourself.", page)
