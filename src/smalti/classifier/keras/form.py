"""The form in which a network takes pictures: size, channels, order of values, or flat."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from smalti.errors import SmaltiError

Shape = tuple[int, int, int]

_CHANNELS = (1, 3)


@dataclass(frozen=True)
class Form:
    """How uint8 pictures H×W×C are handed over.

    ``order`` is ``last`` (N×H×W×C), ``first`` (N×C×H×W), ``none`` (N×H×W, grey) or ``flat``.
    """

    picture: Shape
    order: str

    def arranged(self, pixels: np.ndarray, planes_first: bool = False) -> np.ndarray:
        """Return float pictures N×H×W×C in the order that the network takes."""
        if self.order == "first":
            return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        if self.order == "none":
            return pixels[..., 0]
        if self.order == "flat":
            ordered = pixels.transpose(0, 3, 1, 2) if planes_first else pixels
            return ordered.reshape(len(pixels), -1)
        return pixels

    def sentence(self) -> str:
        """Return what the network takes, in words."""
        height, width, channels = self.picture
        colour = "grey" if channels == 1 else "colour"
        how = {"first": ", channels first", "flat": " as flat vectors"}.get(self.order, "")
        return f"{height}×{width} {colour} pictures{how}"


def find_form(facts: dict[str, Any], data_shape: Shape | None, file: str) -> Form:
    """Return the form behind an input shape; the data's own shape fills in what is left free."""
    shape = facts["input"][1:]
    if len(shape) == 1:
        return Form(_unflattened(shape[0], data_shape, file), "flat")
    if len(shape) == 2:
        height, width = _sides(shape, data_shape, file)
        return Form((height, width, 1), "none")
    if len(shape) != 3:
        raise SmaltiError(
            f"{file} takes inputs of {_said(shape)}, which are not pictures.",
            "Expected height×width×channels, or a flat vector.",
        )
    first = _channels_first(shape, facts["channels_first"])
    channels, sides = (shape[0], shape[1:]) if first else (shape[2], shape[:2])
    channels = channels if channels is not None else (data_shape or (0, 0, 3))[2]
    if channels not in _CHANNELS:
        raise SmaltiError(
            f"{file} takes pictures of {_said(shape)}: {channels} channels; expected 1 or 3."
        )
    height, width = _sides(sides, data_shape, file)
    return Form((height, width, channels), "first" if first else "last")


def _channels_first(shape: list[int | None], said: bool) -> bool:
    """Tell where the channels stand; where the numbers leave it open, the layers' setting says."""
    front, back = shape[0] in _CHANNELS, shape[2] in _CHANNELS
    return said if front == back else front


def _sides(sides: list[int | None], data_shape: Shape | None, file: str) -> tuple[int, int]:
    if None in sides and data_shape is None:
        raise SmaltiError(
            f"{file} takes pictures of any size, and nothing says which.",
            "Name the data that it is for, for example: --data mnist",
        )
    known = data_shape or (0, 0, 0)
    height, width = (side if side is not None else known[at] for at, side in enumerate(sides))
    return height, width


def _unflattened(length: int | None, data_shape: Shape | None, file: str) -> Shape:
    if data_shape is not None and length in (None, math.prod(data_shape)):
        return data_shape
    for channels in _CHANNELS:
        side = math.isqrt((length or 0) // channels)
        if side and side * side * channels == length:
            return side, side, channels
    raise SmaltiError(
        f"{file} takes vectors of {length} numbers, which no square picture has.",
        "Name the data that it is for with --data.",
    )


def _said(shape: list[int | None]) -> str:
    return "×".join("any" if side is None else str(side) for side in shape)
