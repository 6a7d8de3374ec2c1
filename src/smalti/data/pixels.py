"""Arrays of pictures as people have them become uint8 N×H×W×C.

Taken: N×H×W, N×H×W×C and N×C×H×W with 1, 3 or 4 channels; whole numbers from 0 to 255, truth
values, fractions from 0 to 1 or from 0 to 255. Everything else is refused with what was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from smalti.data.fingerprints import chunks
from smalti.errors import SmaltiError, log

_CHANNELS = (1, 3, 4)

# Below this, pictures said to reach 255 are almost black: the range was probably another one.
_DARK = 32


def as_array(images: Any, what: str) -> np.ndarray:
    """Return pictures as an array of numbers; ``what`` names them in errors (``"x_train"``)."""
    try:
        array = np.asarray(images)
    except (TypeError, ValueError, RuntimeError) as error:
        uneven = "inhomogeneous" in str(error)
        reason = "its pictures have different sizes" if uneven else str(error).rstrip(".")
        raise SmaltiError(
            f"{what} is not an array: {reason}.",
            "Pass a NumPy array of pictures that all have the same size.",
        ) from error
    if array.dtype.kind == "O":
        raise SmaltiError(
            f"{what} holds Python objects, not numbers: its pictures may have different sizes.",
            "Pass pictures of one size as a numeric array, or a folder of picture files.",
        )
    if array.dtype.kind not in "buif":
        raise SmaltiError(
            f"{what} has the type {array.dtype}; expected numbers (uint8, or fractions).",
            "Convert it, for example with x.astype('uint8').",
        )
    return array


def as_pictures(array: np.ndarray, what: str) -> np.ndarray:
    """Return a view N×H×W×C of an array N×H×W, N×H×W×C or N×C×H×W."""
    shape = "×".join(map(str, array.shape))
    if array.ndim == 3:
        view = array[..., np.newaxis]
    elif array.ndim == 4 and array.shape[3] in _CHANNELS:
        view = array
    elif array.ndim == 4 and array.shape[1] in _CHANNELS:
        view = np.moveaxis(array, 1, 3)
    else:
        raise SmaltiError(
            f"{what} has the shape {shape}; expected pictures as N×height×width, "
            "N×height×width×channels or N×channels×height×width, with 1, 3 or 4 channels.",
            _reshape_hint(array),
        )
    if 0 in view.shape:
        raise SmaltiError(f"{what} is empty: its shape is {shape}; expected pictures.")
    return view


@dataclass(frozen=True)
class Conversion:
    """How the pixels of an array become uint8; ``note`` says it in words, empty if nothing is done.

    ``factor`` multiplies the values (None: they are whole numbers from 0 to 255 already).
    """

    factor: float | None
    transparent: bool
    note: str

    def channels(self, images: np.ndarray) -> int:
        """Return how many channels N×H×W×C pictures have when converted."""
        return 3 if self.transparent else int(images.shape[3])

    def pieces(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yield converted pictures, some megabytes at a time."""
        for piece in chunks(images):
            yield self._converted(piece)

    def whole(self, images: np.ndarray) -> np.ndarray:
        """Return all pictures converted; the array itself where nothing has to change."""
        if self.factor is None and not self.transparent and images.dtype == np.uint8:
            return np.ascontiguousarray(images)
        converted = np.empty((*images.shape[:3], self.channels(images)), dtype=np.uint8)
        start = 0
        for piece in self.pieces(images):
            converted[start : start + len(piece)] = piece
            start += len(piece)
        return converted

    def _converted(self, piece: np.ndarray) -> np.ndarray:
        if self.factor is not None:
            # In double precision 255 × (k / 255) rounds back to k whatever the type was.
            piece = np.rint(piece.astype(np.float64) * self.factor)
        piece = piece.astype(np.uint8)
        return _on_white(piece) if self.transparent else piece


def conversions(arrays: Mapping[str, np.ndarray]) -> dict[str, Conversion]:
    """Return how each array N×H×W×C of a data set is converted; the first one is train's.

    Pictures of different sizes are refused, and fractions on different scales.
    """
    _check_sizes(arrays)
    ranges = {name: _range(array, name) for name, array in arrays.items()}
    factors = {name: _factor(array, *ranges[name], name) for name, array in arrays.items()}
    # Pictures that are black all over fit either scale of fractions.
    fractions = {n: factors[n] for n, a in arrays.items() if a.dtype.kind == "f" and ranges[n][1]}
    for name, factor in fractions.items():
        first = next(iter(fractions))
        if factor != fractions[first]:
            raise SmaltiError(
                f"{name} has pixels up to {ranges[name][1]:g}, {first} up to "
                f"{ranges[first][1]:g}: they are not on one scale.",
                "Bring both to 0–255, or both to 0–1.",
            )
    first = next(iter(arrays))
    _warn_of_darkness(ranges[first][1], factors[first] or 1)
    return {
        name: Conversion(factors[name], array.shape[3] == 4, _note(array.dtype, factors[name]))
        for name, array in arrays.items()
    }


