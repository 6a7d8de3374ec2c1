"""Going through folders: natural order, nothing hidden, links followed but not in circles."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from smalti.data.labels import natural
from smalti.files import unreadable

# What systems leave beside pictures without asking.
_LITTER = {"thumbs.db", "desktop.ini", "__macosx"}


def walk(folder: Path, above: Sequence[Path]) -> Iterator[tuple[str, os.stat_result]]:
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
        for entry in entries(path):
            if is_folder(entry):
                deeper.append(entry.path)
            else:
                yield entry.path, _about(entry)
        waiting.extend(reversed(deeper))


def entries(folder: str | Path) -> list[os.DirEntry[str]]:
    """Return what a folder holds in natural order, without hidden files and litter."""
    try:
        with os.scandir(folder) as found:
            visible = [
                entry
                for entry in found
                if not entry.name.startswith(".") and entry.name.lower() not in _LITTER
            ]
    except OSError as error:
        raise unreadable(Path(folder), error) from error
    return sorted(visible, key=lambda entry: natural(as_text(entry.name)))


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder in natural order; links to folders count."""
    return [Path(entry.path) for entry in entries(folder) if is_folder(entry)]


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or a link to one."""
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


def as_text(name: str) -> str:
    """Return a file name as text that can be stored: composed accents, no undecodable bytes."""
    clean = os.fsencode(name).decode("utf-8", "replace")
    return unicodedata.normalize("NFC", clean)
