"""Where built-in sets may already lie: the user's folder, smalti's, and those of other programs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smalti.data.cache_folders import expanded, is_file
from smalti.data.cache_folders import folder as cache_folder
from smalti.data.layouts import Layout, layouts
from smalti.errors import SmaltiError


@dataclass(frozen=True)
class Place:
    """A folder to look in; ``left_by`` names the program whose it is, empty for the user's own."""

    folder: Path
    left_by: str = ""


@dataclass(frozen=True)
class Find:
    """A set that lies somewhere, by its file names; nothing of it is read yet."""

    place: Place
    layout: Layout
    paths: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """The file, or the folder that holds all of them."""
        return self.paths[0] if len(self.paths) == 1 else self.paths[0].parent

    def read(self) -> Mapping[str, np.ndarray]:
        """Return the arrays as they stand there; nothing is verified yet."""
        return self.layout.read(self.paths)


def user_folder(data_dir: Path | None) -> Path | None:
    """Return the folder given as argument or with ``SMALTI_DATA``; one that is not there raises."""
    own = data_dir or os.environ.get("SMALTI_DATA") or None
    if own is None:
        return None
    path = expanded(own)
    if not path.is_dir():
        named = "--data-dir" if data_dir else "SMALTI_DATA"
        found = "is no folder" if is_file(path) else "is not there"
        raise SmaltiError(
            f"The data folder {path} given with {named} {found}.",
            "Make it, correct the path, or leave it out: smalti then uses its cache.",
        )
    return path


def folders(data_dir: Path | None) -> list[Path]:
    """Return the folders where files may have been put for smalti: the user's own, the cache's."""
    own = user_folder(data_dir)
    return [cache_folder()] if own is None else [own, cache_folder()]


def places(data_dir: Path | None) -> list[Place]:
    """Return every folder that is searched, in order: Keras's and torchvision's come last.

    Keras keeps sets in ``$KERAS_HOME/datasets``, or ``~/.keras/datasets``; torchvision where its
    ``root`` says, which its tutorials set to ``./data``.
    """
    own = user_folder(data_dir)
    keras = os.environ.get("KERAS_HOME") or "~/.keras"
    return [
        *([Place(own)] if own else []),
        Place(cache_folder(), "smalti"),
        Place(expanded(keras) / "datasets", "Keras"),
        Place(Path("data"), "torchvision"),
    ]


def finds(name: str, data_dir: Path | None) -> Iterator[Find]:
    """Yield the places where a built-in set lies, by its file names, in the order of search."""
    for place in places(data_dir):
        for layout in layouts(name):
            paths = layout.paths(place.folder)
            if paths:
                yield Find(place, layout, tuple(paths))
