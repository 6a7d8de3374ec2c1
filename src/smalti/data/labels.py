"""Labels as people have them become whole numbers from 0, with a name for each class.

Taken: whole numbers, also as fractions without a rest, (N, 1) as Keras gives them, one-hot rows,
text, truth values. Whole numbers other than 0…K-1 are numbered anew and keep their names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from smalti.errors import SmaltiError, log, nearest
from smalti.wording import plural


def encode(
    labels: Mapping[str, Any], class_names: Sequence[str] | None = None
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Return int64 labels from 0 to K-1 for each array of labels, and the K class names.

    The first array (``y_train``) says which classes there are, or ``class_names`` does; a class
    that only another part has is refused. Text is sorted naturally (2 before 10).
    """
    flat = {name: flat_labels(array, name) for name, array in labels.items()}
    first = next(iter(flat))
    kinds = {name: values.dtype.kind == "U" for name, values in flat.items()}
    for name, is_text in kinds.items():
        if is_text != kinds[first]:
            words = {True: "text", False: "numbers"}
            raise SmaltiError(
                f"{name} holds {words[is_text]}, {first} holds {words[kinds[first]]}; "
                "expected labels of one kind."
            )
    if kinds[first]:
        encoded, names = _text(flat, class_names)
    else:
        width = _one_hot_width(labels)
        encoded, names = _numbers(flat, class_names, width)
    _at_least_two(encoded[first], names)
    return encoded, names


def natural(text: str) -> tuple[list[str | int], str]:
    """Return a sorting key that puts 2 before 10 and does not mind capitals."""
    pieces = re.split(r"(\d+)", unicodedata.normalize("NFC", text).casefold())
    return [int(piece) if index % 2 else piece for index, piece in enumerate(pieces)], text


def names_from(array: Any, what: str) -> tuple[str, ...]:
    """Return class names from a list or array of texts; each must be there once."""
    values = _decoded(np.asarray(array), what)
    if values.ndim != 1 or not len(values) or values.dtype.kind not in "Uiu":
        raise SmaltiError(f"{what} must be a list of names, one for each class, in order.")
    names = tuple(map(str, values.tolist()))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise SmaltiError(f"{what} names the class {twice!r} twice.")
    return names


def _decoded(array: np.ndarray, what: str) -> np.ndarray:
    """Return bytes and lists of texts as text; other Python objects are refused."""
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "backslashreplace")  # different stays different
    if array.dtype.kind == "T":
        return np.array(array.tolist(), dtype=str)  # NumPy casts this text only to known lengths
    if array.dtype.kind == "O":
        if array.size and all(isinstance(value, str) for value in array.flat):
            return array.astype(str)
        raise SmaltiError(
            f"{what} holds Python objects; expected whole numbers, one-hot rows or text.",
            "Labels of different lengths, or a missing one, are the usual cause.",
        )
    return array


def flat_labels(labels: Any, what: str) -> np.ndarray:
    """Return labels of any kind that is taken as a row of int64 or of text."""
    try:
        array = _decoded(np.asarray(labels), what)
    except (TypeError, ValueError, RuntimeError) as error:
        uneven = "inhomogeneous" in str(error)
        reason = "its rows have different lengths" if uneven else str(error).rstrip(".")
        raise SmaltiError(f"{what} is not an array of labels: {reason}.") from error
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and array.dtype.kind in "buif":
        return _from_one_hot(array, what)
    if array.ndim != 1:
        shape = "×".join(map(str, array.shape)) or "a single value"
        raise SmaltiError(
            f"{what} has the shape {shape}; expected one label for each picture, "
            "N×1, or one-hot N×classes."
        )
    return _whole_or_text(array, what)


def _from_one_hot(array: np.ndarray, what: str) -> np.ndarray:
    ones = (array == 1).sum(axis=1)
    if not (((array == 0) | (array == 1)).all() and (ones == 1).all()):
        raise SmaltiError(
            f"{what} has {array.shape[1]} columns, but not a single 1 in every row; "
            "expected one-hot rows, or one label for each picture.",
            "From probabilities take the largest: y.argmax(axis=1).",
        )
    return array.argmax(axis=1).astype(np.int64)


def _whole_or_text(array: np.ndarray, what: str) -> np.ndarray:
    kind = array.dtype.kind
    if kind == "U" and (array == "").any():
        n = plural(int((array == "").sum()), "empty label")
        raise SmaltiError(f"{what} has {n}; expected a class name for each picture.")
    if kind in "Ub":
        return array.astype(str)
    if kind in "iuf" and (kind == "i" or _fits_int64(array)):
        return array.astype(np.int64)
    found = "fractions, NaN or huge numbers" if kind in "uf" else f"the type {array.dtype}"
    raise SmaltiError(f"{what} has {found}; expected whole numbers, one-hot rows or text.")


