"""Small pictures drawn with characters, side by side, for a terminal.

With colour, the half block ``▀`` shows two pixels in one character (its upper half in the text
colour, its lower half in the background colour); without, a ramp of plain characters shows grey.
Either way a character stands for one pixel across and two down, which is about square.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, TextIO

import numpy as np

ColourDepth = Literal["24-bit", "256", "none"]

_RAMP = np.array(list(" .:-=+*#%@"))
_RESET = "\x1b[0m"
_GAP = 2
_SMALLEST = 12
"""Pictures with fewer pixels across are enlarged to at least this many characters."""


def draw_pictures(
    pictures: Sequence[np.ndarray],
    captions: Sequence[str],
    width: int = 80,
    colour: ColourDepth = "none",
) -> str:
    """Return pictures side by side, a caption under each, in lines of at most ``width``.

    ``pictures`` are uint8 H×W×C (C is 1 or 3), of any and of different sizes. They are enlarged by
    a whole factor where there is room, shrunk by area averaging where there is none, and broken
    into rows of equal length. Captions are cut with ``…`` to the picture's width.
    """
    if len(pictures) != len(captions):
        raise ValueError(f"{len(pictures)} pictures but {len(captions)} captions")
    if not pictures:
        return ""
    per_row, columns = _layout(len(pictures), max(p.shape[1] for p in pictures), width)
    rows = [
        _draw_row(pictures[i : i + per_row], captions[i : i + per_row], columns, colour)
        for i in range(0, len(pictures), per_row)
    ]
    return "\n\n".join(rows)


def caption(predicted: str, label: str) -> str:
    """Return ``"7 ✓"`` for a right prediction, ``"3 ✗ (8)"`` where the truth was 8."""
    return f"{predicted} ✓" if predicted == label else f"{predicted} ✗ ({label})"


def colour_depth(stream: TextIO, environ: Mapping[str, str] = os.environ) -> ColourDepth:
    """Return how many colours a stream can show.

    None where it is not a terminal, where ``NO_COLOR`` is set (https://no-color.org), where
    ``TERM`` is ``dumb`` or where its encoding lacks the half block.
    """
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb" or not stream.isatty():
        return "none"
    if not (stream.encoding or "").lower().replace("-", "").startswith("utf8"):
        return "none"
    full = environ.get("COLORTERM") in ("truecolor", "24bit") or "WT_SESSION" in environ
    return "24-bit" if full else "256"


def _layout(n: int, pixels: int, width: int) -> tuple[int, int]:
    """Return pictures per row and characters per picture."""
    wanted = pixels * -(-_SMALLEST // pixels)
    fitting = max(1, (width + _GAP) // (wanted + _GAP))
    # Two rows at the most: shrunk pictures are easier to take in than three screens of them.
    rows = min(2, -(-n // fitting))
    per_row = -(-n // rows)
    room = max(4, (width + _GAP) // per_row - _GAP)
    return per_row, room // pixels * pixels if room >= pixels else room


def _draw_row(
    pictures: Sequence[np.ndarray], captions: Sequence[str], columns: int, colour: ColourDepth
) -> str:
    paint = _plain if colour == "none" else _blocks
    blocks = [paint(_resize(picture, columns), colour) for picture in pictures]
    height = max(len(block) for block in blocks)
    gap, empty = " " * _GAP, " " * columns
    lines = [
        gap.join(block[y] if y < len(block) else empty for block in blocks) for y in range(height)
    ]
    names = gap.join(_fit(text, columns) for text in captions)
    return "\n".join([*lines, names.rstrip()])


def _resize(picture: np.ndarray, columns: int) -> np.ndarray:
    """Return a picture as float rows×columns×3 with an even number of rows."""
    height, width = picture.shape[:2]
    # At most four times as high as wide: a picture of 10,000×1 would flood the screen.
    rows = min(max(2, 2 * round(columns * height / width / 2)), 4 * columns)
    down, across = _overlap(height, rows), _overlap(width, columns)
    colours = np.broadcast_to(picture.astype(np.float64), (height, width, 3))
    resized: np.ndarray = np.einsum("rh,hwc,kw->rkc", down, colours, across, optimize=True)
    return resized


def _overlap(size: int, new_size: int) -> np.ndarray:
    """Return the matrix new_size×size that averages an axis by area: each row sums to 1.

    Enlarging by a whole factor repeats pixels exactly.
    """
    edges = np.linspace(0, size, new_size + 1)
    start, stop = edges[:-1, None], edges[1:, None]
    pixel = np.arange(size)
    shared: np.ndarray = np.minimum(stop, pixel + 1) - np.maximum(start, pixel)
    shared = shared.clip(0)
    return shared / shared.sum(axis=1, keepdims=True)


def _plain(picture: np.ndarray, _: ColourDepth) -> list[str]:
    grey = picture @ (0.299, 0.587, 0.114)
    pairs = (grey[0::2] + grey[1::2]) / 2
    place = np.minimum((pairs / 256 * len(_RAMP)).astype(int), len(_RAMP) - 1)
    return ["".join(line) for line in _RAMP[place]]


def _blocks(picture: np.ndarray, colour: ColourDepth) -> list[str]:
    code = _code_24_bit if colour == "24-bit" else _code_256
    codes = [[code(pixel) for pixel in line] for line in np.rint(picture).astype(int).tolist()]
    return [_coloured(upper, lower) for upper, lower in zip(codes[0::2], codes[1::2], strict=True)]


def _coloured(upper: list[str], lower: list[str]) -> str:
    """Return one line of half blocks; a colour is only repeated where it changes."""
    cells, last = [], ("", "")
    for pair in zip(upper, lower, strict=True):
        cells.append("▀" if pair == last else f"\x1b[38;{pair[0]};48;{pair[1]}m▀")
        last = pair
    return "".join(cells) + _RESET


def _code_24_bit(pixel: list[int]) -> str:
    return f"2;{pixel[0]};{pixel[1]};{pixel[2]}"


def _code_256(pixel: list[int]) -> str:
    """Return the nearest of xterm's 24 greys and of its 6×6×6 colours."""
    step = min(23, max(0, round((sum(pixel) / 3 - 8) / 10)))
    grey = [8 + 10 * step] * 3
    places = [0 if v < 48 else 1 if v < 115 else (v - 35) // 40 for v in pixel]
    cube = [55 + 40 * place if place else 0 for place in places]
    if _distance(pixel, grey) <= _distance(pixel, cube):
        return f"5;{232 + step}"
    return f"5;{16 + 36 * places[0] + 6 * places[1] + places[2]}"


def _distance(one: list[int], other: list[int]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _fit(text: str, columns: int) -> str:
    """Return a text cut or filled to this many terminal columns (wide characters count two)."""
    if _columns(text) > columns:
        while text and _columns(text) > columns - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (columns - _columns(text))


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
