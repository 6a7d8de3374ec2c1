"""Built-in sets: found in the user's folder, in the cache, or downloaded; verified by content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from smalti.data import cache, npz
from smalti.data.arrays import Named, prepare
from smalti.data.cache_folders import expanded, is_file, writable_folder
from smalti.data.cache_folders import folder as cache_folder
from smalti.data.cache_writing import build
from smalti.data.dataset import Dataset
from smalti.data.downloads import DownloadError, fetch
from smalti.data.fingerprints import sha256
from smalti.data.labels import flat_labels
from smalti.data.pixels import as_array, as_pictures
from smalti.data.published import PUBLISHED, Published
from smalti.data.splits import OFFICIAL_SPLIT, stratified
from smalti.errors import SmaltiError, log

DIGITS_SPLIT = "our own 60/20/20 split"


def load(name: str, image_size: int = 0, data_dir: Path | None = None) -> Dataset:
    """Return a built-in set with the parts it was published with (digits: our own fixed ones).

    Looked for as ``<name>.npz`` in ``data_dir`` (or ``SMALTI_DATA``) and in the cache's folder,
    then in the cache, then at its official places.
    """
    published = PUBLISHED[name]
    place = key(published, image_size)
    entry = _known(cache.find(place), published)
    path = next(iter(files(published, data_dir)), None)
    if path is not None:
        stamp = cache.file_stamp(path)
        if entry is None:
            entry = _built(place, stamp, published, _from_npz(path, published), image_size)
        elif entry.record["source"] != stamp:
            _from_npz(path, published)
            cache.restamp(entry, stamp)
    elif entry is None:
        arrays, stamp = _from_archives(published, data_dir)
        entry = _built(place, stamp, published, arrays, image_size)
    dataset = entry.dataset(name, name)
    return _digits_parts(dataset) if name == "digits" else dataset


def _known(entry: cache.Entry | None, published: Published) -> cache.Entry | None:
    """Return an entry unless its record speaks of other content than was published."""
    own_size = entry and tuple(entry.record["image_shape"]) == published.image_shape
    if entry and own_size and entry.record["fingerprint"] != published.fingerprint:
        log.warning("The cached copy in %s was changed: it is made again.", entry.path)
        return None
    return entry


def key(published: Published, image_size: int = 0) -> str:
    """Return the name of a set's cache entry; its own size and 0 are the same."""
    own = published.image_shape[:2] == (image_size, image_size)
    return cache.key_of(published.name, *published.arrays.values(), 0 if own else image_size)


def files(published: Published, data_dir: Path | None) -> Iterable[Path]:
    """Yield the ``.npz`` files that may hold a set, in the order of search."""
    for folder in folders(data_dir):
        for spelling in _spellings(published.name):
            path = folder / f"{spelling}.npz"
            if published.archives and is_file(path):
                yield path


def folders(data_dir: Path | None) -> list[Path]:
    """Return the folders where files may have been put: the user's own, then the cache's."""
    own = data_dir or os.environ.get("SMALTI_DATA") or None
    if own is None:
        return [cache_folder()]
    path = expanded(own)
    if not path.is_dir():
        named = "--data-dir" if data_dir else "SMALTI_DATA"
        found = "is no folder" if is_file(path) else "is not there"
        raise SmaltiError(
            f"The data folder {path} given with {named} {found}.",
            "Make it, correct the path, or leave it out: smalti then uses its cache.",
        )
    return [path, cache_folder()]


def mismatch(published: Published, arrays: Mapping[str, np.ndarray]) -> str:
    """Return the name of the first array that is not as published; empty where all are."""
    for name, expected in published.arrays.items():
        if name not in arrays or sha256(arrays[name]) != expected:
            return name
    return ""


def _built(
    place: str,
    stamp: Mapping[str, Any],
    published: Published,
    arrays: Mapping[str, np.ndarray],
    image_size: int,
) -> cache.Entry:
    """Decode verified arrays into the cache."""
    suffixes = {"train": "_train", "test": "_test"} if "x_test" in arrays else {"train": ""}
    parts = {
        part: Named(f"x{end}", arrays[f"x{end}"], f"y{end}", arrays[f"y{end}"])
        for part, end in suffixes.items()
    }
    prepared = prepare(parts, published.class_names, image_size)
    split = OFFICIAL_SPLIT if "test" in parts else DIGITS_SPLIT
    return build(
        place,
        stamp,
        prepared.image_shape,
        published.pictures,
        lambda writer: npz.written(prepared, writer, split),
    )


