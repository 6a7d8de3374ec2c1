"""How time and memory grow with the number of pictures, their size, and the number of classes.

One epoch of ``smalti train`` with recipe ``cnn``, without validation, each point a process of its
own with an empty cache: the seconds of the epoch by smalti's own clock, those of the whole command
(decoding the pictures into the cache, too), and the largest resident memory as the kernel counts it
(memory-mapped pictures included). CIFAR-10's training pictures, repeated or scaled; as arrays, and
as a folder of PNG files. A straight line is fitted to every curve: with the pixels of a picture,
not its side. Every point is stored as it lands; what is stored is not measured again.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks import processes, results
from benchmarks.growth_data import Source
from benchmarks.options import flags
from benchmarks.results import Figures
from smalti.data.dataset import Part
from smalti.errors import unknown
from smalti.runs import Run

ROW = "growth"
TRAIN = ("--recipe", "cnn", "--epochs", "1", "--validation", "0")
MEASURES = ("seconds", "command_seconds", "peak_bytes")


@dataclass(frozen=True)
class Point:
    """What one process trains on."""

    images: int
    side: int = 32
    classes: int = 10


@dataclass(frozen=True)
class Curve:
    """Points along one axis: ``images``, ``pixels`` (of a picture) or ``classes``."""

    axis: str
    points: tuple[Point, ...]
    folder: bool = False

    def along(self, point: Point) -> int:
        """Return where a point lies on the axis."""
        return {"images": point.images, "pixels": point.side**2, "classes": point.classes}[
            self.axis
        ]


_NUMBERS = tuple(Point(images) for images in (5_000, 20_000, 50_000, 200_000, 500_000))

CURVES: Mapping[str, Curve] = {
    "images": Curve("images", _NUMBERS),
    "folder": Curve("images", _NUMBERS, folder=True),
    "pixels": Curve("pixels", tuple(Point(5_000, side) for side in (28, 32, 48, 64, 96, 128))),
    "classes": Curve("classes", tuple(Point(20_000, 32, n) for n in (10, 30, 100, 300, 1_000))),
}


def curves_named(names: Sequence[str]) -> dict[str, Curve]:
    """Return curves by name, all where none is named; an unknown name is an error."""
    for name in names:
        if name not in CURVES:
            raise unknown("curve", name, CURVES, "python -m benchmarks growth --help")
    return {name: CURVES[name] for name in names or CURVES}


def quick(curves: Mapping[str, Curve]) -> dict[str, Curve]:
    """Return the curves with their first and last point made tiny, to see that it all runs."""

    def tiny(point: Point) -> Point:
        classes = min(point.classes, 20)
        return Point(100 if point.images < 100_000 else 200, min(point.side, 48), classes)

    return {
        name: replace(curve, points=(tiny(curve.points[0]), tiny(curve.points[-1])))
        for name, curve in curves.items()
    }


def measure(
    part: Part,
    curves: Mapping[str, Curve],
    folder: Path = results.RESULTS,
    scratch: Path | None = None,
    machine: Mapping[str, str] | None = None,
) -> Path:
    """Measure and store the row ``growth``, point by point.

    ``part`` holds the pictures to take from; ``scratch`` is where data and runs are for a while.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as home:
        source = Source(part, Path(home))
        for name, point in _missing(curves, folder):
            print(f"{name}: {point} …", file=sys.stderr, flush=True)
            figures = _measured(source, curves[name], point, machine or {})
            _store(curves, name, {**asdict(point), **figures}, folder)
    return results.place(ROW, folder)


def fit(along: Sequence[float], values: Sequence[float]) -> dict[str, float]:
    """Return the straight line closest to the values, and how well it fits (r², 1 at best)."""
    slope, offset = np.polyfit(along, values, 1)
    left = np.asarray(values) - (slope * np.asarray(along) + offset)
    spread = float(np.var(values))
    return {
        "slope": results.significant(slope),
        "offset": results.significant(offset),
        "r2": round(1 - float(np.var(left)) / spread, 4) if spread else 1.0,
    }


def _missing(curves: Mapping[str, Curve], folder: Path) -> Iterator[tuple[str, Point]]:
    for name, curve in curves.items():
        known = {point_of(entry) for entry in _stored(folder).get(name, ())}
        yield from ((name, point) for point in curve.points if point not in known)


def _measured(source: Source, curve: Curve, point: Point, machine: Mapping[str, str]) -> Figures:
    here = source.scratch / "here"
    data = (
        source.folder(point.images, point.classes)
        if curve.folder
        else source.arrays(point.images, point.side, point.classes)
    )
    size = ("--image-size", str(point.side)) if curve.folder else ()
    options = [*TRAIN, *size, "--out", str(here / "runs"), *flags(machine)]
    try:
        finished = processes.run_alone(
            [processes.SMALTI, "train", str(data), *options], {"SMALTI_CACHE": str(here / "cache")}
        )
        (run,) = (here / "runs").iterdir()
        (epoch,) = Run(run).history()
    finally:
        shutil.rmtree(here, ignore_errors=True)
        shutil.rmtree(data) if data.is_dir() else data.unlink()
    return {
        "seconds": epoch["seconds"],
        "command_seconds": round(finished.seconds, 2),
        "peak_bytes": finished.peak_bytes,
    }


def _store(curves: Mapping[str, Curve], name: str, entry: Figures, folder: Path) -> None:
    stored = _stored(folder)
    entries = [*stored.get(name, ()), entry]
    points = {**stored, name: sorted(entries, key=lambda e: curves[name].along(point_of(e)))}
    figures = {
        "method": "benchmarks/growth.py",
        "command": " ".join(("smalti train DATA", *TRAIN)),
        "n": sum(map(len, points.values())),
        "fits": {
            each: _fits(curves[each], values)
            for each, values in points.items()
            if each in curves and len(values) > 1
        },
        "points": points,
    }
    results.write(ROW, figures, folder)


def _fits(curve: Curve, entries: Sequence[Figures]) -> dict[str, dict[str, float]]:
    along = [curve.along(point_of(entry)) for entry in entries]
    return {what: fit(along, [entry[what] for entry in entries]) for what in MEASURES}


def _stored(folder: Path) -> dict[str, list[Figures]]:
    figures = results.read(ROW, folder)
    points: dict[str, list[Figures]] = {} if figures is None else figures["points"]
    return points


def point_of(entry: Mapping[str, int]) -> Point:
    """Return the point that a stored entry is of."""
    return Point(entry["images"], entry["side"], entry["classes"])
