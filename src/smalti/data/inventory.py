"""Which built-in sets are at hand, where, and how much has to be fetched for the others."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from smalti.data import builtin, cache
from smalti.data.cache_folders import folder as cache_folder
from smalti.data.cache_folders import readable_folders
from smalti.data.places import finds
from smalti.data.published import PUBLISHED, Published
from smalti.names import DATASETS
from smalti.wording import plural


@dataclass(frozen=True)
class Available:
    """A built-in set on this machine.

    ``where`` is ``"data folder"``, ``"cache"``, ``"downloaded"`` (not decoded yet), ``"left by
    Keras"``, ``"left by torchvision"``, ``"scikit-learn"``, or empty where it would be downloaded;
    ``size`` is in bytes, of what is there or else of the download; ``mirrors`` is the number of
    addresses after the first.
    """

    name: str
    summary: str
    pictures: int
    image_shape: tuple[int, int, int]
    where: str
    path: Path | None
    size: int
    mirrors: int = 0

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
        mirrors = f" ({plural(self.mirrors, 'mirror')})" if self.mirrors else ""
        size = _megabytes(self.size)
        return f"not here; {size} to download{mirrors}: smalti data get {self.name}"


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
    where, path, size = _place(PUBLISHED[published.fine or name], data_dir)
    return Available(
        name=name,
        summary=DATASETS[name].summary,
        pictures=published.pictures,
        image_shape=published.image_shape,
        where=where,
        path=path,
        size=size,
        mirrors=min((len(file.urls) - 1 for file in published.archives), default=0),
    )


def _place(published: Published, data_dir: Path | None) -> tuple[str, Path | None, int]:
    for path in builtin.files(published, data_dir):
        return ("cache" if path.parent == cache_folder() else "data folder"), path, _size([path])
    entry = cache.find(builtin.key(published))
    if entry:
        return "cache", entry.path, _size(entry.path.iterdir())
    if not published.archives:
        return "scikit-learn", None, 0
    for find in finds(published.name, data_dir):
        words = {"": "data folder", "smalti": "downloaded"}
        left_by = find.place.left_by
        return words.get(left_by, f"left by {left_by}"), find.path, _size(find.paths)
    return "", None, published.download_size


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
