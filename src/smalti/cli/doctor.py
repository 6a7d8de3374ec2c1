"""``smalti doctor``."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smalti.errors import SmaltiError
from smalti.version import __version__

if TYPE_CHECKING:
    from smalti.advice.finding import Check, Finding
    from smalti.runs import Run

CORE = ("torch", "numpy", "pillow", "safetensors", "scikit-learn", "matplotlib", "click")

_NAME = 16
"""Columns of the first word of a line."""


@click.command()
@click.argument("what", required=False, metavar="[RUN|DATA]")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where data sets lie.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(what: str | None, data_dir: str | None, as_json: bool) -> None:
    """Look for what is wrong, and say what to change.

    Without an argument at this machine: versions, device, precision, speed, data. With a RUN at
    how its training went. With DATA (a built-in name, a folder, an .npz file) at its pictures and
    labels. Everything looked at is ok, or asks for attention with its repair.
    """
    facts = _facts(what, data_dir)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for name, value in facts.items():
        if name == "checks":
            _show_checks(value)
        else:
            _show(name, value)


def _facts(what: str | None, data_dir: str | None) -> dict[str, Any]:
    if what is None:
        return examine(data_dir)
    if (Path(what) / "config.json").is_file():
        return examine_run(what)
    return examine_data(what, data_dir)


def examine(data_dir: str | None) -> dict[str, Any]:
    """Return what is shown of this machine, in order."""
    from smalti import device
    from smalti.advice.machine import check_machine
    from smalti.training.environment import machine_facts

    hardware = device.choose()
    packages = {name: _version(name) for name in CORE}
    return {
        "smalti": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "packages": packages,
        "processor": f"{device.cpu_name()}, {device.usable_cores()} usable cores",
        "devices": ", ".join(device.available_devices()),
        "device": hardware.device_name,
        "precision": f"{hardware.precision}: {hardware.reason}",
        "layout": "channels-last" if hardware.channels_last else "channels-first",
        "threads": hardware.threads,
        "matrix product": {
            precision: f"{device.matrix_product_peak(hardware.device, precision):,.0f} GFLOP/s"
            for precision in ("float32", "bfloat16")
        },
        "data": _data(data_dir),
        "checks": _as_rows([*check_machine(machine_facts(hardware)), _packages(packages)]),
    }


def examine_run(path: str) -> dict[str, Any]:
    """Return what is shown of a run, from its files alone."""
    from smalti.reporting.diagnosis import diagnose, pictures_of, survey_of
    from smalti.reporting.facts import read_facts
    from smalti.runs import Run

    facts = read_facts(Run(path))
    epochs = int(facts.config.section("training").number("epochs") or 0)
    curves = diagnose(facts)
    checks = [_ended(bool(facts.environment.text("finished")), facts.resume_command)]
    checks += _files(facts.run) if facts.history else []
    checks += [_check("curves", finding) for finding in curves]
    if survey_of(facts):
        found = pictures_of(facts)
        checks += [_check("pictures", finding) for finding in found]
        checks += [] if found else [_check("pictures", None, "nothing is wrong with them")]
    shown: dict[str, Any] = {
        "run": str(facts.run.path),
        "data": facts.data_name,
        "epochs": f"{len(facts.history)} of {epochs}",
        "checks": _as_rows(checks),
    }
    if facts.method:
        shown["epochs"] = f"none: {facts.method} is fitted at once"
    remedies = [remedy for finding in curves for remedy in finding.remedies]
    if remedies and facts.config.section("data").text("source"):
        config = shlex.quote(str(facts.run.config_file))
        shown["for example"] = f"smalti train --recipe {config} {remedies[0]}"
    return shown


def examine_data(source: str, data_dir: str | None) -> dict[str, Any]:
    """Return what is shown of a data set; every picture is read."""
    from smalti.advice.pictures import look_at
    from smalti.data.load import load_given
    from smalti.data.splits import with_parts
    from smalti.data.survey import survey
    from smalti.recipes.resolve import resolve

    dataset, undivided = _given(source, lambda: load_given(source, data_dir=data_dir)), ""
    try:
        dataset = with_parts(dataset)
    except SmaltiError as error:
        undivided = str(error)  # no parts can be cut; the rest can be looked at
    facts = survey(dataset, neighbours=True, repetitions=True)
    recipe = resolve(None, dataset.name, {})
    checks = [_wrong("parts", undivided)] if undivided else []
    checks += [
        _check(look.name, look.finding, look.seen) for look in look_at(facts, recipe, dataset.name)
    ]
    sizes = ", ".join(f"{len(part):,} {name}" for name, part in dataset.parts.items())
    return {
        "data": f"{dataset.name}: {sizes}; {dataset.n_classes} classes; {dataset.split}",
        "checks": _as_rows(checks),
    }


def _given(source: str, load: Any) -> Any:
    """Load; where there is nothing of that name, say that it may be a run as well."""
    try:
        return load()
    except SmaltiError as error:
        if Path(source).exists():
            raise
        hint = f"{error.hint} Runs are listed by: smalti runs".strip()
        raise SmaltiError(error.problem, hint) from error


def _ended(finished: bool, resume: str) -> Check:
    from smalti.advice.finding import Check

    if finished:
        return Check("training", True, "has ended")
    return Check("training", False, "Training has not ended.", resume)


def _files(run: Run) -> list[Check]:
    """Try what every use of a run begins with: its files are whole and belong together."""
    from smalti.advice.finding import Check
    from smalti.classifier.loading import load_run

    try:
        load_run(run)
    except SmaltiError as error:
        return [Check("files", False, error.problem, error.hint)]
    return [Check("files", True, "are whole and belong together")]


def _check(name: str, finding: Finding | None, seen: str = "") -> Check:
    """Return a finding as a check; where there is none, or only a remark, all is ok."""
    from smalti.advice.finding import Check

    if finding is None:
        return Check(name, True, seen)
    if not finding.remedies and not finding.advice:
        return Check(name, True, finding.text)
    repair = ", or ".join(map(str, finding.remedies)) or finding.advice
    said = f"{finding.cause}. {finding.sentence}"
    return Check(name, False, finding.text if finding.remedies else said, repair)


def _wrong(name: str, sentence: str) -> Check:
    from smalti.advice.finding import Check

    return Check(name, False, sentence)


def _packages(packages: dict[str, str | None]) -> Check:
    from smalti.advice.finding import Check

    missing = [name for name, found in packages.items() if found is None]
    if not missing:
        return Check("packages", True, "nothing is missing")
    names = " ".join(missing)
    return Check("packages", False, f"Missing: {', '.join(missing)}.", f"pip install {names}")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _data(data_dir: str | None) -> dict[str, str]:
    from smalti.data.inventory import available

    return {item.name: item.sentence() for item in available(data_dir)}


def _as_rows(checks: list[Check]) -> list[dict[str, str]]:
    return [
        {
            "name": check.name,
            "state": check.state,
            "sentence": check.sentence,
            "repair": check.repair,
        }
        for check in checks
    ]


def _show_checks(rows: list[dict[str, str]]) -> None:
    click.echo()
    for row in rows:
        click.echo(f"{row['name']:<{_NAME}}{row['state']:<11}{row['sentence']}")
        if row["repair"]:
            click.echo(f"{'':<{_NAME}}{'repair':<11}{row['repair']}")
    wrong = sum(row["state"] != "ok" for row in rows)
    click.echo(f"\n{wrong} of {len(rows)} ask for attention" if wrong else "\neverything is ok")


def _show(name: str, value: Any) -> None:
    if isinstance(value, dict):
        for place, (inner, cell) in enumerate(value.items()):
            click.echo(f"{name if place == 0 else '':<{_NAME}}{inner:<16}{cell or 'missing'}")
    else:
        click.echo(f"{name:<{_NAME}}{value}")
