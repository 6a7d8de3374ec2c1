"""A ``.npz`` file of pictures and labels becomes a data set. Nothing is ever unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib.npyio import NpzFile

from smalti.data import cache
from smalti.data.arrays import GIVEN_SPLIT, Named, Prepared, prepare
from smalti.data.cache_writing import Content, build
from smalti.data.dataset import Dataset
from smalti.data.image_writer import ImageWriter
from smalti.data.labels import names_from
from smalti.errors import MachineError, SmaltiError, nearest
from smalti.files import unreadable

# What each part is called in a file, besides ``x_`` and ``y_``; capitals do not matter.
_PARTS = {"train": ("train",), "validation": ("val", "validation", "valid"), "test": ("test",)}

# Names that others give to pictures and to labels: they are not guessed, but the way is shown.
_IMAGE_WORDS = ("images", "image", "data", "x", "pictures", "features", "arr_0")
_LABEL_WORDS = ("labels", "label", "targets", "target", "y", "arr_1")


def from_file(path: Path, source: str, image_size: int = 0) -> Dataset:
    """Return the data set of a file with x_train, y_train (x_val, y_val, x_test, y_test optional).

    It is decoded once into the cache, and again only where the file has changed.
    """
    stamp = {**cache.file_stamp(path), "image_size": image_size}
    key = cache.key_of(path.stem, path.resolve(), image_size)
    entry = cache.find(key, stamp)
    if entry is None:
        with opened(path) as arrays:
            prepared = from_mapping(arrays, path.name, image_size)
        n = sum(map(len, prepared.labels.values()))
        entry = build(key, stamp, prepared.image_shape, n, lambda writer: written(prepared, writer))
    return entry.dataset(path.stem, source)


def from_mapping(arrays: Mapping[str, Any], what: str, image_size: int = 0) -> Prepared:
    """Return the parts of arrays by name; ``what`` names their container in errors."""
    keys = {key.lower(): key for key in arrays}
    found = {}
    for part, words in _PARTS.items():
        pair = _pair(keys, words, what)
        if pair:
            found[part] = pair
    if "train" not in found:
        raise _missing(list(arrays), what)
    parts = {
        part: Named(images, read(arrays, images, what), labels, read(arrays, labels, what))
        for part, (images, labels) in found.items()
    }
    return prepare(parts, _class_names(arrays, keys, what), image_size)


def _class_names(
    arrays: Mapping[str, Any], keys: Mapping[str, str], what: str
) -> tuple[str, ...] | None:
    if "class_names" in keys:
        return names_from(read(arrays, keys["class_names"], what), keys["class_names"])
    if "labels" in keys:
        values = np.asarray(read(arrays, keys["labels"], what))
        if values.ndim == 1 and values.dtype.kind in "US":
            return names_from(values, keys["labels"])
    return None


def written(prepared: Prepared, writer: ImageWriter, split: str = GIVEN_SPLIT) -> Content:
    """Write all parts to a cache entry, and return what belongs to them."""
    for part in prepared.labels:
        for piece in prepared.pieces(part):
            writer.append(piece)
    return Content(
        class_names=prepared.class_names,
        labels=np.concatenate(list(prepared.labels.values())),
        parts={part: len(labels) for part, labels in prepared.labels.items()},
        split=split,
        notes=prepared.notes,
    )


@contextmanager
def opened(path: Path) -> Iterator[Mapping[str, np.ndarray]]:
    """Open a ``.npz`` file; damage, another format and unreadable disks are told apart."""
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise SmaltiError(f"There is no file {path}.") from error
    except OSError as error:
        raise unreadable(path, error) from error
    with file, _loaded(file, path) as arrays:
        yield arrays


def _loaded(file: IO[bytes], path: Path) -> NpzFile:
    try:
        arrays = np.load(file, allow_pickle=False)
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        if isinstance(error, OSError) and error.errno:
            raise unreadable(path, error) from error
        raise _damaged(path.name, error) from error
    if isinstance(arrays, NpzFile):
        return arrays
    raise SmaltiError(
        f"{path.name} holds a single array; expected a .npz file with x_train and y_train.",
        "Save one with: np.savez('data.npz', x_train=x, y_train=y)",
    )


def read(arrays: Mapping[str, Any], key: str, what: str) -> Any:
    """Return one array; objects that would have to be unpickled are refused."""
    try:
        return arrays[key]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise _damaged(f"{key} in {what}", error) from error
        raise SmaltiError(
            f"{key} in {what} is an array of Python objects, which could run code when loaded: "
            "smalti never unpickles.",
            "Save it again as plain numbers or text: x.astype('uint8'), y.astype(str).",
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        raise _damaged(f"{key} in {what}", error) from error
    except OSError as error:
        raise unreadable(Path(what), error) from error
    except MemoryError as error:
        raise MachineError(
            f"{key} in {what} does not fit into memory.",
            "Use fewer pictures, or a folder of files.",
        ) from error


def _damaged(what: str, error: Exception) -> SmaltiError:
    reason = " ".join(str(error).split()) or type(error).__name__
    if "pickle" in reason or "magic" in reason:
        reason = "it is not a .npz file"
    return SmaltiError(
        f"{what} cannot be read: {reason}.",
        "Copy or save it again; it may have been cut short.",
    )


def _pair(keys: Mapping[str, str], words: tuple[str, ...], what: str) -> tuple[str, str] | None:
    """Return the names of pictures and labels of a part; one without the other is refused."""
    for word in words:
        images, labels = keys.get(f"x_{word}"), keys.get(f"y_{word}")
        if images and labels:
            return images, labels
        if images or labels:
            has, lacks = (images, f"y_{word}") if images else (labels, f"x_{word}")
            raise SmaltiError(
                f"{what} has {has} but no {lacks}; expected both.",
                f"Its arrays: {', '.join(keys.values())}.",
            )
    return None


def _missing(keys: list[str], what: str) -> SmaltiError:
    listed = ", ".join(keys) if keys else "nothing"
    hint = "Save it with: np.savez('data.npz', x_train=x, y_train=y, x_test=…, y_test=…)"
    images, labels = _like(keys, _IMAGE_WORDS), _like(keys, _LABEL_WORDS)
    if images and labels and images != labels:
        hint = (
            f"If {images} are the pictures and {labels} their labels: z = np.load({what!r}); "
            f"np.savez('data.npz', x_train=z[{images!r}], y_train=z[{labels!r}])"
        )
    return SmaltiError(f"{what} has no x_train and y_train; it holds {listed}.", hint)


def _like(keys: list[str], words: tuple[str, ...]) -> str | None:
    """Return the key that is or begins like one of these words, train's before others'."""
    lowered = {key.lower().replace("train", "").strip("_-. "): key for key in reversed(keys)}
    for word in words:
        if word in lowered:
            return lowered[word]
    close = nearest(words[0], lowered)
    return lowered[close] if close else None