def _check_sizes(arrays: Mapping[str, np.ndarray]) -> None:
    shapes = {name: "×".join(map(str, array.shape[1:])) for name, array in arrays.items()}
    first = next(iter(shapes))
    for name, shape in shapes.items():
        if shape != shapes[first]:
            raise SmaltiError(
                f"{name} holds pictures of {shape}, {first} of {shapes[first]} "
                "(height×width×channels); expected one size."
            )


def _warn_of_darkness(highest: float, factor: float) -> None:
    if highest == 0:
        log.warning("Every pixel is 0: all pictures are black.")
    elif highest * factor < _DARK:
        log.warning(
            "The brightest pixel is %g of 255: the pictures are almost black. If their range is "
            "0–%g, multiply them by %g first.",
            highest,
            highest,
            255 / highest,
        )


def _range(images: np.ndarray, what: str) -> tuple[float, float]:
    """Return the smallest and largest pixel; values that are not numbers are refused."""
    low, high = np.inf, -np.inf
    for piece in chunks(images):
        lowest, highest = float(piece.min()), float(piece.max())
        if not (np.isfinite(lowest) and np.isfinite(highest)):
            raise _not_finite(images, what)
        low, high = min(low, lowest), max(high, highest)
    return low, high


def _not_finite(images: np.ndarray, what: str) -> SmaltiError:
    bad = np.concatenate([~np.isfinite(piece).all(axis=(1, 2, 3)) for piece in chunks(images)])
    n, first = int(bad.sum()), int(np.argmax(bad))
    return SmaltiError(
        f"{what} has pixels that are not numbers (NaN or infinite) in {n:,} of {len(bad):,} "
        f"pictures; the first is picture {first}.",
        "Find out where they come from; np.nan_to_num(x) would make them 0.",
    )


def _factor(array: np.ndarray, low: float, high: float, what: str) -> float | None:
    """Return what the values are multiplied with to lie in 0–255; None for whole numbers."""
    if array.dtype.kind == "b":
        return 255.0
    whole = array.dtype.kind in "iu"
    if low >= 0 and high <= 255:
        return None if whole else 255.0 if high <= 1 else 1.0
    raise SmaltiError(
        f"{what} has pixels from {low:g} to {high:g}; expected 0 to 255"
        + ("." if whole else ", or 0 to 1."),
        _range_hint(low, high, whole),
    )


def _range_hint(low: float, high: float, whole: bool) -> str:
    if whole and low >= 0 and high <= 65535:
        return "16-bit pictures become 8-bit with (x // 257).astype('uint8')."
    if whole and low >= -128 and high <= 127:
        return "If they were stored as int8 by mistake: x.view('uint8')."
    if -1 <= low < 0 and high <= 1:
        return "If they were scaled to -1…1, undo it first: (x + 1) / 2."
    if low < 0:
        return "If they were normalised by mean and deviation, pass them as they were before."
    return f"Scale them first: x / {high:g}."


def _note(dtype: np.dtype, factor: float | None) -> str:
    """Return in words how the pixels are stored, where that is not how they came."""
    if dtype.kind == "b":
        return "The pixels are truth values: stored as 0 and 255."
    if factor is None:
        return ""
    return f"The pixels are {dtype} from 0 to {'1' if factor > 1 else '255'}: stored as uint8."


def _on_white(piece: np.ndarray) -> np.ndarray:
    """Return RGBA pictures as RGB, as if they lay on white paper."""
    colour, opacity = piece[..., :3].astype(np.uint16), piece[..., 3:].astype(np.uint16)
    return ((colour * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)


def _reshape_hint(array: np.ndarray) -> str:
    if array.ndim == 2:
        for channels in (1, 3):
            side = round((array.shape[1] / channels) ** 0.5)
            if side > 1 and side * side * channels == array.shape[1]:
                shape = f"{side}, {side}" + (", 3" if channels == 3 else "")
                return f"If each row is one picture: x.reshape(-1, {shape})."
    return "Reshape it first."
