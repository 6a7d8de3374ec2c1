"""The table of growth: how much time and memory one picture, pixel or class more takes."""

from __future__ import annotations

from pathlib import Path

from benchmarks import growth as measuring
from benchmarks import growth_plot, machines, results
from benchmarks.growth import CURVES, Curve, Point, point_of
from benchmarks.machines import Machines
from benchmarks.markdown import paragraphs, table
from benchmarks.results import Figures
from smalti import wording

_HEAD = ("one epoch of", "from – to", "time", "r²", "peak memory", "r²")
_UNITS = {"images": "picture", "pixels": "pixel", "classes": "class"}


def growth(folder: Path = results.RESULTS) -> str:
    """Return the straight lines fitted to the stored curves, the machine, and the drawing."""
    figures = results.read(measuring.ROW, folder)
    if figures is None:
        return ""
    seen = Machines()
    letter = seen.letter(machines.of_figures(figures), figures["date"])
    lines = [_line(name, figures) for name in CURVES if name in figures["fits"]]
    title = f"**Growth** of `{figures['command']}` ({letter}), straight lines fitted:"
    drawing = f"![Time and memory of an epoch](plots/{growth_plot.PLOT.name})"
    return paragraphs(title, table(_HEAD, lines), drawing, seen.legend())


def _line(name: str, figures: Figures) -> tuple[str, ...]:
    curve, fits = CURVES[name], figures["fits"][name]
    along = [curve.along(point_of(entry)) for entry in figures["points"][name]]
    first = point_of(figures["points"][name][0])
    seconds, memory = fits["seconds"], fits["peak_bytes"]
    unit = _UNITS[curve.axis]
    return (
        _what(curve, first),
        f"{wording.count(along[0])} – {wording.count(along[-1])}",
        f"{amount(seconds['slope'], _TIME)} a {unit}",
        f"{seconds['r2']:.3f}",
        f"{amount(memory['offset'], _MEMORY)} + {amount(memory['slope'], _MEMORY)} a {unit}",
        f"{memory['r2']:.3f}",
    )


_TIME = {"s": 1.0, "ms": 1e-3, "µs": 1e-6}
_MEMORY = {"GB": 1e9, "MB": 1e6, "kB": 1e3, "B": 1.0}


def amount(value: float, units: dict[str, float]) -> str:
    """Return a number with the largest unit in which it is at least one: ``"1.5 ms"``."""
    fitting = (unit for unit, size in units.items() if abs(value) >= size)
    unit = next(fitting, list(units)[-1])
    return f"{value / units[unit]:.3g} {unit}"


def _what(curve: Curve, first: Point) -> str:
    source = "a folder of PNG files" if curve.folder else "arrays"
    fixed = {
        "images": f"{first.side}×{first.side} pixels, {first.classes} classes",
        "pixels": f"{wording.count(first.images)} pictures, {first.classes} classes",
        "classes": f"{wording.count(first.images)} pictures, {first.side}×{first.side} pixels",
    }
    return f"{curve.axis}, {source} ({fixed[curve.axis]})"
