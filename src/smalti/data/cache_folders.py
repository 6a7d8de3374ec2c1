"""Where the cache is: its folder, what stands in for one that is read-only, and a full disk."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from smalti.errors import MachineError, log

_BUILDING, _REPLACED = ".building-", ".replaced-"
_ABANDONED_SECONDS = 86_400
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def folder() -> Path:
    """Return the cache folder: ``SMALTI_CACHE``, or the platform's."""
    chosen = os.environ.get("SMALTI_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("smalti")


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
    _sweep(root)
    place = root / (_BUILDING + secrets.token_hex(4))
    place.mkdir()
    return place


def _sweep(root: Path) -> None:
    """Remove what killed processes left half-built, a day ago or earlier."""
    for left in root.glob(".*-*"):
        if left.name.startswith((_BUILDING, _REPLACED)):
            try:
                old = time.time() - left.stat().st_mtime > _ABANDONED_SECONDS
            except OSError:
                continue
            if old:
                shutil.rmtree(left, ignore_errors=True)


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
            f"The decoded pictures need {needed / 1e6:,.0f} MB, but only {free / 1e6:,.0f} MB are "
            f"free in the cache folder {place.parent}.",
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


def install(place: Path, target: Path) -> Path:
    """Rename a finished folder to its place; an older entry there is moved out of the way."""
    for _ in range(100):
        try:
            return place.rename(target)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.EACCES}:
                raise
        aside = target.with_name(_REPLACED + secrets.token_hex(4))
        try:
            target.rename(aside)
        except FileNotFoundError:
            continue  # another process moved it first
        shutil.rmtree(aside, ignore_errors=True)
    raise OSError(errno.EBUSY, "other processes keep replacing the cache entry")
