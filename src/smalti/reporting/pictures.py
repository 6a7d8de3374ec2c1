"""The small pictures of a run, ready to stand inside the page or in a drawing."""

from __future__ import annotations

import base64
import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smalti.errors import SmaltiError
from smalti.reporting.facts import Facts
from smalti.reporting.plots.pictures import Tile
from smalti.reporting.records import Record
from smalti.wording import percent

if TYPE_CHECKING:
    from PIL.Image import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD = 24
_LARGE = 6_000
"""Bytes above which a picture is shrunk and stored with loss: the page stays small."""

_LARGE_SIDE = 192
_SHOWN_SIDE = 96
_PIXELATED_BELOW = 48
_SHEET_QUALITY = 60
"""Of the sheet of 2,000 pictures: of CIFAR-10 0.6 MB in the page, 5.8 MB without loss."""

_SHEET_FACTOR, _SHEET_WIDTH = 12, 530


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI with the size to show it in (page pixels).

    Small ones are enlarged by a whole factor, ``pixelated``: what is seen is what the network
    sees. ``confidence`` is a fraction; texts are empty where nothing is known.
    """

    uri: str
    width: int
    height: int
    pixelated: bool
    label: str
    predicted: str = ""
    confidence: float | None = None
    index: int | None = None


@dataclass(frozen=True)
class Sprites:
    """Many small pictures in rows of ``across`` on one sheet, a data URI; sizes in page pixels."""

    uri: str
    across: int
    shown_width: int
    shown_height: int
    sheet_width: int
    sheet_height: int


def pictures(facts: Facts, kind: str, limit: int | None = None) -> list[Picture]:
    """Return up to ``limit`` stored pictures of a kind.

    Kinds: ``augmented``, ``right``, ``wrong``, ``confused``, ``corrupted``.
    """
    entries = facts.samples.records(kind)[:limit]
    return [_picture(facts.run.samples_folder, entry) for entry in entries]


def sheets(facts: Facts, kind: str) -> list[Picture]:
    """Return the stored sheets of a kind, enlarged by a whole factor: ``filters``, ``maps``."""
    found = []
    for entry in facts.samples.records(kind):
        content = _content(facts.run.samples_folder, entry)
        width, height = _size(content)
        factor = max(1, min(_SHEET_FACTOR, _SHEET_WIDTH // width))
        uri = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        found.append(Picture(uri, width * factor, height * factor, True, entry.text("label")))
    return found


def sprites(facts: Facts) -> Sprites | None:
    """Return the stored sheet of the pictures on the map, None where there is none."""
    entries = facts.samples.records("sprites")
    if not entries:
        return None
    entry = entries[0]
    content, small = _content(facts.run.samples_folder, entry), io.BytesIO()
    width, height = _size(content)
    across = max(1, int(entry.required("across")))
    tile = width // across
    factor = max(1, _SHOWN_SIDE // max(1, tile))
    _image(content, entry).save(small, "WEBP", quality=_SHEET_QUALITY)
    return Sprites(
        uri=f"data:image/webp;base64,{base64.b64encode(small.getvalue()).decode()}",
        across=across,
        shown_width=tile * factor,
        shown_height=int(entry.required("height")) * factor,
        sheet_width=width * factor,
        sheet_height=height * factor,
    )


def picture_of(pixels: np.ndarray, label: str, index: int | None = None) -> Picture:
    """Return an array (uint8 H×W×C) as a picture for a page."""
    from PIL import Image

    content, side = io.BytesIO(), max(pixels.shape[:2])
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    pixelated = side < _PIXELATED_BELOW
    factor = max(1, _SHOWN_SIDE // side) if pixelated else _SHOWN_SIDE / side
    width, height = image.size
    if not pixelated:
        image.thumbnail((_LARGE_SIDE, _LARGE_SIDE))
    image.save(content, "PNG" if pixelated else "WEBP")
    kind = "png" if pixelated else "webp"
    return Picture(
        uri=f"data:image/{kind};base64,{base64.b64encode(content.getvalue()).decode()}",
        width=max(1, round(width * factor)),
        height=max(1, round(height * factor)),
        pixelated=pixelated,
        label=label,
        index=index,
    )


def tiles(facts: Facts, kind: str, limit: int) -> list[Tile]:
    """Return up to ``limit`` stored pictures of a kind as arrays, for a drawing."""
    entries = facts.samples.records(kind)[:limit]
    return [_tile(facts.run.samples_folder, entry) for entry in entries]


def _tile(folder: Path, entry: Record) -> Tile:
    picture = _pixels(_content(folder, entry), entry)
    label, predicted = entry.text("label"), entry.text("predicted")
    if not predicted:
        return Tile(picture, label)
    confidence = percent(entry.number("confidence"), 0)
    right = predicted == label
    return Tile(picture, f"{predicted}, {confidence}", "" if right else f"is {label}", right)


def _pixels(content: bytes, entry: Record) -> np.ndarray:
    return np.asarray(_image(content, entry))


def _image(content: bytes, entry: Record) -> Image:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            return image.convert("L" if image.mode == "L" else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _damaged(entry, str(error)) from error


def _picture(folder: Path, entry: Record) -> Picture:
    content = _content(folder, entry)
    width, height = _size(content)
    longest = max(width, height)
    pixelated = longest < _PIXELATED_BELOW
    factor = _SHOWN_SIDE // longest if pixelated else _SHOWN_SIDE / longest
    index = entry.number("index")
    return Picture(
        uri=_data_uri(content, entry),
        width=max(1, round(width * factor)),
        height=max(1, round(height * factor)),
        pixelated=pixelated,
        label=entry.text("label"),
        predicted=entry.text("predicted"),
        confidence=entry.number("confidence"),
        index=None if index is None else int(index),
    )


def _content(folder: Path, entry: Record) -> bytes:
    name = entry.text("file")
    # A run may come from elsewhere: its index must not reach files outside of its folder.
    if not name or Path(name).name != name:
        raise entry.damaged("file", "the name of a picture beside the index")
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(entry, error.strerror or str(error)) from error
    if not content.startswith(_PNG) or len(content) < _PNG_HEAD or 0 in _size(content):
        raise _damaged(entry, "it is not a PNG picture")
    return content


def _size(content: bytes) -> tuple[int, int]:
    """Return width and height from a PNG's first chunk."""
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _data_uri(content: bytes, entry: Record) -> str:
    kind = "png"
    if len(content) > _LARGE:
        kind, content = "webp", _shrunk(content, entry)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _shrunk(content: bytes, entry: Record) -> bytes:
    from PIL import Image

    small = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.thumbnail((_LARGE_SIDE, _LARGE_SIDE))
            image.save(small, "WEBP", quality=80)
    except (OSError, ValueError, SyntaxError) as error:
        raise _damaged(entry, str(error)) from error
    return small.getvalue()


def _damaged(entry: Record, reason: str) -> SmaltiError:
    return SmaltiError(
        f"{entry.file / entry.text('file')} is damaged or missing: {reason}.",
        f"Write it again with: {entry.repair}",
    )
