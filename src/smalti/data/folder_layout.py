"""What a folder of pictures holds: its classes, its parts and its files, nothing read yet.

Either class folders (``pets/cat/1.jpg``) or parts with class folders (``pets/train/cat/1.jpg``,
``pets/val/cat/9.jpg``). Hidden files are ignored, links that lead back up are not followed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from smalti.data.dataset import PARTS
from smalti.data.pictures import SUFFIXES
from smalti.data.walking import as_text, entries, is_folder, subfolders, walk
from smalti.errors import SmaltiError, nearest
from smalti.wording import plural

_PART_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class PictureFile:
    """A file in a class folder: where it is, and the part and class it belongs to."""

    path: str
    shown: str
    part: str
    class_name: str


@dataclass(frozen=True)
class Listing:
    """The pictures of a folder in their order: by part, class and name, 2 before 10.

    ``digest`` changes when a file is added, removed or written anew.
    """

    class_names: tuple[str, ...]
    files: tuple[PictureFile, ...]
    skipped: tuple[tuple[str, str], ...]
    digest: str


def listing(root: Path) -> Listing:
    """Return what a folder of pictures holds, or refuse a folder that is laid out otherwise."""
    parts = _parts(root)
    files, skipped = [], _beside(root, parts)
    digest = hashlib.sha256(repr(skipped).encode())
    for part, folder in parts.items():
        for class_folder in subfolders(folder):
            name = as_text(class_folder.name)
            for path, about in walk(class_folder, above=(root, folder)):
                shown = _shown(path, class_folder, folder, root)
                line = f"{part}|{name}|{shown}|{about.st_size}|{about.st_mtime_ns}\n"
                digest.update(line.encode())
                reason = _foreign(path, about)
                if reason:
                    skipped.append((shown, reason))
                else:
                    files.append(PictureFile(path, shown, part, name))
    _check_files(root, files)
    classes = dict.fromkeys(as_text(folder.name) for folder in subfolders(parts["train"]))
    return Listing(tuple(classes), tuple(files), tuple(skipped), digest.hexdigest())


def _shown(path: str, class_folder: Path, folder: Path, root: Path) -> str:
    """Return a path as it is told: from the root on, with slashes."""
    inside = path[len(os.fspath(class_folder)) + 1 :].replace(os.sep, "/")
    part = "" if folder == root else f"{folder.name}/"
    return as_text(f"{part}{class_folder.name}/{inside}")


def _parts(root: Path) -> dict[str, Path]:
    """Return the folders that hold class folders, by part; the root itself where it does."""
    found = subfolders(root)
    if not found:
        raise _no_class_folders(root)
    named: dict[str, list[Path]] = {part: [] for part in PARTS}
    for folder in found:
        if folder.name.lower() in _PART_NAMES:
            named[_PART_NAMES[folder.name.lower()]].append(folder)
    parts = {part: folders[0] for part, folders in named.items() if folders}
    if "train" not in parts or not subfolders(parts["train"]):
        if len(parts) == len(found):
            raise _no_train_classes(root, parts)
        return {"train": root}
    for part, folders in named.items():
        if len(folders) > 1:
            names = " and ".join(folder.name for folder in folders)
            raise SmaltiError(f"{root} has two {part} folders: {names}.", "Keep one of them.")
    return parts


def _beside(root: Path, parts: Mapping[str, Path]) -> list[tuple[str, str]]:
    """Return what lies where no class folder is: it belongs to no class."""
    beside = []
    for folder in parts.values():
        where = "" if folder == root else f"{as_text(folder.name)}/"
        beside += [
            (where + as_text(entry.name), "it lies outside the class folders")
            for entry in entries(folder)
            if _is_picture(entry.name) and not is_folder(entry)
        ]
    if parts["train"] != root:
        beside += [
            (as_text(other.name), "a folder that is neither train, val nor test")
            for other in subfolders(root)
            if other not in parts.values()
        ]
    return beside


def _check_files(root: Path, files: Sequence[PictureFile]) -> None:
    """Refuse folders without pictures, with one class, or with a class that train lacks."""
    if not files:
        raise SmaltiError(
            f"{root} has class folders, but no pictures in them.",
            f"Pictures are files with the endings {' '.join(sorted(SUFFIXES))}.",
        )
    names = list(dict.fromkeys(file.class_name for file in files if file.part == "train"))
    check_classes(root, names, files)
    if len(names) == 1:
        raise one_class(root, names[0])


def check_classes(root: Path, names: Sequence[str], files: Sequence[PictureFile]) -> None:
    """Refuse a class that has pictures in validation or test, but none in train."""
    known = set(names)
    for file in files:
        if file.class_name not in known:
            close = nearest(file.class_name, names)
            guess = f" Did you mean {close!r}?" if close else ""
            raise SmaltiError(
                f"The class {file.class_name!r} is in the {file.part} part of {root}, but train "
                f"has no picture of it.{guess}",
                "A classifier can only tell classes that it was trained on.",
            )


def one_class(root: Path, name: str) -> SmaltiError:
    """Return the error for a folder with a single class."""
    inner = root / name
    if inner.is_dir() and len(subfolders(inner)) > 1:
        return SmaltiError(
            f"{root} holds a single folder, {name!r}, with the class folders inside it.",
            f"Use that one: {inner}",
        )
    return SmaltiError(
        f"{root} has pictures of one class only ({name!r}); a classifier needs at least two.",
        _layout_hint(root),
    )


def _no_class_folders(root: Path) -> SmaltiError:
    held_entries = entries(root)
    pictures = sum(_is_picture(entry.name) for entry in held_entries)
    if pictures:
        held = plural(pictures, "picture")
        return SmaltiError(f"{root} holds {held}, but no class folders.", _layout_hint(root))
    archive = next((entry.name for entry in held_entries if entry.name.endswith(".npz")), None)
    if archive:
        return SmaltiError(
            f"{root} holds no class folders of pictures.", f"For its arrays: {root / archive}"
        )
    held = "is empty" if not held_entries else "holds no pictures"
    return SmaltiError(f"The folder {root} {held}.", _layout_hint(root))


def _no_train_classes(root: Path, parts: Mapping[str, Path]) -> SmaltiError:
    train = parts.get("train")
    if train is None:
        found = " and ".join(folder.name for folder in parts.values())
        return SmaltiError(
            f"{root} has {found}, but no train folder.", _layout_hint(root / "train")
        )
    return SmaltiError(f"{train} holds no class folders.", _layout_hint(train))


def _layout_hint(root: Path) -> str:
    return (
        f"Sort pictures into one folder for each class: {root / 'cat/1.jpg'}, {root / 'dog/1.jpg'}."
    )


def _foreign(path: str, about: os.stat_result) -> str:
    """Return why a file is not taken for a picture; empty where it is."""
    if stat.S_ISLNK(about.st_mode):
        return "a link that leads nowhere"
    if not stat.S_ISREG(about.st_mode):
        return "not a regular file"
    if not _is_picture(path):
        ending = PurePath(path).suffix
        return f"not a picture ending ({ending})" if ending else "it has no picture ending"
    return ""


def _is_picture(name: str) -> bool:
    return PurePath(name).suffix.lower() in SUFFIXES
