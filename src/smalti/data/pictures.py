"""One picture file becomes pixels: the same way for a folder's training and for prediction.

Turned upright by its EXIF orientation, transparency laid on white, every mode made RGB, the
largest centred piece of the wanted proportions cut out and scaled: the same as scaling the
shorter side and cropping the centre, but a 1×10,000 picture stays small on the way.
"""

from __future__ import annotations

import importlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from smalti.data.quiet_pillow import QUIET
from smalti.errors import SmaltiError

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
"""The endings of files that are taken for pictures."""

# Decoders that may run, whatever a file is called, and the modules that Pillow has them in. Its
# others are left out: some of them start programs (EPS runs Ghostscript). Telephones write MPO as
# .jpg, which the JPEG decoder recognises.
_DECODERS = {
    "BMP": "BmpImagePlugin",
    "GIF": "GifImagePlugin",
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "PPM": "PpmImagePlugin",
    "TIFF": "TiffImagePlugin",
    "WEBP": "WebPImagePlugin",
}

# Pillow may decode a JPEG at 1/2, 1/4 or 1/8 and average big pictures down in whole steps first,
# as long as this many pixels are left for each one wanted. 2 keeps the mean difference to a full
# decoding below one grey level in 255, and reads a 500×375 JPEG three times as fast as 3 does.
_REDUCING_GAP = 2.0

# The turns that exchange width and height: Pillow's ROTATE_90, ROTATE_270, TRANSPOSE, TRANSVERSE.
_SIDEWAYS = (2, 4, 5, 6)


class PictureError(SmaltiError):
    """A picture that cannot be used; ``reason`` says why in a few words."""

    def __init__(self, reason: str, name: str = "the picture") -> None:
        self.reason = reason
        super().__init__(f"Could not use {name}: {reason}.")


def read_picture(
    source: str | os.PathLike[str] | bytes, image_shape: tuple[int, int, int]
) -> np.ndarray:
    """Return a picture (a path, or a file's bytes) as uint8 H×W×C of the shape given.

    C is 1 (grey, ITU-R 601 luma) or 3 (RGB); an animation gives its first frame. Raises
    ``PictureError`` with the reason where that is not possible.
    """
    return read_with_size(source, image_shape)[0]


