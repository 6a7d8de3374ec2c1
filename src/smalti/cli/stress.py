"""``smalti stress``."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import click

from smalti.cli.file_options import fit_option, precision_option, scale_option
from smalti.errors import SmaltiError

if TYPE_CHECKING:
    from smalti.robustness import Robustness


@click.command()
@click.argument("run", type=click.Path())
@click.option("--n", type=click.IntRange(min=1), help="How many test pictures. [2,000]")
@click.option("--all", "whole", is_flag=True, help="All test pictures.")
@click.option("--attacks/--no-attacks", default=True, help="Whether to try FGSM and PGD.")
@click.option("--again", is_flag=True, help="Measure again instead of showing stored results.")
@precision_option
@click.option("--data", help="What a file is measured on: a set, a folder or an .npz file.")
@click.option("--out", type=click.Path(file_okay=False), help="Run folder made of a file.")
@scale_option
@fit_option
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where data sets lie.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(
    run: str,
    n: int | None,
    whole: bool,
    attacks: bool,
    again: bool,
    precision: str,
    data: str | None,
    out: str | None,
    scale: str | None,
    fit: bool,
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Say how RUN breaks: its accuracy on worse and worse test pictures.

    Each picture is seen in 75 states: 15 corruptions (noise, blur, fog, snow, light, JPEG, fewer
    pixels, moved, turned, shrunk, inverted) in five strengths, of which people still recognise four
    at least. Then the worst small change takes the place of a random one (FGSM and PGD, on 500 of
    the pictures): that needs the gradients of a network that smalti trained.

    Stored in the run and shown by its report; later calls show what is stored. A Keras or ONNX file
    is measured on --data, and its figures are stored only with --out, as by smalti evaluate.
    """
    from smalti import api

    if n is not None and whole:
        raise SmaltiError("--n says how many, --all that all of them: give one of both.")
    found = api.stress(
        run,
        data,
        n=n,
        all=whole,
        attacks=attacks,
        again=again,
        precision=precision,
        data_dir=data_dir,
        out=out,
        scale=scale,
        fit=fit,
    )
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
        return
    _show(found)
    from smalti.classifier.loading import is_model_file
    from smalti.runs import Run

    if out is None and is_model_file(run):
        click.echo("next  --out DIR keeps these figures as a folder that smalti report takes")
        return
    folder = Run(out or run)
    click.echo(f"drawn {folder.plots_folder / 'stress.png'}")
    click.echo(f"next  smalti report {shlex.quote(str(folder.path))}")


def _show(found: Robustness) -> None:
    from smalti.wording import averaged_views, count, duration

    click.echo(f"{found.path}")
    click.echo(f"mean corruption accuracy {found.mean.said(found.n)}")
    click.echo(f"unchanged pictures {found.clean.said(found.n)}")
    extra = f"; {views}" if (views := averaged_views(found.views)) else ""
    click.echo(f"{found.pictures}{extra}")
    speed = f"{count(found.images_per_second)} pictures a second"
    click.echo(f"took {duration(found.seconds)}, {speed} of the worse ones")
    if found.stored:
        click.echo(
            f"stored result of {found.measured}; measure again with --again "
            f"(measured so far: {found.times_opened})"
        )
    _show_table(found)
    _show_attacks(found)
    click.echo("weakest where")
    for number, text in enumerate(found.weak_spots, start=1):
        click.echo(f"{number}. {text}")


def _show_table(found: Robustness) -> None:
    from smalti.cli.tables import print_table
    from smalti.robustness import STRENGTHS
    from smalti.wording import points

    rows = [
        [one.name, *(points(share.accuracy) for share in (*one.by_strength, one.mean))]
        for one in found.corruptions
    ]
    click.echo()
    strengths = [f">{strength}" for strength in STRENGTHS]
    print_table(["accuracy, %, by strength", *strengths, ">mean"], rows)
    click.echo(f"each ± {points(found.widest)} points at most (95 % interval)")
    click.echo()


def _show_attacks(found: Robustness) -> None:
    from smalti.cli.tables import print_table
    from smalti.wording import count, interval, percent, points

    if found.attacks is None:
        click.echo(f"no FGSM, no PGD: {found.no_attacks}")
        click.echo()
        return
    rows = [
        [
            f"{one.epsilon}/255",
            points(one.fgsm.accuracy),
            points(one.pgd.accuracy),
            interval(one.pgd.low, one.pgd.high),
        ]
        for one in found.attacks.by_epsilon
    ]
    steps = found.attacks.steps
    print_table(["accuracy, %, by epsilon", ">FGSM", f">PGD, {steps} steps", ">95 %"], rows)
    before = percent(found.attacks.clean.accuracy)
    click.echo(f"n = {count(found.attacks.n)}, {before} before; {found.attacks.sentence}")
    click.echo()
