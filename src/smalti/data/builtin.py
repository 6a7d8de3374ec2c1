"""Built-in sets: found in the user's folder, in the cache, or downloaded; verified by content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from smalti.data import cache, npz
from smalti.data.arrays import Named, prepare
from smalti.data.cache_folders import is_file, writable_folder
from smalti.data.cache_writing import build
from smalti.data.dataset import Dataset
from smalti.data.downloads import DownloadError, fetch
from smalti.data.fingerprints import sha256
from smalti.data.labels import flat_labels
from smalti.data.layouts import read_npz, spellings
from smalti.data.pixels import as_array, as_pictures
from smalti.data.places import finds, folders
from smalti.data.published import PUBLISHED, Published
from smalti.data.splits import OFFICIAL_SPLIT, stratified
from smalti.data.superclasses import coarse
from smalti.errors import SmaltiError, log

DIGITS_SPLIT = "our own 60/20/20 split"


def load(name: str, image_size: int = 0, data_dir: Path | None = None) -> Dataset:
    """Return a built-in set with the parts it was published with (digits: our own fixed ones).

    Looked for as ``<name>.npz`` in ``data_dir`` (or ``SMALTI_DATA``) and in the cache's folder,
    then in the cache, then as the files that were published or that Keras and torchvision leave,
    and in the end at its official places.
    """
    published = PUBLISHED[name]
    if published.fine:
        return _coarse(published, load(published.fine, image_size, data_dir))
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
        arrays, stamp = _found(published, data_dir) or _fetched(published, data_dir)
        entry = _built(place, stamp, published, arrays, image_size)
    dataset = entry.dataset(name, name)
    return _digits_parts(dataset) if name == "digits" else dataset


def _coarse(published: Published, dataset: Dataset) -> Dataset:
    called = coarse(dataset, published.name)
    for part, given in called.parts.items():
        if sha256(given.labels.astype(np.uint8)) != published.arrays[f"y_{part}"]:
            raise SmaltiError(f"The superclasses of {published.name} are not as published.")
    return called


def _known(entry: cache.Entry | None, published: Published) -> cache.Entry | None:
    """Return an entry unless its record speaks of other content than was published."""
    own_size = entry and tuple(entry.record["image_shape"]) == published.image_shape
    known = published.fingerprint
    if entry and own_size and known and entry.record["fingerprint"] != known:
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
        for spelling in spellings(published.name):
            path = folder / f"{spelling}.npz"
            if published.archives and is_file(path):
                yield path


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


def _from_npz(path: Path, published: Published) -> Mapping[str, np.ndarray]:
    """Return the arrays of a user's file, or refuse it where its content is not the published."""
    arrays = _verified(read_npz([path]), published, path)
    log.info("%s: found in %s, its content verified.", published.name, path)
    return arrays


def _verified(
    arrays: Mapping[str, np.ndarray], published: Published, path: Path
) -> dict[str, np.ndarray]:
    for key in published.arrays:
        if key not in arrays:
            raise _other_content(path, published, f"it has no {key}")
    same = {key: _comparable(key, arrays[key]) for key in published.arrays}
    wrong = mismatch(published, same)
    if wrong:
        raise _other_content(path, published, f"its {wrong} differs")
    return same


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
    own = f"; to train on your own arrays, pass the path itself: {path}"
    return SmaltiError(
        f"{path} is not {published.name} as it was published: {reason}.",
        f"Replace or remove it{own if path.suffix == '.npz' else '.'}",
    )


def _found(
    published: Published, data_dir: Path | None
) -> tuple[Mapping[str, np.ndarray], dict[str, Any]] | None:
    """Return the arrays from files that lie somewhere already, or None.

    Wrong ones in the user's own folder are an error, those in other places are passed over.
    """
    for find in finds(published.name, data_dir):
        try:
            arrays = _verified(find.read(), published, find.path)
        except SmaltiError as error:
            if not find.place.left_by:
                raise
            log.warning("%s: passed over. %s", published.name, error.problem)
            continue
        whose = f", where {find.place.left_by} left it" if find.place.left_by else ""
        log.info("%s: found in %s%s; its content verified.", published.name, find.path, whose)
        return arrays, {"files": [str(path.resolve()) for path in find.paths]}
    return None


def _fetched(
    published: Published, data_dir: Path | None
) -> tuple[Mapping[str, np.ndarray], dict[str, Any]]:
    """Return the arrays from the published files, downloaded (digits: from scikit-learn)."""
    store = writable_folder() / "downloads" / published.name if published.archives else Path()
    try:
        paths = [fetch(archive, store) for archive in published.archives]
    except DownloadError as error:
        raise _out_of_reach(published, data_dir, error) from error
    arrays = published.decode(paths)
    wrong = mismatch(published, arrays)
    if wrong:
        where = f"The published files in {store} do" if paths else "scikit-learn does"
        raise SmaltiError(
            f"{where} not hold {published.name} as it was published: {wrong} differs.",
            "Delete the files and fetch them again." if paths else "Its release may have changed.",
        )
    return arrays, {"archives": [str(path) for path in paths]}


def _out_of_reach(published: Published, data_dir: Path | None, error: DownloadError) -> SmaltiError:
    name, place = published.name, folders(data_dir)[0]
    return SmaltiError(
        f"{name} is not on this machine and could not be downloaded ({error.reason}).",
        f"{error.hint and error.hint + ' '}Put {name}.npz (with x_train, y_train, x_test, y_test) "
        f"into {place}, or use digits, which needs no download.",
    )


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
