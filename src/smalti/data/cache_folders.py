"""Where the cache is: its folder, what stands in for one that is read-only, and a full disk."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from smalti.errors import MachineError, log

_BUILDING = ".building-"
_ABANDONED_SECONDS = 86_400
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def folder() -> Path:
    """Return the cache folder: ``SMALTI_CACHE``, or the platform's."""
    chosen = os.environ.get("SMALTI_CACHE")
    if chosen:
        return expanded(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("smalti")


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with ``~`` replaced by the home folder, where there is one."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def is_file(path: Path) -> bool:
    """Return whether a file is there; in a folder that may not be searched, it is not."""
    try:
        return path.is_file()
    except OSError:
        return False


def readable_folders() -> list[Path]:
    """Return the folders where entries may be: the cache, and what stood in for it earlier."""
    instead = _temporary_folder()
    return [folder(), *([instead] if _is_ours(instead) else [])]


def new_folder() -> Path:
    """Return a new folder to build in: in the cache, or where that is not possible, elsewhere."""
    root = folder()
    try:
        return _new_folder_in(root)
    except OSError as error:
        if error.errno in _FULL:
            raise failed(root, error) from error
        reason = error.strerror
    try:
        instead = _new_temporary_folder()
        place = _new_folder_in(instead)
    except OSError as error:
        raise failed(root, error) from error
    _say_once(
        f"The cache folder {root} cannot be written to ({reason}); {instead} is used instead. "
        "Set SMALTI_CACHE to a folder of your own to choose another."
    )
    return place


def writable_folder() -> Path:
    """Return the cache folder, or what stands in for it where it cannot be written to."""
    place = new_folder()
    place.rmdir()
    return place.parent


def _new_folder_in(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    sweep(root.glob(f"{_BUILDING}*"))
    place = root / (_BUILDING + secrets.token_hex(4))
    place.mkdir()
    return place


def sweep(paths: Iterable[Path]) -> None:
    """Remove what nobody has written to for a day: killed processes left it."""
    for path in paths:
        try:
            newest = max(place.lstat().st_mtime for place in (path, *path.glob("*")))
        except OSError:
            continue
        if time.time() - newest < _ABANDONED_SECONDS:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _temporary_folder() -> Path:
    """Return the folder in the system's temporary one that stands in for the cache."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"smalti-cache-{user}"


def _is_ours(path: Path) -> bool:
    """Return whether a folder in a place where all may write is this user's alone."""
    try:
        about = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and (
        not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)
    )


def _new_temporary_folder() -> Path:
    """Make the folder that stands in for the cache; another one where a stranger holds its name."""
    path = _temporary_folder()
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    return path if _is_ours(path) else Path(tempfile.mkdtemp(prefix=f"{path.name}-"))


@cache
def _say_once(text: str) -> None:
    log.warning("%s", text)


def check_space(place: Path, needed: int) -> None:
    """Refuse work whose result (``needed`` bytes) cannot fit on the disk."""
    free = shutil.disk_usage(place).free
    if needed > free:
        raise MachineError(
            f"The decoded pictures need {needed / 1e6:,.1f} MB, but only {free / 1e6:,.1f} MB are "
            f"free on the disk with the cache folder {place.parent}.",
            "Free some space, or set SMALTI_CACHE to a folder on a larger disk.",
        )


def failed(root: Path, error: OSError) -> MachineError:
    """Return the error for a cache folder that could not be written to."""
    if error.errno in _FULL:
        return MachineError(
            f"The disk with the cache folder {root} is full.",
            "Free some space, or set SMALTI_CACHE to a folder on a larger disk.",
        )
    return MachineError(
        f"Could not write to the cache folder {root}: {error.strerror or error}.",
        "Set SMALTI_CACHE to a folder that can be written to.",
    )
