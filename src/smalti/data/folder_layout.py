"""What a folder of pictures holds: its classes, its parts and its files, nothing read yet.

Either class folders (``pets/cat/1.jpg``) or parts with class folders (``pets/train/cat/1.jpg``,
``pets/val/cat/9.jpg``). Hidden files are ignored, links that lead back up are not followed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from smalti.data.dataset import PARTS
from smalti.data.labels import natural
from smalti.data.pictures import SUFFIXES
from smalti.errors import SmaltiError, nearest
from smalti.files import unreadable
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

# What systems leave beside pictures without asking.
_LITTER = {"thumbs.db", "desktop.ini", "__macosx"}


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
    prefix = len(os.path.join(root, ""))  # noqa: PTH118 - the length with the separator
    classes: dict[str, None] = {}
    for part, folder in parts.items():
        for class_folder in _subfolders(folder):
            name = _text(class_folder.name)
            if part == "train":
                classes[name] = None
            for path, about in _walk(class_folder, above=(root, folder)):
                shown = _text(path[prefix:].replace(os.sep, "/"))
                line = f"{part}|{name}|{shown}|{about.st_size}|{about.st_mtime_ns}\n"
                digest.update(line.encode())
                reason = _foreign(path, about)
                if reason:
                    skipped.append((shown, reason))
                else:
                    files.append(PictureFile(path, shown, part, name))
    _check_files(root, files)
    return Listing(tuple(classes), tuple(files), tuple(skipped), digest.hexdigest())


def _parts(root: Path) -> dict[str, Path]:
    """Return the folders that hold class folders, by part; the root itself where it does."""
    subfolders = _subfolders(root)
    if not subfolders:
        raise _no_class_folders(root)
    parts: dict[str, Path] = {}
    for folder in subfolders:
        part = _PART_NAMES.get(folder.name.lower())
        if part and part in parts:
            raise SmaltiError(
                f"{root} has two {part} folders: {parts[part].name} and {folder.name}.",
                "Keep one of them.",
            )
        if part:
            parts[part] = folder
    ordered: dict[str, Path] = {part: parts[part] for part in PARTS if part in parts}
    if "train" in ordered and _subfolders(ordered["train"]):
        return ordered
    if len(ordered) == len(subfolders):
        raise _no_train_classes(root, ordered)
    return {"train": root}


def _beside(root: Path, parts: Mapping[str, Path]) -> list[tuple[str, str]]:
    """Return what lies where no class folder is: it belongs to no class."""
    beside = []
    for folder in parts.values():
        where = "" if folder == root else f"{_text(folder.name)}/"
        beside += [
            (where + _text(entry.name), "it lies outside the class folders")
            for entry in _entries(folder)
            if _is_picture(entry.name) and not _is_folder(entry)
        ]
    if parts["train"] != root:
        beside += [
            (_text(other.name), "a folder that is neither train, val nor test")
            for other in _subfolders(root)
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
    if inner.is_dir() and len(_subfolders(inner)) > 1:
        return SmaltiError(
            f"{root} holds a single folder, {name!r}, with the class folders inside it.",
            f"Use that one: {inner}",
        )
    return SmaltiError(
        f"{root} has pictures of one class only ({name!r}); a classifier needs at least two.",
        _layout_hint(root),
    )


def _no_class_folders(root: Path) -> SmaltiError:
    entries = list(_entries(root))
    pictures = sum(_is_picture(entry.name) for entry in entries)
    if pictures:
        held = plural(pictures, "picture")
        return SmaltiError(f"{root} holds {held}, but no class folders.", _layout_hint(root))
    archive = next((entry.name for entry in entries if entry.name.endswith(".npz")), None)
    if archive:
        return SmaltiError(
            f"{root} holds no class folders of pictures.", f"For its arrays: {root / archive}"
        )
    held = "is empty" if not entries else "holds no pictures"
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


def _walk(folder: Path, above: Sequence[Path]) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every file below a folder, natural order; each folder once, so that loops end."""
    seen = {_identity(path) for path in above}
    waiting = [os.fspath(folder)]
    while waiting:
        path = waiting.pop()
        identity = _identity(path)
        if identity in seen:
            continue
        seen.add(identity)
        deeper = []
        for entry in _entries(path):
            if _is_folder(entry):
                deeper.append(entry.path)
            else:
                yield entry.path, _about(entry)
        waiting.extend(reversed(deeper))


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    """Return what a folder holds in natural order, without hidden files and litter."""
    try:
        with os.scandir(folder) as found:
            entries = [
                entry
                for entry in found
                if not entry.name.startswith(".") and entry.name.lower() not in _LITTER
            ]
    except OSError as error:
        raise unreadable(Path(folder), error) from error
    return sorted(entries, key=lambda entry: natural(_text(entry.name)))


def _subfolders(folder: Path) -> list[Path]:
    return [Path(entry.path) for entry in _entries(folder) if _is_folder(entry)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in circles
        return False


def _about(entry: os.DirEntry[str]) -> os.stat_result:
    """Return what the system knows of a file; of the link itself where it leads nowhere."""
    try:
        return entry.stat()
    except OSError:
        return entry.stat(follow_symlinks=False)


def _identity(path: str | Path) -> tuple[int, int]:
    about = Path(path).stat()
    return about.st_dev, about.st_ino


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


def _text(name: str) -> str:
    """Return a file name as text that can be stored: composed accents, no undecodable bytes."""
    clean = os.fsencode(name).decode("utf-8", "replace")
    return unicodedata.normalize("NFC", clean)
