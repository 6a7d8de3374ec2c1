"""HDF5 files looked through before Keras sees them, and copied without what they should not hold.

Runs in the child. What is copied are plain numbers under the names of plain groups: no links, no
data in other files, no references, no attributes but those that are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from smalti.classifier.keras.config import unsafe_path
from smalti.errors import SmaltiError

LARGEST = 4 << 30
"""Bytes of weights that are taken; the largest classifiers for small images have a tenth of it."""

_ENTRIES = 100_000
_DEEPEST = 64
_NUMBERS = "fiub"
_UNPACKED_FREELY = 64 << 20
_RATIO = 100


def walk(group: Any, file: str, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield (path, group or dataset) below a group; whatever is unsafe is a SmaltiError."""
    import h5py

    if depth > _DEEPEST:
        raise SmaltiError(f"{file} holds groups within groups more than {_DEEPEST} deep.")
    for name in group:
        inner = f"{path}/{name}" if path else name
        if unsafe_path(name) or name == ".":
            raise SmaltiError(
                f"{file} holds an entry whose name leads out of its folder ({inner!r:.60})."
            )
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            kind = "another file" if isinstance(link, h5py.ExternalLink) else "another place"
            raise SmaltiError(f"{file} holds a link to {kind} ({inner!r:.60}), not weights.")
        entry = group[name]
        if isinstance(entry, h5py.Group):
            yield inner, entry
            yield from walk(entry, file, inner, depth + 1)
        elif isinstance(entry, h5py.Dataset):
            _check_dataset(entry, inner, file)
            yield inner, entry
        else:
            raise SmaltiError(f"{file} holds {inner!r:.60}, which is no array.")


def _check_dataset(entry: Any, path: str, file: str) -> None:
    if entry.external or entry.is_virtual:
        raise SmaltiError(f"{file} keeps its data in another file ({path!r:.60}).")
    if entry.dtype.kind not in _NUMBERS:
        raise SmaltiError(f"{file} holds {path!r:.60}, which is not numbers ({entry.dtype}).")


def check_sizes(root: Any, file: str, size: int) -> None:
    """Refuse a file whose arrays would unpack to far more than the ``size`` bytes that it has."""
    import h5py

    total = 0
    for count, (_, entry) in enumerate(walk(root, file), 1):
        total += entry.nbytes if isinstance(entry, h5py.Dataset) else 0
        if count > _ENTRIES:
            raise SmaltiError(f"{file} holds more than {_ENTRIES:,} entries.")
    check_expansion(total, size, file)


def check_expansion(total: int, size: int, file: str) -> None:
    """Refuse ``total`` bytes out of a file of ``size`` bytes where that is a bomb or too large."""
    if total > _UNPACKED_FREELY and total > _RATIO * max(size, 1):
        raise SmaltiError(
            f"{file} is an archive bomb: {_megabytes(size)} that unpack to {_megabytes(total)}."
        )
    if total > LARGEST:
        raise SmaltiError(
            f"{file} holds {_megabytes(total)} of weights; smalti takes up to "
            f"{_megabytes(LARGEST)}."
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def copy_weights(source: Any, target: Path, file: str) -> None:
    """Copy a ``model.weights.h5``: its tree of groups and arrays as it stands."""
    import h5py

    with h5py.File(target, "w") as copy:
        for path, entry in walk(source, file):
            if isinstance(entry, h5py.Group):
                copy.require_group(path)
            else:
                copy.create_dataset(path, data=entry[()])


def copy_model(source: Any, target: Path, file: str, config: str, version: str) -> None:
    """Copy a whole-model ``.h5`` with another config; Keras goes by the order of the layers."""
    import h5py

    weights = source.get("model_weights")
    if not isinstance(weights, h5py.Group):
        raise SmaltiError(f"{file} holds a model without weights.")
    with h5py.File(target, "w") as copy:
        # As text of variable length, which may be longer than the 64 kB of an attribute.
        copy.attrs["model_config"] = config
        copy.attrs["keras_version"] = version
        group = copy.create_group("model_weights")
        group.attrs["keras_version"] = version
        names = _texts(weights, "layer_names", file)
        _write_texts(group, "layer_names", [str(number) for number in range(len(names))])
        for number, name in enumerate(names):
            _copy_layer(_inner(weights, name, file), group.create_group(str(number)), file)
        if "top_level_model_weights" in weights:
            inner = group.create_group("top_level_model_weights")
            _copy_layer(weights["top_level_model_weights"], inner, file)


def _copy_layer(source: Any, target: Any, file: str) -> None:
    import h5py

    names = _texts(source, "weight_names", file)
    _write_texts(target, "weight_names", [str(number) for number in range(len(names))])
    for number, name in enumerate(names):
        entry = _inner(source, name, file)
        if not isinstance(entry, h5py.Dataset):
            raise SmaltiError(f"{file} is damaged: {name!r:.60} is no array.")
        target.create_dataset(str(number), data=entry[()])


def _inner(group: Any, name: str, file: str) -> Any:
    if unsafe_path(name):
        raise SmaltiError(f"{file} has a layer whose name leads out of its folder ({name!r:.60}).")
    if name not in group:
        raise SmaltiError(f"{file} is damaged: the weights {name!r:.60} are missing.")
    return group[name]


def text(value: Any) -> str:
    """Return an attribute's text; older versions store bytes."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _texts(group: Any, name: str, file: str) -> list[str]:
    """Return a list of names, which Keras divides over several attributes where it is long."""
    pieces = [group.attrs[name]] if name in group.attrs else []
    while f"{name}{len(pieces)}" in group.attrs and name not in group.attrs:
        pieces.append(group.attrs[f"{name}{len(pieces)}"])
    if not pieces:
        raise SmaltiError(f"{file} is damaged: a group lists no {name}.")
    names = [text(entry) for piece in pieces for entry in np.atleast_1d(piece)]
    if len(set(names)) < len(names):
        # Each is copied: a small array listed a thousand times would fill the disk.
        raise SmaltiError(f"{file} is damaged: its {name} repeat themselves.")
    return names


def _write_texts(group: Any, name: str, values: list[str]) -> None:
    group.attrs[name] = np.array(values, dtype="S") if values else np.zeros(0, "S1")
