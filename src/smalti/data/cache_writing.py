"""Writing a cache entry: beside its place, then moved in, its record replaced last.

A killed process, a full disk or a second writer never leave half an entry.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smalti.data.cache import DAMAGE, FORMAT, RECORD, Entry, opened
from smalti.data.cache_folders import check_space, failed, is_file, new_folder, sweep
from smalti.data.dataset import PARTS
from smalti.data.fingerprints import combined
from smalti.data.image_writer import ImageWriter
from smalti.errors import SmaltiError
from smalti.files import read_json


@dataclass(frozen=True)
class Content:
    """What a source gives besides its pictures: how it is described in an entry.

    ``parts`` are the numbers of pictures of train, validation and test, in this order, as they
    were written; ``notes`` are said at every load.
    """

    class_names: tuple[str, ...]
    labels: np.ndarray
    parts: Mapping[str, int]
    split: str
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    file_sizes: np.ndarray | None = None


def build(
    key: str,
    stamp: Mapping[str, Any],
    image_shape: tuple[int, int, int],
    expected: int,
    fill: Callable[[ImageWriter], Content],
) -> Entry:
    """Make an entry and return it: ``fill`` writes the pictures and returns what belongs to them.

    ``expected`` (pictures) lets a disk that is too small be noticed before the work. A folder
    that cannot be written to is replaced by a temporary one, and this is said.
    """
    place = new_folder()
    try:
        check_space(place, expected * int(np.prod(image_shape)))
        started = time.perf_counter()
        files = {"images": place / f"images-{place.name[-8:]}.npy"}
        with ImageWriter(files["images"], image_shape) as writer:
            content = fill(writer)
        files |= _written_beside(files["images"], content)
        record = _record(writer, content, stamp, files, time.perf_counter() - started)
        return _installed(record, files, place, place.parent / key)
    except OSError as error:
        raise failed(place.parent, error) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _written_beside(images: Path, content: Content) -> dict[str, Path]:
    """Write the small arrays of an entry; return their paths by name."""
    arrays = {"labels": np.asarray(content.labels, dtype=np.int64)}
    if content.file_sizes is not None:
        arrays["sizes"] = content.file_sizes
    paths = {}
    for name, array in arrays.items():
        paths[name] = images.with_name(images.name.replace("images", name))
        np.save(paths[name], array)
        _flush(paths[name])
    return paths


def _record(
    writer: ImageWriter,
    content: Content,
    stamp: Mapping[str, Any],
    files: Mapping[str, Path],
    seconds: float,
) -> dict[str, Any]:
    if len(content.labels) != writer.count or sum(content.parts.values()) != writer.count:
        raise ValueError("labels and parts must count as many pictures as were written")
    shape = (writer.count, *writer.image_shape)
    return {
        "format": FORMAT,
        "fingerprint": combined([(shape, writer.sha256, content.labels)], content.class_names),
        "class_names": list(content.class_names),
        "parts": {part: content.parts[part] for part in PARTS if part in content.parts},
        "split": content.split,
        "image_shape": list(writer.image_shape),
        "source": dict(stamp),
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds, 3),
        "files": {name: [path.name, path.stat().st_size] for name, path in files.items()},
        "notes": list(content.notes),
        "skipped": [list(pair) for pair in content.skipped],
    }


def _installed(
    record: dict[str, Any], files: Mapping[str, Path], place: Path, target: Path
) -> Entry:
    """Move a finished entry to its place, unless another process was quicker; open it there."""
    present = _present(target)
    if present and all(present.record[key] == record[key] for key in ("source", "fingerprint")):
        return present
    (place / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    _flush(place / RECORD)
    target.mkdir(exist_ok=True)
    replaced = _array_files(target)
    for path in files.values():
        path.rename(target / path.name)
    (place / RECORD).replace(target / RECORD)
    for path in replaced:
        with suppress(OSError):  # Windows keeps files that are mapped
            path.unlink()
    sweep(set(target.glob("*.npy")) - {target / path.name for path in files.values()})
    entry = opened(target)
    if entry is None:
        raise OSError(errno.EBUSY, "another version of smalti replaced the entry")
    return entry


def _present(target: Path) -> Entry | None:
    try:
        return opened(target) if is_file(target / RECORD) else None
    except DAMAGE:
        return None


def _array_files(target: Path) -> list[Path]:
    """Return the arrays that the present record of an entry names."""
    try:
        return [target / file for file, _ in read_json(target / RECORD)["files"].values()]
    except (SmaltiError, KeyError, TypeError, ValueError, AttributeError):
        return list(target.glob("*.npy")) if (target / RECORD).exists() else []


def _flush(path: Path) -> None:
    """Wait until a file is on the disk: after a power cut it must not be full of zeros."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
