"""How the built-in sets lie in folders: as smalti, Keras and torchvision leave them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smalti.data import cifar, npz
from smalti.data.cache_folders import is_file
from smalti.data.formats import read_idx

Read = Callable[[Sequence[Path]], Mapping[str, np.ndarray]]
"""From the paths of the files to x_train, y_train, x_test, y_test as they stand there."""

KEYS = ("x_train", "y_train", "x_test", "y_test")
IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True)
class Layout:
    """Files by their place in a folder (all of them have to be there), and what reads them."""

    files: tuple[str, ...]
    read: Read

    def paths(self, folder: Path) -> list[Path] | None:
        """Return the paths of the files, or None where one is missing."""
        paths = [folder / file for file in self.files]
        return paths if all(map(is_file, paths)) else None


def layouts(name: str) -> tuple[Layout, ...]:
    """Return every known layout of a built-in set, in the order of search; digits has none."""
    return _LAYOUTS.get(name, ())


def spellings(name: str) -> list[str]:
    """Return a set's name as files are called: ``fashion-mnist`` and ``fashion_mnist``."""
    return list(dict.fromkeys((name, name.replace("-", "_"))))


def read_npz(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Return the arrays of a ``.npz`` file, those that are there."""
    (path,) = paths
    with npz.opened(path) as found:
        return {key: npz.read(found, key, path.name) for key in KEYS if key in found}


def read_idx_files(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Return the arrays of the four idx files, in the order of :data:`IDX_FILES`."""
    return {key: read_idx(path) for key, path in zip(KEYS, paths, strict=True)}


def _npz(name: str) -> list[Layout]:
    return [Layout((f"{spelling}.npz",), read_npz) for spelling in spellings(name)]


def _idx(name: str, torchvision: str) -> list[Layout]:
    # MNIST and Fashion-MNIST share file names: they need a folder of their own.
    folders = (*spellings(name), f"downloads/{name}", f"{torchvision}/raw")
    return [
        Layout(tuple(f"{folder}/{file}{ending}" for file in IDX_FILES), read_idx_files)
        for folder in folders
        for ending in (".gz", "")
    ]


def _cifar(name: str, dashed: str, binary: cifar.Version, python: cifar.Version) -> list[Layout]:
    """Return the layouts of CIFAR: the archive of either version, or its folder once unpacked.

    Keras calls both by the folder's name: ``<folder>.tar.gz`` (Keras 2), ``<folder>-target`` with
    ``<folder>`` inside and ``<folder>-target_archive`` (Keras 3).
    """
    unpacked = "cifar-100-python" if name == "cifar100" else f"{dashed}-batches-py"
    bins = "cifar-100-binary" if name == "cifar100" else f"{dashed}-batches-bin"
    archives = {f"{dashed}-binary.tar.gz": binary, f"{dashed}-python.tar.gz": python}
    found = [
        Layout((f"{folder}{file}",), version.from_archive)
        for folder in (f"{name}/", "", f"downloads/{name}/")
        for file, version in archives.items()
    ]
    found += [
        Layout(tuple(f"{inside}{folder}/{file}" for file in version.names), version.from_files)
        for folder, version in ((bins, binary), (unpacked, python))
        for inside in ("", f"{name}/", f"{folder}-target/", f"{folder}/")
    ]
    kept_by_keras = (".tar.gz", "-target_archive", "-target.tar.gz", "_archive")
    return found + [
        Layout((f"{unpacked}{ending}",), python.from_archive) for ending in kept_by_keras
    ]


_LAYOUTS = {
    "mnist": (*_npz("mnist"), *_idx("mnist", "MNIST")),
    "fashion-mnist": (*_npz("fashion-mnist"), *_idx("fashion-mnist", "FashionMNIST")),
    "cifar10": (
        *_npz("cifar10"),
        *_cifar("cifar10", "cifar-10", cifar.CIFAR10_BINARY, cifar.CIFAR10_PYTHON),
    ),
    "cifar100": (
        *_npz("cifar100"),
        *_cifar("cifar100", "cifar-100", cifar.CIFAR100_BINARY, cifar.CIFAR100_PYTHON),
    ),
}