def _fits_int64(array: np.ndarray) -> bool:
    """Return whether every number is whole, and small enough to be told from its neighbours."""
    return bool((np.abs(array) <= 2**53).all() and (array == np.rint(array)).all())


def _one_hot_width(labels: Mapping[str, Any]) -> int:
    """Return the number of one-hot columns, 0 where the labels are not one-hot."""
    widths = {
        name: np.shape(array)[1] if np.ndim(array) == 2 and np.shape(array)[1] > 1 else 0
        for name, array in labels.items()
    }
    first = next(iter(widths))
    for name, width in widths.items():
        if width != widths[first] and width and widths[first]:
            raise SmaltiError(
                f"{name} has {width} one-hot columns, {first} has {widths[first]}; "
                "expected as many."
            )
    return max(widths.values())


def _text(
    flat: Mapping[str, np.ndarray], class_names: Sequence[str] | None
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    first = next(iter(flat))
    found = sorted(set(flat[first].tolist()), key=natural)
    names = tuple(class_names) if class_names is not None else tuple(found)
    number = {name: index for index, name in enumerate(names)}
    encoded = {}
    for part, values in flat.items():
        distinct, where = np.unique(values, return_inverse=True)
        unknown = [name for name in distinct.tolist() if name not in number]
        if unknown:
            raise _strange(part, unknown[0], names, first if class_names is None else "class_names")
        encoded[part] = np.array([number[name] for name in distinct.tolist()], np.int64)[where]
    return encoded, names


def _numbers(
    flat: Mapping[str, np.ndarray], class_names: Sequence[str] | None, one_hot: int
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    first = next(iter(flat))
    distinct = np.unique(flat[first])
    if class_names is not None or one_hot:
        names = tuple(class_names if class_names is not None else map(str, range(one_hot)))
        if one_hot and len(names) != one_hot:
            raise SmaltiError(
                f"{plural(len(names), 'class name')} were given for {one_hot} one-hot columns."
            )
        for part, values in flat.items():
            _in_range(part, values, len(names))
        return dict(flat), names
    if len(distinct) and distinct[0] < 0 and distinct.tolist() != [-1, 1]:
        raise SmaltiError(
            f"{first} has labels out of range: the smallest is {distinct[0]}; expected 0 to K-1.",
            "Leave out pictures that have no label.",
        )
    for part, values in flat.items():
        strange = np.setdiff1d(values, distinct)
        if len(strange):
            raise _strange(part, str(strange[0]), list(map(str, distinct.tolist())), first)
    if len(distinct) > 1 and distinct.tolist() != list(range(len(distinct))):
        log.info(
            "The labels are %s to %s, %d classes: numbered from 0, and called as they were.",
            distinct[0],
            distinct[-1],
            len(distinct),
        )
    encoded = {part: np.searchsorted(distinct, values) for part, values in flat.items()}
    return encoded, tuple(map(str, distinct.tolist()))


def _in_range(part: str, values: np.ndarray, classes: int) -> None:
    if not len(values):
        return
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= classes:
        wrong = low if low < 0 else high
        raise SmaltiError(
            f"{part} has labels out of range: {wrong}; expected 0 to {classes - 1}, "
            f"as there are {classes} class names.",
            "If the labels start at 1: y - 1." if low == 1 and high == classes else "",
        )


def _strange(part: str, label: str, known: Sequence[str], where: str) -> SmaltiError:
    close = nearest(label, known)
    guess = f" Did you mean {close!r}?" if close else ""
    listed = ", ".join(map(repr, known[:10])) + (" …" if len(known) > 10 else "")
    return SmaltiError(
        f"{part} has labels out of range: {label!r} is not among the classes of {where}.{guess}",
        f"Known: {listed}.",
    )


def _at_least_two(labels: np.ndarray, names: Sequence[str]) -> None:
    found = np.unique(labels)
    if len(found) == 1:
        raise SmaltiError(
            f"All pictures have one class ({names[found[0]]!r}); "
            "a classifier needs at least two to tell apart."
        )
    if 0 < len(found) < len(names):
        missing = [name for k, name in enumerate(names) if k not in set(found.tolist())]
        log.warning("No training picture shows %s.", ", ".join(map(repr, missing[:10])))
