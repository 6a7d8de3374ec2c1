"""``smalti doctor``."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata
from typing import Any

import click

from smalti.version import __version__

CORE = ("torch", "numpy", "pillow", "safetensors", "scikit-learn", "matplotlib", "pooch", "click")


@click.command()
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where data sets lie.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(data_dir: str | None, as_json: bool) -> None:
    """Look at this machine: versions, device, precision and why, speed, data."""
    facts = examine(data_dir)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for name, value in facts.items():
        _show(name, value)


def examine(data_dir: str | None) -> dict[str, Any]:
    """Return what the command shows, in order."""
    from smalti import device

    hardware = device.choose()
    facts: dict[str, Any] = {
        "smalti": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "packages": {name: _version(name) for name in CORE},
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
    }
    problem = device.unused_gpu()
    missing = [name for name, found in facts["packages"].items() if found is None]
    advice = [problem] if problem else []
    advice += [f"{name} is missing: pip install {name}" for name in missing]
    facts["advice"] = advice or ["nothing is missing"]
    return facts


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _data(data_dir: str | None) -> dict[str, str]:
    from smalti.data.inventory import available

    return {item.name: item.sentence() for item in available(data_dir)}


def _show(name: str, value: Any) -> None:
    if isinstance(value, dict):
        for place, (inner, cell) in enumerate(value.items()):
            click.echo(f"{name if place == 0 else '':<16}{inner:<16}{cell or 'missing'}")
    elif isinstance(value, list):
        for place, line in enumerate(value):
            click.echo(f"{name if place == 0 else '':<16}{line}")
    else:
        click.echo(f"{name:<16}{value}")
