"""Each point is a process of its own on the data it says; lines are fitted, drawn and told."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks import growth, growth_plot, growth_table, processes, results
from benchmarks.growth import CURVES, Curve, Point
from benchmarks.growth_data import Source
from smalti import api
from smalti.data.dataset import Part
from smalti.errors import SmaltiError
from tests.support import shapes


@pytest.fixture
def source(tmp_path: Path) -> Source:
    images, labels = shapes(30, side=32, channels=3)
    return Source(Part.whole(images, labels), tmp_path)


def made_up(folder: Path, *names: str) -> None:
    """Store a point along a straight line wherever a curve has one."""
    for name in names:
        for point in CURVES[name].points:
            along = CURVES[name].along(point)
            figures = {"seconds": along / 1e3, "command_seconds": 4 + along / 500}
            growth._store(
                CURVES, name,
                {**asdict(point), **figures, "peak_bytes": 5 * 10**8 + 3072 * along}, folder,
            )  # fmt: skip


def test_arrays_repeat_the_pictures_in_any_number_size_and_classes(source: Source) -> None:
    dataset = api.load_data(str(source.arrays(250, 28, 7)), validation=0)
    assert len(dataset.part("train")) == 250
    assert dataset.image_shape == (28, 28, 3)
    assert dataset.n_classes == 7
    own = np.load(source.arrays(40, 32, 3))
    assert np.array_equal(own["x_train"][30:], source.part.images[:10])
    assert np.array_equal(own["y_train"][30:], source.part.labels[:10])


def test_a_folder_holds_the_same_pictures_as_files(source: Source) -> None:
    small, large = source.folder(12, 3), source.folder(45, 3)
    assert len(list((small / "train").rglob("*.png"))) == 12
    dataset = api.load_data(str(large), image_size=32, validation=0)
    assert len(dataset.part("train")) == 45
    assert dataset.n_classes == 3
    written = {path.stat().st_ino for path in (source.scratch / "written").iterdir()}
    assert {path.stat().st_ino for path in large.rglob("*.png")} == written


def test_a_straight_line_is_found() -> None:
    assert growth.fit([1, 2, 4], [5, 7, 11]) == {"slope": 2.0, "offset": 3.0, "r2": 1.0}
    assert growth.fit([1, 2, 3, 4], [0, 5, 0, 5])["r2"] < 0.5
    assert growth.fit([1, 2], [3, 3])["r2"] == 1.0


def test_the_memory_of_a_process_is_not_that_of_its_parent() -> None:
    large = np.ones(40_000_000)
    finished = processes.run_alone([sys.executable, "-c", "print('done')"])
    assert finished.stdout == "done\n"
    assert finished.peak_bytes < large.nbytes / 4
    assert finished.seconds > 0


def test_a_process_that_fails_alone_says_why() -> None:
    with pytest.raises(RuntimeError, match="no such data"):
        processes.run_alone([sys.executable, "-c", "raise SystemExit('no such data')"])


def test_points_that_are_stored_are_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Point] = []

    def pretend(source: Source, curve: Curve, point: Point, machine: object) -> dict[str, float]:
        measured.append(point)
        if len(measured) == 2:
            raise KeyboardInterrupt
        return {"seconds": point.images / 10, "command_seconds": 1.0, "peak_bytes": 10}

    monkeypatch.setattr(growth, "_measured", pretend)
    images, labels = shapes(6)
    part = Part.whole(images, labels)
    curves = {"images": Curve("images", (Point(20), Point(10)))}
    with pytest.raises(KeyboardInterrupt):
        growth.measure(part, curves, tmp_path)
    figures = json.loads(growth.measure(part, curves, tmp_path).read_text())
    assert measured == [Point(20), Point(10), Point(10)]
    assert [entry["images"] for entry in figures["points"]["images"]] == [10, 20]
    assert figures["fits"]["images"]["seconds"]["slope"] == 0.1


def test_curves_are_chosen_by_name() -> None:
    assert growth.curves_named([]) == dict(CURVES)
    assert list(growth.curves_named(["pixels"])) == ["pixels"]
    with pytest.raises(SmaltiError, match="classes"):
        growth.curves_named(["clases"])


def test_the_curves_reach_as_far_as_they_say() -> None:
    def ends(name: str) -> Sequence[int]:
        along = [CURVES[name].along(point) for point in CURVES[name].points]
        return along[0], along[-1]

    assert ends("images") == ends("folder") == (5_000, 500_000)
    assert ends("pixels") == (28**2, 128**2)
    assert ends("classes") == (10, 1_000)


def test_the_drawing_is_small_and_says_what_it_shows(tmp_path: Path) -> None:
    made_up(tmp_path, *CURVES)
    path = growth_plot.draw(tmp_path)
    assert path == tmp_path / "growth.png"
    assert path.stat().st_size < 150_000
    stored = results.read(growth.ROW, tmp_path)
    assert stored is not None
    drawn = growth_plot.growth_plot(stored["points"], stored["fits"])
    assert "folder: 5 points" in drawn.alt
    assert b"training pictures" in drawn.svg


def test_a_part_of_the_curves_is_drawn_too(tmp_path: Path) -> None:
    made_up(tmp_path, "classes")
    assert growth_plot.draw(tmp_path).exists()


def test_the_table_tells_slope_and_offset_in_readable_units(tmp_path: Path) -> None:
    assert growth_table.growth(tmp_path) == ""
    made_up(tmp_path, "images", "folder")
    text = growth_table.growth(tmp_path)
    assert (
        "| images, arrays (32×32 pixels, 10 classes) | 5,000 – 500,000 | 1 ms a picture | 1.000 | "
        "500 MB + 3.07 kB a picture | 1.000 |" in text
    )
    assert "a folder of PNG files" in text
    assert "](plots/growth.png)" in text
    assert "pixels, arrays" not in text


@pytest.mark.slow
def test_a_point_is_trained_in_a_process_and_leaves_nothing(source: Source) -> None:
    for curve in (Curve("images", ()), Curve("images", (), folder=True)):
        figures = growth._measured(source, curve, Point(60, 32, 3), {"threads": "1"})
        assert 0 < figures["seconds"] < figures["command_seconds"]
        assert 50e6 < figures["peak_bytes"] < 3e9
    assert {path.name for path in source.scratch.iterdir()} <= {"written"}
