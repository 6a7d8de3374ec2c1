"""Unusual pictures and names: smalti works, keeps the order, and says what it left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

UNUSUAL = {
    "palette.png": ("P", (20, 20)),
    "grey with alpha.png": ("LA", (20, 20)),
    "transparent.png": ("RGBA", (20, 20)),
    "bilevel.png": ("1", (20, 20)),
    "sixteen bit.png": ("I;16", (20, 20)),
    "cmyk.jpg": ("CMYK", (20, 20)),
    "upper case.JPG": ("RGB", (20, 20)),
    "one pixel.png": ("RGB", (1, 1)),
    "tower.png": ("RGB", (1, 10_000)),
    "horizon.png": ("RGB", (10_000, 1)),
    "bitmap.bmp": ("RGB", (20, 20)),
    "still.gif": ("P", (20, 20)),
    "new.webp": ("RGB", (20, 20)),
    "scan.tif": ("L", (20, 20)),
    "Übung 数字.png": ("L", (20, 20)),
}


@pytest.fixture
def unusual(tmp_path: Path) -> list[Path]:
    """Return picture files of every mode, size and format that people have."""
    folder = tmp_path / "my pictures é"
    folder.mkdir()
    for name, (mode, size) in UNUSUAL.items():
        Image.new("I;16" if mode == "I;16" else "RGB", size, 200).convert(mode).save(folder / name)
    frames = [Image.new("RGB", (20, 20), shade) for shade in ("black", "white")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    return sorted(folder.iterdir())


def test_every_unusual_picture_is_predicted_in_order(
    smalti: Callable, finished: Path, unusual: list[Path]
) -> None:
    outcome = smalti("predict", finished, *unusual, "--json")
    assert outcome.code == 0
    rows = json.loads(outcome.out)
    assert [row["source"] for row in rows] == [str(path) for path in unusual]
    assert {row["source"]: row["error"] for row in rows if "error" in row} == {}


def test_a_folder_stands_for_its_pictures(
    smalti: Callable, finished: Path, unusual: list[Path]
) -> None:
    by_folder = smalti("predict", finished, unusual[0].parent, "--csv")
    assert by_folder.code == 0
    assert by_folder.out == smalti("predict", finished, *unusual, "--csv").out


def test_training_leaves_bad_files_out_and_names_them(
    smalti: Callable, pictures: Callable[..., Path]
) -> None:
    folder = pictures(per_class=10, name="Bilder für später 犬")
    good = (folder / "ring" / "2.png").read_bytes()
    (folder / "ring" / "half.png").write_bytes(good[: len(good) // 2])
    (folder / "bar" / "empty.png").touch()
    (folder / "bar" / "a text.png").write_text("no picture")
    (folder / "column" / "notes.docx").write_text("no picture")
    outcome = smalti("train", folder, "--recipe", "dense", "--image-size", "16", "--epochs", "1")
    assert outcome.code == 0, outcome.said
    assert "4 files" in outcome.err
    checked = smalti("data", "check", folder)
    assert checked.code == 0
    for name in ("half.png", "empty.png", "a text.png", "notes.docx"):
        assert name in checked.said
    (run,) = Path("runs").iterdir()
    record = json.loads((run / "environment.json").read_text())["data"]
    assert record["skipped"] == 4
    assert record["train"] + record["validation"] + record["test"] == 30
    assert smalti("evaluate", run).code == 0
    assert smalti("report", run).code == 0


def test_class_names_survive_training_and_prediction(
    smalti: Callable, tmp_path: Path, pictures: Callable[..., Path]
) -> None:
    folder = pictures(per_class=6)
    for old, new in (("bar", "a, b"), ("column", "Größe 10"), ("ring", "Größe 9")):
        (folder / old).rename(folder / new)
    train = ("--recipe", "dense", "--image-size", "16", "--epochs", "1")
    assert smalti("train", folder, *train).code == 0
    (run,) = Path("runs").iterdir()
    names = json.loads((run / "classifier.json").read_text())["class_names"]
    assert names == ["a, b", "Größe 9", "Größe 10"]  # 9 before 10, as people count
    (picture, *_) = (folder / "a, b").iterdir()
    (row,) = json.loads(smalti("predict", run, picture, "--json").out)
    assert list(row["probabilities"]) == names
    assert row["label"] in names