def _from_npz(path: Path, published: Published) -> dict[str, np.ndarray]:
    """Return the arrays of a user's file, or refuse it where its content is not the published."""
    arrays = {}
    with npz.opened(path) as found:
        for key in published.arrays:
            if key not in found:
                raise _other_content(path, published, f"it has no {key}")
            arrays[key] = _comparable(key, npz.read(found, key, path.name))
    wrong = mismatch(published, arrays)
    if wrong:
        raise _other_content(path, published, f"its {wrong} differs")
    log.info("%s: found in %s, its content verified.", published.name, path)
    return arrays


def _comparable(key: str, array: np.ndarray) -> np.ndarray:
    """Return pictures as N×H×W×C and labels as uint8, however the file holds them."""
    try:
        if key.startswith("x"):
            return as_pictures(as_array(array, key), key)
        labels = flat_labels(array, key)
    except SmaltiError:
        return np.zeros(0, np.uint8)  # nothing that could be as published
    fits = labels.dtype.kind == "i" and len(labels) and 0 <= labels.min() <= labels.max() < 256
    return labels.astype(np.uint8) if fits else np.zeros(0, np.uint8)


def _other_content(path: Path, published: Published, reason: str) -> SmaltiError:
    return SmaltiError(
        f"{path} is not {published.name} as it was published: {reason}.",
        f"Replace or remove it; to train on your own arrays, pass the path itself: {path}",
    )


def _from_archives(
    published: Published, data_dir: Path | None
) -> tuple[Mapping[str, np.ndarray], dict[str, Any]]:
    """Return the arrays from the published files, downloaded where they are nowhere to be found."""
    paths = archives_at_hand(published, data_dir)
    if paths is None:
        store = writable_folder() / "downloads" / published.name
        try:
            paths = [fetch(archive, store) for archive in published.archives]
        except DownloadError as error:
            raise _out_of_reach(published, data_dir, error) from error
    arrays = published.decode(paths)
    wrong = mismatch(published, arrays)
    if wrong:
        where = f"The published files in {paths[0].parent} do" if paths else "scikit-learn does"
        raise SmaltiError(
            f"{where} not hold {published.name} as it was published: {wrong} differs.",
            "Delete the files and fetch them again." if paths else "Its release may have changed.",
        )
    return arrays, {"archives": [str(path) for path in paths]}


def archives_at_hand(published: Published, data_dir: Path | None) -> list[Path] | None:
    """Return the paths of the published files where all are in one of the folders, else None.

    They may lie in the folder itself, in one called like the set, or where downloads are kept.
    """
    names = [archive.file for archive in published.archives]
    for folder in folders(data_dir):
        own = [folder / spelling for spelling in _spellings(published.name)]
        # Sets that share file names (MNIST, Fashion-MNIST) need a folder of their own.
        here = [folder] if len(names) == 1 else []
        for place in (*own, *here, folder / "downloads" / published.name):
            paths = [place / name for name in names]
            if all(map(is_file, paths)):
                return paths
    return None


def _out_of_reach(published: Published, data_dir: Path | None, error: DownloadError) -> SmaltiError:
    name, place = published.name, folders(data_dir)[0]
    return SmaltiError(
        f"{name} is not on this machine and could not be downloaded ({error.reason}).",
        f"Put {name}.npz (with x_train, y_train, x_test, y_test) into {place}, "
        "or use digits, which needs no download.",
    )


def _spellings(name: str) -> list[str]:
    return list(dict.fromkeys((name, name.replace("-", "_"))))


def _digits_parts(dataset: Dataset) -> Dataset:
    """Return digits in the fixed parts that smalti gives it: 60/20/20, stratified, by seed 0."""
    whole = dataset.part("train")
    fifth = -(-len(whole) // 5)
    everyone = np.arange(len(whole))
    test = stratified(whole.labels, fifth, seed=0, stream=1)
    rest = np.setdiff1d(everyone, test, assume_unique=True)
    validation = stratified(whole.labels, fifth, seed=0, stream=0, among=rest)
    train = np.setdiff1d(rest, validation, assume_unique=True)
    parts = {"train": train, "validation": validation, "test": test}
    return replace(dataset, parts={name: whole.only(chosen) for name, chosen in parts.items()})
