"""Own handwriting is made like MNIST's: light on black, 20×20 inside 28×28, centred by mass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from smalti.data.handwriting import center_handwriting, read_handwriting
from smalti.data.pictures import PictureError
from smalti.errors import SmaltiError

PAPER, INK = 235, 40


def page(
    width: int = 300, height: int = 400, at: tuple[int, int] = (40, 60), ink: int = INK,
    paper: int = PAPER,
) -> np.ndarray:  # fmt: skip
    """Return a page with a seven, 100 pixels wide and 150 high, its strokes 16 thick."""
    image = Image.new("L", (width, height), paper)
    left, top = at
    strokes = [(left + 8, top + 8), (left + 92, top + 8), (left + 30, top + 142)]
    ImageDraw.Draw(image).line(strokes, fill=ink, width=16)
    return np.asarray(image)


def centre_of_mass(picture: np.ndarray) -> tuple[float, float]:
    mass = picture[..., 0].astype(float)
    rows, columns = np.mgrid[: mass.shape[0], : mass.shape[1]] + 0.5
    return (mass * rows).sum() / mass.sum(), (mass * columns).sum() / mass.sum()


def box(picture: np.ndarray) -> tuple[int, int]:
    ink = picture[..., 0] > 0
    return int(ink.any(axis=1).sum()), int(ink.any(axis=0).sum())


def test_it_has_the_size_and_the_place_of_mnist() -> None:
    picture = center_handwriting(page())
    assert picture.shape == (28, 28, 1)
    assert picture.dtype == np.uint8
    assert picture.max() == 255
    assert picture[0].max() == picture[-1].max() == 0
    assert max(box(picture)) == 20
    assert centre_of_mass(picture) == pytest.approx((14, 14), abs=0.51)


def test_black_on_white_and_white_on_black_come_out_alike() -> None:
    assert np.array_equal(center_handwriting(page()), center_handwriting(255 - page()))


def test_neither_place_nor_size_of_the_paper_matters() -> None:
    here = center_handwriting(page(at=(20, 20))).astype(int)
    there = center_handwriting(page(at=(170, 220))).astype(int)
    assert np.abs(here - there).max() < 40
    larger = center_handwriting(page(900, 700, at=(600, 100))).astype(int)
    assert np.abs(here - larger).mean() < 8


def test_proportions_are_kept() -> None:
    stroke = np.full((200, 200), PAPER, np.uint8)
    stroke[30:170, 90:104] = INK
    height, width = box(center_handwriting(stroke))
    assert height == 20
    assert width in (2, 3)


def test_light_from_one_side_is_paper() -> None:
    shaded = page() * np.linspace(1, 0.5, 300)
    even = center_handwriting(page()).astype(int)
    assert np.abs(center_handwriting(shaded.astype(np.uint8)) - even).mean() < 12


def test_the_grain_of_a_camera_is_paper() -> None:
    grain = np.random.default_rng(0).normal(0, 12, (400, 300))
    grainy = np.clip(page() + grain, 0, 255).astype(np.uint8)
    even = center_handwriting(page()).astype(int)
    assert np.abs(center_handwriting(grainy) - even).mean() < 12


def test_faint_pencil_is_made_strong() -> None:
    assert center_handwriting(page(ink=PAPER - 60)).max() == 255


def test_writing_that_touches_the_border_does_not_turn_the_colours_round() -> None:
    touching = page(140, 160, at=(20, 0))
    assert centre_of_mass(center_handwriting(touching)) == pytest.approx((14, 14), abs=0.51)


def test_any_side_can_be_asked_for() -> None:
    assert center_handwriting(page(), side=32).shape == (32, 32, 1)
    assert center_handwriting(page(), side=8).max() == 255


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_page_is_refused(level: int) -> None:
    with pytest.raises(PictureError, match="nothing is written on it"):
        center_handwriting(np.full((50, 40), level, np.uint8))


def test_a_single_pixel_has_nothing_written_on_it() -> None:
    with pytest.raises(PictureError, match="nothing is written"):
        center_handwriting(np.zeros((1, 1), np.uint8))


# Files.


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_file_gives_what_its_pixels_give(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"seven{suffix}"
    Image.fromarray(page()).save(path)
    difference = read_handwriting(path).astype(int) - center_handwriting(page())
    assert np.abs(difference).mean() < 6
    assert np.array_equal(read_handwriting(path.read_bytes()), read_handwriting(path))


def test_a_turned_photo_is_turned_back(tmp_path: Path) -> None:
    upright, turned = tmp_path / "upright.png", tmp_path / "turned.png"
    image = Image.fromarray(page())
    image.save(upright)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif)
    assert np.array_equal(read_handwriting(turned), read_handwriting(upright))


def test_transparent_paper_is_white(tmp_path: Path) -> None:
    grey = Image.fromarray(page(ink=0, paper=255))
    drawn = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    drawn.putalpha(Image.fromarray(255 - page(ink=0, paper=255)))
    drawn.save(tmp_path / "drawn.png")
    expected = center_handwriting(np.asarray(grey))
    assert np.abs(read_handwriting(tmp_path / "drawn.png").astype(int) - expected).mean() < 2


def test_a_large_photo_is_read_smaller(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.fromarray(page()).resize((2400, 3200), Image.Resampling.BICUBIC).save(path)
    difference = read_handwriting(path).astype(int) - center_handwriting(page())
    assert np.abs(difference).mean() < 8


def test_what_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    with pytest.raises(PictureError, match=r"seven\.png: there is no such file"):
        read_handwriting(path)
    path.write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"seven\.png: not a picture"):
        read_handwriting(path)
    Image.new("L", (30, 30), 200).save(path)
    with pytest.raises(PictureError, match=r"seven\.png: nothing is written on it"):
        read_handwriting(path)


@pytest.mark.parametrize("side", [0, -3, 2.5, True, None])
def test_a_side_that_is_no_size_is_one_sentence(side: object) -> None:
    with pytest.raises(SmaltiError, match=r"side is .*; expected a whole number of pixels"):
        center_handwriting(page(), side)  # type: ignore[arg-type]
