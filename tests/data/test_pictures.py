"""One file becomes pixels: upright, on white, centred, whatever its mode; or a reason why not."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smalti.data.pictures import PictureError, fitted, read_picture, read_with_size

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
COLOUR = (8, 8, 3)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """Return the corners in reading order."""
    return [tuple(pixels[y, x].tolist()) for y in (0, -1) for x in (0, -1)]


def quarters() -> Image.Image:
    """Return a picture of four quarters: red, green, blue, white in reading order."""
    image = Image.new("RGB", (8, 8))
    for colour, place in zip(
        (RED, GREEN, BLUE, WHITE), ((0, 0), (4, 0), (0, 4), (4, 4)), strict=True
    ):
        image.paste(colour, (*place, place[0] + 4, place[1] + 4))
    return image


def test_a_picture_of_the_right_size_comes_through_untouched() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert (read_picture(encoded(Image.fromarray(pixels)), (8, 8, 3)) == pixels).all()
    grey = pixels[..., 0]
    assert (read_picture(encoded(Image.fromarray(grey)), (8, 8, 1))[..., 0] == grey).all()


def test_a_path_is_read_like_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "ein Bild äöü 画.png"
    path.write_bytes(encoded(quarters()))
    assert (read_picture(path, COLOUR) == np.asarray(quarters())).all()
    assert (read_picture(str(path), COLOUR) == np.asarray(quarters())).all()


# Where each orientation puts the corners of what was meant to be red, green, blue, white.
MEANT = [RED, GREEN, BLUE, WHITE]
STORED: dict[int, Callable[[Image.Image], Image.Image]] = {
    1: lambda image: image,
    2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_pictures_are_turned_upright(orientation: int, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    content = encoded(STORED[orientation](quarters()), form, exif=exif, **options)
    assert corners(read_picture(content, COLOUR)) == MEANT


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (600, 400)), (3, (600, 400)), (6, (400, 600)), (7, (400, 600))]
)
def test_the_size_in_the_file_is_told_upright(
    orientation: int, size: tuple[int, int], form: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.new("RGB", (600, 400)), form, exif=exif)
    assert read_with_size(content, COLOUR)[1] == size


def test_a_damaged_exif_block_does_no_harm() -> None:
    content = encoded(quarters(), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xffnonsense")
    assert corners(read_picture(content, COLOUR)) == MEANT


MODES = {
    "1": (Image.new("1", (4, 4), 1), WHITE),
    "L": (Image.new("L", (4, 4), 77), (77, 77, 77)),
    "P": (Image.new("RGB", (4, 4), RED).convert("P"), RED),
    "RGB": (Image.new("RGB", (4, 4), BLUE), BLUE),
    "RGBA opaque": (Image.new("RGBA", (4, 4), (*GREEN, 255)), GREEN),
    "RGBA clear": (Image.new("RGBA", (4, 4), (*GREEN, 0)), WHITE),
    "RGBA half": (Image.new("RGBA", (4, 4), (0, 0, 0, 128)), (127, 127, 127)),
    "LA clear": (Image.new("LA", (4, 4), (0, 0)), WHITE),
    "I;16 white": (Image.fromarray(np.full((4, 4), 65535, np.uint16)), WHITE),
    "I;16 grey": (Image.fromarray(np.full((4, 4), 257 * 100, np.uint16)), (100, 100, 100)),
    "I;16 black": (Image.fromarray(np.zeros((4, 4), np.uint16)), (0, 0, 0)),
}


@pytest.mark.parametrize(("image", "colour"), MODES.values(), ids=MODES)
def test_every_mode_becomes_rgb(image: Image.Image, colour: tuple[int, ...]) -> None:
    assert corners(read_picture(encoded(image), COLOUR)) == [colour] * 4


TIFF_MODES = {
    "CMYK": (Image.new("CMYK", (4, 4), (255, 255, 0, 0)), BLUE),
    "F from 0 to 1": (Image.fromarray(np.full((4, 4), 0.2, np.float32)), (51, 51, 51)),
    "F from 0 to 255": (Image.fromarray(np.full((4, 4), 99.6, np.float32)), (100, 100, 100)),
    "I of 16 bits": (Image.fromarray(np.full((4, 4), 25700, np.int32)), (100, 100, 100)),
    "I of 8 bits": (Image.fromarray(np.full((4, 4), 100, np.int32)), (100, 100, 100)),
    "I beyond": (Image.fromarray(np.full((4, 4), 10**6, np.int32)), WHITE),
    "I;16": (Image.fromarray(np.full((4, 4), 25700, np.uint16)), (100, 100, 100)),
}


@pytest.mark.parametrize(("image", "colour"), TIFF_MODES.values(), ids=TIFF_MODES)
def test_the_modes_of_tiff(image: Image.Image, colour: tuple[int, ...]) -> None:
    assert corners(read_picture(encoded(image, "TIFF"), COLOUR)) == [colour] * 4


def test_a_16_bit_pgm_is_scaled() -> None:
    content = b"P5 2 1 65535\n" + np.array([0, 25700], ">u2").tobytes()
    assert read_picture(content, (1, 2, 1)).ravel().tolist() == [0, 100]


def test_a_transparent_palette_is_laid_on_white() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, *RED])
    image.paste(1, (0, 0, 8, 4))
    pixels = read_picture(encoded(image, "PNG", transparency=0), COLOUR)
    assert corners(pixels) == [RED, RED, WHITE, WHITE]
    with_bytes = read_picture(encoded(image, "PNG", transparency=b"\x00\xff"), COLOUR)
    assert (with_bytes == pixels).all()


def test_a_transparent_colour_is_laid_on_white() -> None:
    pixels = read_picture(encoded(quarters(), "PNG", transparency=RED), COLOUR)
    assert corners(pixels) == [WHITE, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_gives_its_first_frame(form: str) -> None:
    first, second = Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)
    options = {"lossless": True} if form == "WEBP" else {}
    content = encoded(first, form, save_all=True, append_images=[second], **options)
    assert corners(read_picture(content, COLOUR)) == [RED] * 4


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "MPO"])
def test_every_format_on_the_list(form: str) -> None:
    image = Image.new("RGB", (16, 16), (200, 100, 50))
    options = {"save_all": True, "append_images": [image]} if form == "MPO" else {}
    pixels = read_picture(encoded(image, form, **options), COLOUR)
    assert np.abs(pixels.astype(int) - (200, 100, 50)).max() <= 4


def test_a_format_off_the_list_is_refused() -> None:
    for form in ("ICO", "TGA", "EPS", "PCX", "JPEG2000"):
        with pytest.raises(PictureError, match="not a picture in a format that smalti reads"):
            read_picture(encoded(quarters(), form), COLOUR)


# Cutting and scaling.


def test_the_centre_is_cut_from_a_wide_and_a_tall_picture() -> None:
    wide = Image.new("RGB", (24, 8), RED)
    wide.paste(quarters(), (8, 0))
    assert (read_picture(encoded(wide), COLOUR) == np.asarray(quarters())).all()
    tall = Image.new("RGB", (8, 24), RED)
    tall.paste(quarters(), (0, 8))
    assert (read_picture(encoded(tall), COLOUR) == np.asarray(quarters())).all()


def test_proportions_are_kept_for_shapes_that_are_not_square() -> None:
    image = Image.new("RGB", (16, 16), RED)
    image.paste(BLUE, (0, 4, 16, 12))
    pixels = read_picture(encoded(image), (8, 16, 3))
    assert pixels.shape == (8, 16, 3)
    assert (pixels == BLUE).all()


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 10_000), (10_000, 1), (2, 3), (7, 5), (999, 1001), (64, 63)]
)
def test_any_size_of_one_colour_stays_that_colour(size: tuple[int, int]) -> None:
    content = encoded(Image.new("RGB", size, (10, 20, 30)))
    pixels, found = read_with_size(content, (64, 64, 3))
    assert (pixels == (10, 20, 30)).all()
    assert found == size


def test_scaling_down_averages() -> None:
    board = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = read_picture(encoded(Image.fromarray(board)), (16, 16, 1))
    assert pixels.min() >= 126
    assert pixels.max() <= 129


def test_a_large_jpeg_decoded_small_looks_the_same() -> None:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    large = Image.fromarray(small).resize((1600, 1200), Image.Resampling.BICUBIC)
    from_jpeg, size = read_with_size(encoded(large, "JPEG", quality=95), (64, 64, 3))
    from_png = read_picture(encoded(large), (64, 64, 3))
    assert size == (1600, 1200)
    assert np.abs(from_jpeg.astype(int) - from_png).mean() < 2.5


def test_arrays_are_scaled_like_files() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3), dtype=np.uint8)
    expected = [read_picture(encoded(Image.fromarray(picture)), COLOUR) for picture in pixels]
    assert (fitted(pixels, 8) == np.stack(expected)).all()
    grey = fitted(pixels[..., :1], 8)
    assert grey.shape == (3, 8, 8, 1)


# What cannot be used.


def png_with_bad_body() -> bytes:
    content = bytearray(encoded(Image.effect_noise((64, 64), 50)))
    start = content.index(b"IDAT") + 4
    content[start : start + 20] = b"\xff" * 20
    return bytes(content)


TRUNCATED = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG")[:1500]
UNUSABLE = {
    "empty": (b"", r"the file is empty \(0 bytes\)"),
    "text": (b"this is no picture", "not a picture in a format that smalti reads"),
    "html": (b"<!DOCTYPE html><html>404", "not a picture in a format"),
    "truncated jpeg": (TRUNCATED, "the file is truncated"),
    "truncated png": (encoded(Image.effect_noise((64, 64), 50))[:900], "the file is truncated"),
    "header alone": (encoded(quarters())[:30], "truncated|damaged|not a picture"),
    "damaged png": (png_with_bad_body(), "the file is damaged|truncated"),
    "zeros": (bytes(5000), "not a picture in a format"),
    "nan": (
        encoded(Image.fromarray(np.full((4, 4), np.nan, np.float32)), "TIFF"),
        "not all numbers",
    ),
}


@pytest.mark.parametrize(("content", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_used_has_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    for source in (content, path):
        with pytest.raises(PictureError, match=reason) as caught:
            read_picture(source, COLOUR)
        name = str(path) if source is path else "the picture"
        assert caught.value.problem == f"Could not use {name}: {caught.value.reason}."
        assert caught.value.exit_code == 2


def test_missing_files_and_folders_have_a_reason(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="there is no such file"):
        read_picture(tmp_path / "nothing.png", COLOUR)
    with pytest.raises(PictureError, match="not a file"):
        read_picture(tmp_path, COLOUR)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a Unix thing")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="not a regular file"):
        read_picture(tmp_path / "pipe.png", COLOUR)


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(PictureError, match="12×12 pixels are too many"):
        read_picture(encoded(Image.new("RGB", (12, 12))), COLOUR)
    with pytest.raises(PictureError, match="would unpack to too many pixels"):
        read_picture(encoded(Image.new("RGB", (15, 15))), COLOUR)


def test_a_telephones_jpeg_may_be_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    pixels = read_picture(encoded(Image.new("RGB", (12, 12), WHITE), "JPEG"), COLOUR)
    assert (pixels == WHITE).all()


def test_many_threads_leave_the_warnings_as_they_were() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, *RED])
    content = encoded(image, "PNG", transparency=b"\x00\xff")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(lambda _: read_picture(content, COLOUR), range(200)))
    assert all((pixels == WHITE).all() for pixels in pictures)
    assert warnings.filters == before
