"""The door to all data: a name, a path, arrays or a data set in; train, validation, test out."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from smalti.data import arrays, builtin, folders, npz
from smalti.data.dataset import Dataset
from smalti.data.pooling import check_pooling, divided_anew
from smalti.data.splits import DEFAULT_VALIDATION, check_split_options, with_parts
from smalti.errors import SmaltiError, log, nearest, unknown
from smalti.names import DATASETS

_PICTURE_HINT = "To classify pictures with a trained model: smalti predict RUN {path}"
_WRONG_KIND = {
    ".zip": "Unpack it first, then pass the folder.",
    ".tar": "Unpack it first, then pass the folder.",
    ".gz": "Unpack it first, then pass the folder.",
    ".tgz": "Unpack it first, then pass the folder.",
    ".npy": "Save pictures and labels together: np.savez('data.npz', x_train=x, y_train=y)",
    ".csv": "Save pictures and labels as arrays: np.savez('data.npz', x_train=x, y_train=y)",
    ".pkl": "Pickles can run code when loaded and are never read; save a .npz: "
    "np.savez('data.npz', x_train=x, y_train=y)",
    ".h5": "Save its arrays as a .npz: np.savez('data.npz', x_train=x, y_train=y)",
}


def load_data(
    source: Any,
    *,
    image_size: int = 0,
    validation: float = DEFAULT_VALIDATION,
    split_seed: int = 0,
    split: str = "",
    data_dir: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Return pictures and labels ready for training, in the parts train, validation and test.

    Args:
        source: A built-in name (``smalti data list``), the path of a folder of class folders or
            of a ``.npz`` file, arrays ``(x, y)`` or ``(x, y, x_test, y_test)``, a mapping of
            arrays with the names a ``.npz`` would have, or a data set: it is given back as it
            is, except that a missing validation part is cut, and with 0 added to train.
        image_size: Side in pixels that pictures are scaled and centre-cropped to. 0 means 64 for
            folders, and their own size for arrays.
        validation: What is cut from train, stratified: a fraction (0 ≤ v < 1) or a number of
            pictures. A given validation part is used as it is; with 0 there is none and all
            its pictures are in train. Data without a test part is split 80/10/10.
        split_seed: Decides which pictures are cut, and nothing else does.
        split: ``"80/10/10"`` pools every picture, those of given parts too, and divides all anew
            by these percent of train/validation/test, stratified; ``Dataset.split`` says that
            the test part is not the official one. Empty: the parts that the data come with.
        data_dir: A folder (may be read-only) with ``<name>.npz`` of built-in sets; ``None`` means
            ``SMALTI_DATA``; it may also be the ``root`` that torchvision was given. After it the
            cache is searched, then what Keras (``~/.keras``) and torchvision (``./data``) left;
            then they are downloaded.

    Raises:
        SmaltiError: The source is unknown, or its content cannot be used; says how to mend it.
        MachineError: A disk is full or a file cannot be read.
    """
    check_split_options(validation, split_seed)
    pooled = source.pooled if isinstance(source, Dataset) else ""
    if split or pooled:
        check_pooling(split or pooled, validation, split_seed)
    if isinstance(source, Dataset) and pooled and not split:
        return source
    dataset = load_given(source, image_size=image_size, data_dir=data_dir)
    if dataset is not source:
        dataset = replace(
            dataset, image_size=image_size, validation=validation, split_seed=split_seed
        )
    if split:
        return divided_anew(dataset, split, split_seed)
    return with_parts(dataset, validation, split_seed)


def load_given(
    source: Any, *, image_size: int = 0, data_dir: str | os.PathLike[str] | None = None
) -> Dataset:
    """Return what :func:`load_data` returns with the parts that the source gives: none is cut."""
    image_size = _checked_size(image_size)
    if isinstance(source, Dataset):
        return source
    if isinstance(source, Mapping):
        return arrays.in_memory(npz.from_mapping(source, "the mapping", image_size))
    if isinstance(source, tuple | list):
        return arrays.from_tuple(source, image_size)
    if isinstance(source, str):
        name = built_in_name(source)
        if name and Path(source).exists():
            log.info("%s is the built-in set; for the one here: ./%s", source, source)
        if name:
            return builtin.load(name, image_size, None if data_dir is None else Path(data_dir))
    if isinstance(source, str | os.PathLike):
        return _from_path(os.fspath(source), image_size)
    if isinstance(source, np.ndarray):
        raise SmaltiError(
            "Got one array; expected pictures and labels.", "Pass both: load_data((x, y))"
        )
    raise SmaltiError(
        f"Cannot load data from {type(source).__name__}; expected a built-in name, a path, "
        "(x, y) or (x, y, x_test, y_test).",
        f"Built-in: {', '.join(DATASETS)}.",
    )


def built_in_name(source: str) -> str | None:
    """Return the built-in set that is meant; capitals and ``_`` for ``-`` do not matter."""
    name = source.lower().replace("_", "-")
    return name if name in DATASETS else None


def _from_path(source: str, image_size: int) -> Dataset:
    if not source.strip() or "\0" in source:
        raise unknown("data set", source, DATASETS, "smalti data list")
    if "://" in source:
        raise SmaltiError(
            f"{source} is an address; expected a folder or a .npz file on this machine.",
            "Download it first. Only the built-in sets are fetched: " + ", ".join(DATASETS),
        )
    try:
        path = Path(source).expanduser()
        if path.is_dir():
            return folders.from_folder(path, source, image_size)
        exists = path.exists()
    except (OSError, RuntimeError) as error:  # too long, a ring of links, nobody's home
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise SmaltiError(f"{reprlib.repr(source)} is no usable path: {reason}.") from error
    if exists:
        return _from_file(path, source, image_size)
    if _looks_like_path(source):
        raise _no_such_path(path)
    raise unknown("data set, folder or file", source, DATASETS, "smalti data list")


def _from_file(path: Path, source: str, image_size: int) -> Dataset:
    if path.suffix.lower() == ".npz" and path.is_file():
        return npz.from_file(path, source, image_size)
    from smalti.data.pictures import SUFFIXES

    ending = path.suffix.lower()
    hint = _WRONG_KIND.get(".pkl" if ending in (".pickle", ".pt", ".pth") else ending, "")
    if ending in SUFFIXES:
        hint = _PICTURE_HINT.format(path=source)
    raise SmaltiError(
        f"{source} is a file of another kind; expected a folder of pictures or a .npz file.", hint
    )


def _looks_like_path(source: str) -> bool:
    return os.sep in source or "/" in source or bool(Path(source).suffix)


def _no_such_path(path: Path) -> SmaltiError:
    """Return the error for a path that is not there, with the nearest one that is."""
    folder = path.parent
    if path.is_symlink():
        return SmaltiError(f"{path} is a link that leads nowhere.", "Mend or remove it.")
    try:
        close = nearest(path.name, [entry.name for entry in folder.iterdir()])
    except OSError:
        close = None
    guess = f" Did you mean {folder / close}?" if close else ""
    where = "" if folder.exists() else f" The folder {folder} is not there either."
    return SmaltiError(
        f"There is no file or folder {path}.{guess}{where}",
        f"Built-in sets: {', '.join(DATASETS)}.",
    )


def _checked_size(image_size: int) -> int:
    whole = isinstance(image_size, int | np.integer) and not isinstance(image_size, bool)
    if not whole or not 0 <= image_size <= 4096:
        raise SmaltiError(
            f"image_size is {image_size!r}; expected a whole number of pixels from 1 to 4096, "
            "or 0 for the usual size."
        )
    return int(image_size)
