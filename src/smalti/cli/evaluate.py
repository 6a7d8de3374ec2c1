"""``smalti evaluate``."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import click

from smalti.cli.file_options import fit_option, precision_option, scale_option
from smalti.errors import SmaltiError

if TYPE_CHECKING:
    from smalti.evaluation.evaluating import Evaluation


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path())
@click.option("--again", is_flag=True, help="Measure again instead of showing stored results.")
@precision_option
@click.option("--data", help="What a file is measured on: a set, a folder or an .npz file.")
@click.option("--out", type=click.Path(file_okay=False), help="Run folder made of a file.")
@scale_option
@fit_option
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where data sets lie.")
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
def command(
    runs: tuple[str, ...],
    again: bool,
    precision: str,
    data: str | None,
    out: str | None,
    scale: str | None,
    fit: bool,
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Measure runs on their test pictures; several runs give mean ± sd.

    The first call opens the test set and stores the results in the run; later calls show them.
    A Keras file (.keras, .h5) that others trained is measured on --data; how it wants its pixels is
    found out on the validation pictures. So is an ONNX file that smalti wrote. The results of a
    file are stored only with --out.
    """
    from smalti import api

    if data is not None and len(runs) > 1:
        raise SmaltiError("--data measures one file at a time.", f"Begin with {runs[0]}.")
    evaluations = [
        api.evaluate(
            run,
            data,
            again=again,
            precision=precision,
            data_dir=data_dir,
            out=out,
            scale=scale,
            fit=fit,
        )
        for run in runs
    ]
    if as_json:
        click.echo(json.dumps([item.metrics for item in evaluations], indent=2, ensure_ascii=False))
        return
    for evaluation in evaluations:
        _show(evaluation, len(evaluations) == 1)
    if len(evaluations) > 1:
        click.echo(_together(evaluations))
    elif evaluations[0].run is None:
        click.echo("next  --out DIR keeps these results as a folder that smalti report takes")
    else:
        click.echo(f"next  smalti report {shlex.quote(str(evaluations[0].run.path))}")


def _show(evaluation: Evaluation, details: bool) -> None:
    from smalti.wording import accuracy_with_interval, averaged_views, percent

    values = evaluation.metrics
    low, high = evaluation.interval
    said = accuracy_with_interval(evaluation.accuracy, low, high, evaluation.n)
    click.echo(f"{evaluation.path}")
    click.echo(f"test accuracy {said}")
    extra = [f"loss {values['loss']:.4f}", f"calibration error {percent(values['ece'])}"]
    if "ece_before" in values:
        temperature = f"temperature {values['temperature']:.2f}"
        extra[-1] += f" (with {temperature}; {percent(values['ece_before'])} without)"
    if "top5_accuracy" in values:
        extra.insert(0, f"top-5 accuracy {percent(values['top5_accuracy'])}")
    if values.get("outputs") == "scores":
        extra.append("both of the softmax of scores, which are no probabilities")
    if views := averaged_views(values.get("views", 1)):
        extra.append(views)
    click.echo(f"{', '.join(extra)}; {values['data']}, {values['split']}")
    if values.get("covered_accuracy") is not None and values["coverage"] < 1:
        click.echo(
            f"at least {percent(values['abstain_below'])} sure of {percent(values['coverage'])} of "
            f"the pictures, and right on {percent(values['covered_accuracy'])} of those"
        )
    _show_sets(evaluation)
    if evaluation.stored:
        click.echo(
            f"stored result of {values['evaluated']}; measure again with --again "
            f"(opened so far: {values['times_opened']})"
        )
    if details:
        _show_classes(evaluation)


def _show_sets(evaluation: Evaluation) -> None:
    from smalti.conformal import SHOWN, key
    from smalti.metrics import wilson_interval
    from smalti.wording import interval, percent

    values = evaluation.metrics
    for name in (key(wanted) for wanted in SHOWN):
        if f"set_coverage/{name}" in values:
            held = values[f"set_coverage/{name}"]
            within = interval(*wilson_interval(held, evaluation.n))
            click.echo(
                f"sets for {name} %: the true class is in {percent(held)} of them "
                f"(95 % interval {within}), {values[f'set_size/{name}']:.2f} classes on average"
            )


def _show_classes(evaluation: Evaluation) -> None:
    from smalti.cli.tables import print_table
    from smalti.wording import count, percent

    values, names = evaluation.metrics, evaluation.class_names
    rows = [
        [
            name,
            *(percent(values[f"{score}/{name}"]) for score in ("precision", "recall", "f1")),
            count(values[f"support/{name}"]),
        ]
        for name in names
    ]
    click.echo()
    print_table(["class", ">precision", ">recall", ">F1", ">pictures"], rows)
    click.echo()
    if len(names) <= 12:
        matrix = [
            [name, *(str(cell) if cell else "·" for cell in row)]
            for name, row in zip(names, evaluation.confusion, strict=True)
        ]
        print_table(["true \\ predicted", *(f">{name}" for name in names)], matrix)
        click.echo()


def _together(evaluations: list[Evaluation]) -> str:
    from smalti.metrics import mean_and_deviation, wilson_interval
    from smalti.wording import interval, mean_and_spread

    accuracies = [item.accuracy for item in evaluations]
    mean, deviation = mean_and_deviation(accuracies)
    said = f"test accuracy {mean_and_spread(mean, deviation, len(evaluations))}"
    sizes = {item.n for item in evaluations}
    if len(sizes) == 1 and len({item.metrics["data"] for item in evaluations}) == 1:
        low, high = wilson_interval(mean, sizes.pop())
        said += f", 95 % interval at the mean {interval(low, high)}"
    else:
        said += " (over different test sets: the mean says little)"
    return said