def read_with_size(
    source: str | os.PathLike[str] | bytes, image_shape: tuple[int, int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return what :func:`read_picture` returns, and width and height in the file, upright."""
    height, width, channels = image_shape
    with _explained(source) as file:
        image, size = _decoded(file, enough=max(height, width))
        pixels = np.asarray(_fitted(image, width, height, "L" if channels == 1 else "RGB"))
    return pixels.reshape(image_shape), size


def read_upright(source: str | os.PathLike[str] | bytes, enough: int) -> np.ndarray:
    """Return a picture in grey, uint8 H×W, whole and in its own proportions.

    Larger ones are scaled so that the shorter side is ``enough`` pixels long. Errors are those of
    :func:`read_picture`.
    """
    with _explained(source) as file:
        image, _ = _decoded(file, enough)
        factor = enough / min(image.size)
        if factor < 1:
            size = (round(image.width * factor), round(image.height * factor))
            image = image.resize(size, reducing_gap=_REDUCING_GAP)
        return np.asarray(image.convert("L"))


@contextmanager
def _explained(source: str | os.PathLike[str] | bytes) -> Iterator[IO[bytes]]:
    """Open a picture; whatever fails while it is read becomes one sentence about it."""
    name = "the picture" if isinstance(source, bytes) else os.fspath(source)
    try:
        with _opened(source) as file, QUIET:
            yield file
    except PictureError as error:
        raise PictureError(error.reason, name) from None
    except MemoryError:
        raise PictureError("it does not fit into memory", name) from None
    except Exception as error:  # damaged files make decoders raise almost anything
        raise PictureError(_reason(error), name) from error


def fitted(images: np.ndarray, side: int) -> np.ndarray:
    """Return uint8 pictures N×H×W×C scaled and centre-cropped to N×side×side×C."""
    from PIL import Image

    channels = images.shape[3]
    scaled = np.empty((len(images), side, side, channels), dtype=np.uint8)
    mode = "L" if channels == 1 else "RGB"
    for index, pixels in enumerate(images):
        image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
        scaled[index] = np.asarray(_fitted(image, side, side, mode)).reshape(scaled.shape[1:])
    return scaled


@contextmanager
def _opened(source: str | os.PathLike[str] | bytes) -> Iterator[IO[bytes]]:
    """Open a regular, non-empty file; a pipe or a device would wait for ever."""
    if isinstance(source, bytes):
        if not source:
            raise PictureError("the file is empty (0 bytes)")
        yield io.BytesIO(source)
        return
    about = Path(source).stat()
    if not stat.S_ISREG(about.st_mode):
        raise PictureError("not a file" if stat.S_ISDIR(about.st_mode) else "not a regular file")
    if about.st_size == 0:
        raise PictureError("the file is empty (0 bytes)")
    with Path(source).open("rb") as file:
        yield file


def _decoded(file: IO[bytes], enough: int) -> tuple[Image, tuple[int, int]]:
    """Return the picture upright in RGB, and its size; a JPEG maybe smaller, but ``enough``."""
    from PIL import Image

    image: Image.Image = Image.open(file, formats=_decoders())
    width, height = image.size
    # JPEGs are exempt up to Pillow's own refusal at twice the limit: they are decoded smaller,
    # and telephones take pictures of 108 million pixels.
    limit = Image.MAX_IMAGE_PIXELS
    if limit and width * height > limit and image.format not in ("JPEG", "MPO"):
        raise PictureError(f"{width:,}×{height:,} pixels are too many for a picture of this kind")
    least = int(_REDUCING_GAP * enough)
    image.draft("RGB", (least, least))
    stored = image.size
    image.load()
    # TIFFs are turned by Pillow as they are loaded, and then say that they are upright.
    turn = _turn(image)
    if turn in _SIDEWAYS or image.size != stored:
        width, height = height, width
    return _rgb(image.transpose(turn) if turn is not None else image), (width, height)


@cache
def _decoders() -> tuple[str, ...]:
    """Return the names of the decoders that may run; Pillow knows them once they are imported."""
    for module in _DECODERS.values():
        importlib.import_module(f"PIL.{module}")
    return tuple(_DECODERS)


def _turn(image: Image) -> Transpose | None:
    """Return what turns a picture upright by its EXIF orientation, if anything.

    Not ``ImageOps.exif_transpose``: it rewrites the EXIF block, and fails where that is damaged.
    """
    from PIL.Image import Transpose

    try:
        orientation = int(image.getexif().get(0x0112, 1))
    except Exception:  # a damaged EXIF block says nothing; the pixels may be fine
        return None
    return {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(orientation)


def _rgb(image: Image) -> Image:
    """Return the first frame in RGB: transparency on white, deep greys scaled to 0–255."""
    from PIL import Image as images

    if image.mode.startswith("I") or image.mode == "F":
        return images.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        white = images.new("RGBA", coloured.size, "white")
        return images.alpha_composite(white, coloured).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Return grey values as uint8: whole numbers are 16-bit, or 8-bit ones stored in 32 bits.

    Fractions are from 0 to 1 or else from 0 to 255.
    """
    if values.dtype.kind != "f":
        if values.dtype.itemsize > 2 and values.max() <= 255:
            return np.clip(values, 0, 255).astype(np.uint8)
        return np.rint(np.clip(values, 0, 65535) / 257).astype(np.uint8)
    if not np.isfinite(values).all():
        raise PictureError("its pixels are not all numbers (NaN or infinite)")
    scale = 255 if values.max() <= 1 else 1
    return np.rint(np.clip(values * scale, 0, 255)).astype(np.uint8)


def _fitted(image: Image, width: int, height: int, mode: str) -> Image:
    """Return the largest centred piece of these proportions, scaled to this size."""
    from PIL import Image as images

    if image.size != (width, height):
        scale = min(image.width / width, image.height / height)
        across, down = scale * width, scale * height
        left, top = (image.width - across) / 2, (image.height - down) / 2
        # Rounding must not push the box over the edge by a hair.
        box = (left, top, min(left + across, image.width), min(top + down, image.height))
        image = image.resize(
            (width, height), images.Resampling.BICUBIC, box=box, reducing_gap=_REDUCING_GAP
        )
    return image if image.mode == mode else image.convert(mode)


def _reason(error: Exception) -> str:
    """Return why a file could not be read, in words that need no knowledge of decoders."""
    from PIL import UnidentifiedImageError
    from PIL.Image import DecompressionBombError

    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, OSError) and error.errno:
        return f"the file cannot be read ({error.strerror})"
    if isinstance(error, UnidentifiedImageError):
        return "not a picture in a format that smalti reads"
    if isinstance(error, DecompressionBombError):
        return "it would unpack to too many pixels"
    text = " ".join(str(error).split())
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return "the file is truncated"
    return f"the file is damaged ({text or type(error).__name__})"
