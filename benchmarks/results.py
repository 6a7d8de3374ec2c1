"""Where raw figures are kept: one JSON file a row, with what is needed to judge them."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from smalti import device
from smalti.files import write_json

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
RUNS = Path(__file__).resolve().parent / "runs"

Figures = dict[str, Any]


def circumstances() -> Figures:
    """Return date, commit, machine and versions: what every figure is quoted with."""
    best = device.available_devices()[0]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "machine": {
            "device": device.device_name(best),
            "processor": device.cpu_name(),
            "cores": device.usable_cores(),
            "platform": platform.platform(terse=True),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy")},
        },
    }


def place(row: str, folder: Path = RESULTS) -> Path:
    """Return where a row's figures are kept."""
    return folder / f"{row}.json"


def write(row: str, figures: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Write ``<folder>/<row>.json``: the row's name, the circumstances, the figures."""
    path = place(row, folder)
    write_json(path, {"row": row, **circumstances(), **figures})
    return path


def read(row: str, folder: Path = RESULTS) -> Figures | None:
    """Return what was stored for a row, or None."""
    path = place(row, folder)
    if not path.exists():
        return None
    figures: Figures = json.loads(path.read_text(encoding="utf-8"))
    return figures


def spread(values: Sequence[float], digits: int = 4) -> dict[str, float]:
    """Return median, minimum and maximum, rounded to ``digits`` significant digits."""
    summary = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: significant(value, digits) for name, value in summary.items()}


def significant(value: float, digits: int = 4) -> float:
    """Return a number rounded to ``digits`` significant digits."""
    return float(f"{value:.{digits}g}")


def _commit() -> str:
    """Return the short commit, with ``+`` where the code differs from it; empty without git."""
    try:
        git = ["git", "-C", str(REPOSITORY)]
        commit = subprocess.run(
            [*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "src"], check=False)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + "+" * (changed.returncode != 0)
