"""The cache: every source is decoded once into arrays that later loads only map into memory.

An entry is a folder ``<name>-<key>`` with ``images.npy`` (uint8 N×H×W×C), ``labels.npy``,
``sizes.npy`` where the pictures were files, and ``record.json``. It is written beside its place
and renamed, so that a reader never meets half an entry and two writers do no harm.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smalti.data.cache_folders import (
    check_space,
    failed,
    install,
    new_folder,
    readable_folders,
)
from smalti.data.dataset import PARTS, Dataset, Part
from smalti.data.fingerprints import combined
from smalti.data.image_writer import ImageWriter
from smalti.errors import MachineError, SmaltiError, log
from smalti.files import read_json, write_json

_FORMAT = 1
_RECORD, _IMAGES, _LABELS, _SIZES = "record.json", "images.npy", "labels.npy", "sizes.npy"


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


@dataclass(frozen=True)
class Entry:
    """A cached source: its folder, its record, and its pictures, mapped into memory."""

    path: Path
    record: dict[str, Any]
    images: np.ndarray
    labels: np.ndarray
    file_sizes: np.ndarray | None

    def dataset(self, name: str, source: str) -> Dataset:
        """Return the data set with the parts that the source gave."""
        for note in self.record["notes"]:
            log.info("%s", note)
        parts, start = {}, 0
        for part, n in self.record["parts"].items():
            rows = np.arange(start, start + n)
            parts[part] = Part(self.images, self.labels[rows], rows)
            start += n
        return Dataset(
            name=name,
            source=source,
            class_names=tuple(self.record["class_names"]),
            parts=parts,
            fingerprint=self.record["fingerprint"],
            split=self.record["split"],
            skipped=tuple((file, reason) for file, reason in self.record["skipped"]),
            file_sizes=self.file_sizes,
        )


def key_of(name: str, *identity: object) -> str:
    """Return a folder name for a source: its name made safe, and a hash of what identifies it."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "data"
    text = "\n".join(map(str, identity))
    return f"{safe}-{hashlib.sha256(text.encode(errors='surrogateescape')).hexdigest()[:12]}"


def find(key: str, stamp: Mapping[str, Any] | None = None) -> Entry | None:
    """Return the entry, or None where there is none (or its source has another ``stamp`` now).

    A damaged entry is said and counts as missing.
    """
    for root in readable_folders():
        path = root / key
        try:
            entry = _opened(path) if (path / _RECORD).exists() else None
        except PermissionError:
            continue  # another user's
        except (OSError, ValueError, KeyError, TypeError, SmaltiError) as error:
            reason = error.problem if isinstance(error, SmaltiError) else error
            log.warning("The cached copy in %s is damaged (%s): it is made again.", path, reason)
            continue
        if entry and (stamp is None or entry.record["source"] == dict(stamp)):
            return entry
    return None


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
        with ImageWriter(place / _IMAGES, image_shape) as writer:
            content = fill(writer)
        _write_rest(place, writer, content, stamp, time.perf_counter() - started)
        return _opened(install(place, place.parent / key)) or _vanished(key)
    except OSError as error:
        raise failed(place.parent, error) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def restamp(entry: Entry, stamp: Mapping[str, Any]) -> None:
    """Note that an entry's source, found right again, is now this file; no harm if it cannot be."""
    try:
        write_json(entry.path / _RECORD, {**entry.record, "source": dict(stamp)})
    except MachineError:
        log.debug("The record in %s could not be renewed.", entry.path)


def file_stamp(path: Path) -> dict[str, Any]:
    """Return what tells whether a file changed: where it is, its size, its time."""
    about = path.stat()
    return {"path": str(path.resolve()), "bytes": about.st_size, "mtime_ns": about.st_mtime_ns}


def _opened(path: Path) -> Entry | None:
    """Open an entry; None where another version of smalti wrote it."""
    record = read_json(path / _RECORD)
    if record["format"] != _FORMAT:
        return None
    for file, size in record["files"].items():
        if (path / file).stat().st_size != size:
            raise ValueError(f"{file} has another size than recorded")
    images = _mapped(path / _IMAGES)
    labels = np.load(path / _LABELS)
    sizes = np.load(path / _SIZES) if _SIZES in record["files"] else None
    n = sum(record["parts"].values())
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) != n or labels.shape != (n,):
        raise ValueError("its arrays do not fit its record")
    for needed in ("class_names", "fingerprint", "split", "skipped", "notes", "source"):
        record[needed]  # a missing one is a KeyError: damaged
    return Entry(path, record, images, labels, sizes)


def _mapped(path: Path) -> np.ndarray:
    """Map an array into memory, copy-on-write: PyTorch warns about arrays it could not write to."""
    try:
        return np.asarray(np.load(path, mmap_mode="c"))
    except OSError:
        # Larger than the memory that the system is willing to promise.
        return np.asarray(np.load(path, mmap_mode="r"))


def _write_rest(
    place: Path, writer: ImageWriter, content: Content, stamp: Mapping[str, Any], seconds: float
) -> None:
    if len(content.labels) != writer.count or sum(content.parts.values()) != writer.count:
        raise ValueError("labels and parts must count as many pictures as were written")
    np.save(place / _LABELS, np.asarray(content.labels, dtype=np.int64))
    if content.file_sizes is not None:
        np.save(place / _SIZES, content.file_sizes)
    shape = (writer.count, *writer.image_shape)
    record = {
        "format": _FORMAT,
        "fingerprint": combined([(shape, writer.sha256, content.labels)], content.class_names),
        "class_names": list(content.class_names),
        "parts": {part: content.parts[part] for part in PARTS if part in content.parts},
        "split": content.split,
        "image_shape": list(writer.image_shape),
        "source": dict(stamp),
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds, 3),
        "files": {file.name: file.stat().st_size for file in sorted(place.glob("*.npy"))},
        "notes": list(content.notes),
        "skipped": [list(pair) for pair in content.skipped],
    }
    (place / _RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    for path in place.iterdir():
        _flush(path)


def _flush(path: Path) -> None:
    """Wait until a file is on the disk: after a power cut it must not be full of zeros."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _vanished(key: str) -> Entry:
    raise OSError(errno.ENOENT, f"the new cache entry {key} is gone")
