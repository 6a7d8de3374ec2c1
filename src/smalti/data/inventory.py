"""Which built-in sets are at hand, where, and how much has to be fetched for the others."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from smalti.data import builtin, cache
from smalti.data.cache_folders import folder as cache_folder
from smalti.data.cache_folders import readable_folders
from smalti.data.published import PUBLISHED
from smalti.names import DATASETS


@dataclass(frozen=True)
class Available:
    """A built-in set on this machine.

    ``where`` is ``"data folder"``, ``"cache"``, ``"archives"`` (published files that are not
    decoded yet), ``"scikit-learn"``, or empty where it would be downloaded; ``size`` is in bytes,
    of what is there or else of the download.
    """

    name: str
    summary: str
    pictures: int
    image_shape: tuple[int, int, int]
    where: str
    path: Path | None
    size: int

    @property
    def here(self) -> bool:
        """Whether it can be used without a network."""
        return bool(self.where)

    def sentence(self) -> str:
        """Return in words where it is, or what it takes to have it."""
        if self.path:
            return f"{self.where}: {self.path} ({_megabytes(self.size)})"
        if self.here:
            return f"comes with {self.where}"
        return f"not here; {_megabytes(self.size)} to download: smalti data get {self.name}"


def available(data_dir: str | Path | None = None) -> list[Available]:
    """Return every built-in set and where it is found; nothing is hashed."""
    folder = Path(data_dir) if data_dir is not None else None
    return [_found(name, folder) for name in DATASETS]


def cache_size() -> int:
    """Return how many bytes smalti's cache holds: decoded sets, folders and downloads."""
    return sum(
        (Path(root) / name).lstat().st_size
        for folder in readable_folders()
        for root, _, names in os.walk(folder)  # passes over what may not be read
        for name in names
    )


def _found(name: str, data_dir: Path | None) -> Available:
    published = PUBLISHED[name]
    where, path = _place(name, data_dir)
    size = _size(path) if path else published.download_size
    return Available(
        name=name,
        summary=DATASETS[name].summary,
        pictures=published.pictures,
        image_shape=published.image_shape,
        where=where,
        path=path,
        size=size,
    )


def _place(name: str, data_dir: Path | None) -> tuple[str, Path | None]:
    published = PUBLISHED[name]
    for path in builtin.files(published, data_dir):
        return ("cache" if path.parent == cache_folder() else "data folder"), path
    entry = cache.find(builtin.key(published))
    if entry:
        return "cache", entry.path
    if not published.archives:
        return "scikit-learn", None
    archives = builtin.archives_at_hand(published, data_dir)
    return ("archives", archives[0].parent) if archives else ("", None)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.iterdir() if file.is_file())
