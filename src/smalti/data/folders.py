"""A folder of pictures becomes a data set: decoded once into one array in the cache."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from smalti.data import cache
from smalti.data.arrays import GIVEN_SPLIT
from smalti.data.cache_writing import Content, build
from smalti.data.dataset import PARTS, Dataset
from smalti.data.folder_layout import Listing, PictureFile, check_classes, listing, one_class
from smalti.data.image_writer import ImageWriter
from smalti.data.pictures import PictureError, read_with_size
from smalti.data.progress import Progress
from smalti.device import usable_cores
from smalti.errors import MachineError, SmaltiError, log
from smalti.wording import count, plural

DEFAULT_SIZE = 64
"""Side in pixels that pictures are scaled to where nothing else is asked for."""

# Part of what a cache entry is known by: raise it when pictures come out otherwise.
_DECODING = 1
_BATCH, _BATCH_BYTES = 256, 1 << 26
_UNREADABLE = "the file cannot be read"


def from_folder(root: Path, source: str, image_size: int = 0) -> Dataset:
    """Return the data set of a folder of class folders, with or without train|val|test inside.

    Pictures become RGB, ``image_size`` pixels square (0: 64). Files that cannot be used are left
    out and listed in ``Dataset.skipped``; a folder that has changed is decoded anew.
    """
    side = image_size or DEFAULT_SIZE
    found = listing(root)
    stamp = {"path": str(root.resolve()), "listing": found.digest, "decoding": _DECODING}
    name = root.resolve().name or "pictures"
    key = cache.key_of(name, root.resolve(), side)
    entry = cache.find(key, stamp)
    if entry is None:
        shape = (side, side, 3)
        entry = build(
            key, stamp, shape, len(found.files), lambda writer: _decoded(root, found, writer)
        )
    dataset = entry.dataset(name, source)
    _say_skipped(dataset, source)
    return dataset


@dataclass
class _Kept:
    """What is known of the pictures that could be read, in their order."""

    files: list[PictureFile] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def _decoded(root: Path, found: Listing, writer: ImageWriter) -> Content:
    """Write all pictures, and return what belongs to them."""
    kept = _Kept(skipped=list(found.skipped))
    log.info("Decoding %s of %s, once.", plural(len(found.files), "picture"), root)
    with Progress("decoding", len(found.files)) as progress:
        progress.start()
        for batch, results in _read(found.files, writer.image_shape):
            pictures = []
            for file, result in zip(batch, results, strict=True):
                if isinstance(result, str):
                    kept.skipped.append((file.shown, result))
                else:
                    pictures.append(result[0])
                    kept.sizes.append(result[1])
                    kept.files.append(file)
            if pictures:
                writer.append(np.stack(pictures))
            progress.update(len(batch))
    return _content(root, found, kept)


_Result = str | tuple[np.ndarray, tuple[int, int]]


def _read(
    files: Sequence[PictureFile], shape: tuple[int, int, int]
) -> Iterator[tuple[Sequence[PictureFile], list[_Result]]]:
    """Yield batches of files with what came of each: pixels and size, or why not.

    Pillow decodes without holding the interpreter, so that threads help; a batch at a time
    keeps the memory flat.
    """

    def read(file: PictureFile) -> _Result:
        try:
            return read_with_size(file.path, shape)
        except PictureError as error:
            return error.reason

    size = max(1, min(_BATCH, _BATCH_BYTES // math.prod(shape)))
    with ThreadPoolExecutor(min(16, usable_cores())) as pool:
        for start in range(0, len(files), size):
            batch = files[start : start + size]
            yield batch, list(pool.map(read, batch))


def _content(root: Path, found: Listing, kept: _Kept) -> Content:
    train = {file.class_name for file in kept.files if file.part == "train"}
    if not train:
        raise _nothing_readable(root, found, kept)
    names = [name for name in found.class_names if name in train]
    check_classes(root, names, kept.files)
    if len(names) == 1:
        raise one_class(root, names[0])
    notes = [
        f"The class {name!r} is left out: none of its pictures in train could be read."
        for name in found.class_names
        if name not in train
    ]
    number = {name: index for index, name in enumerate(names)}
    parts = {part: sum(file.part == part for file in kept.files) for part in PARTS}
    return Content(
        class_names=tuple(names),
        labels=np.array([number[file.class_name] for file in kept.files], dtype=np.int64),
        parts={part: n for part, n in parts.items() if n},
        split=GIVEN_SPLIT,
        notes=tuple(notes),
        skipped=tuple(kept.skipped),
        file_sizes=np.array(kept.sizes, dtype=np.int32),
    )


def _nothing_readable(root: Path, found: Listing, kept: _Kept) -> SmaltiError:
    files = plural(len(found.files), "file")
    reasons = "; ".join(f"{file}: {reason}" for file, reason in kept.skipped[:3])
    problem = f"No picture of train in {root} could be read ({files} tried)."
    if all(reason.startswith(_UNREADABLE) for _, reason in kept.skipped):
        return MachineError(problem, f"{reasons}.")
    return SmaltiError(problem, f"{reasons}.")


def _say_skipped(dataset: Dataset, source: str) -> None:
    if not dataset.skipped:
        return
    n = len(dataset.skipped)
    first = "; ".join(f"{file}: {reason}" for file, reason in dataset.skipped[:3])
    more = f"; and {count(n - 3)} more" if n > 3 else ""
    log.warning(
        "%s in %s left out (%s%s). All of them: smalti data check %s",
        plural(n, "file"),
        dataset.name,
        first,
        more,
        shlex.quote(source),
    )
