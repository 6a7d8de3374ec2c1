"""The cache: every source is decoded once into arrays that later loads only map into memory.

An entry is a folder ``<name>-<key>`` with ``record.json`` and the arrays that it names: images
(uint8 N×H×W×C), labels, and sizes where the pictures were files. Arrays are written elsewhere and
moved in under names of their own, then the record is replaced in one step: a reader never meets
half an entry, and two writers do no harm.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smalti.data.cache_folders import is_file, readable_folders
from smalti.data.dataset import Dataset, Part
from smalti.errors import MachineError, SmaltiError, log
from smalti.files import read_json, write_json

FORMAT = 1
RECORD = "record.json"
_FIELDS = (
    "class_names",
    "fingerprint",
    "image_shape",
    "notes",
    "parts",
    "skipped",
    "source",
    "split",
)

DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, SmaltiError)
"""What opening an entry raises where something is wrong with it."""


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
            entry = opened(path) if is_file(path / RECORD) else None
        except PermissionError:
            continue  # another user's
        except DAMAGE as error:
            reason = error.problem if isinstance(error, SmaltiError) else error
            log.warning("The cached copy in %s is damaged (%s): it is made again.", path, reason)
            continue
        if entry and (stamp is None or entry.record["source"] == dict(stamp)):
            return entry
    return None


def restamp(entry: Entry, stamp: Mapping[str, Any]) -> None:
    """Note that an entry's source, found right again, is now this file; no harm if it cannot be."""
    try:
        write_json(entry.path / RECORD, {**entry.record, "source": dict(stamp)})
    except MachineError:
        log.debug("The record in %s could not be renewed.", entry.path)


def file_stamp(path: Path) -> dict[str, Any]:
    """Return what tells whether a file changed: where it is, its size, its time."""
    about = path.stat()
    return {"path": str(path.resolve()), "bytes": about.st_size, "mtime_ns": about.st_mtime_ns}


def opened(path: Path) -> Entry | None:
    """Open an entry; None where another version of smalti wrote it."""
    record = read_json(path / RECORD)
    while True:
        try:
            return _with_arrays(path, record) if record["format"] == FORMAT else None
        except FileNotFoundError:
            before, record = record, read_json(path / RECORD)
            if record == before:
                raise
            # Another process has replaced the entry since: its arrays have other names.


def _with_arrays(path: Path, record: dict[str, Any]) -> Entry:
    for field in _FIELDS:
        record[field]  # a missing one is a KeyError: damaged
    arrays = {}
    for name, (file, size) in record["files"].items():
        if (path / file).stat().st_size != size:
            raise ValueError(f"{file} has another size than recorded")
        arrays[name] = _mapped(path / file) if name == "images" else np.load(path / file)
    images, labels = arrays["images"], arrays["labels"]
    n = sum(record["parts"].values())
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) != n or labels.shape != (n,):
        raise ValueError("its arrays do not fit its record")
    return Entry(path, record, images, labels, arrays.get("sizes"))


def _mapped(path: Path) -> np.ndarray:
    """Map an array into memory, copy-on-write: PyTorch warns about arrays it could not write to."""
    try:
        return np.asarray(np.load(path, mmap_mode="c"))
    except OSError:
        # Larger than the memory that the system is willing to promise.
        return np.asarray(np.load(path, mmap_mode="r"))
