"""Published files are fetched from their known places, resumed where they broke off, and checked.

A transfer is written to ``<file>.part``, which outlives it: the next attempt, at the same place or
another, asks for the rest only (HTTP Range, RFC 9110). Only SHA-256 makes a file of it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from smalti.data.cache_folders import failed, is_file
from smalti.data.progress import Progress
from smalti.data.published import Archive
from smalti.errors import SmaltiError, log

if TYPE_CHECKING:
    from requests import RequestException, Response

_TIMEOUT_SECONDS = 20
_CHUNK = 1 << 16
_RESUMES = 3
"""How often one place is asked for the rest, before the next place is."""


class DownloadError(SmaltiError):
    """A file could not be had from any of its places; ``reason`` says why of each.

    ``kept`` is the number of bytes that arrived and that the next attempt goes on from.
    """

    def __init__(self, archive: Archive, reason: str, kept: int = 0) -> None:
        self.reason = reason
        self.kept = kept
        super().__init__(
            f"Could not download {archive.file}: {reason}.",
            f"{kept / 1e6:.1f} MB of it are kept: the same command goes on from there."
            if kept
            else "",
        )


class _Refused(Exception):
    """A place cannot help; the text says why."""


class _BrokeOff(_Refused):
    """A transfer ended early; asking again for the rest may help."""


def fetch(archive: Archive, folder: Path) -> Path:
    """Return the path of a published file in ``folder``, downloaded where it is not there yet.

    Each place is tried in turn; a file whose SHA-256 is another one is never kept.
    """
    path = folder / archive.file
    try:
        if _is_whole(path, archive):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        with _part(path) as part:
            # Another process may have finished it while this one opened its part.
            if not _is_whole(path, archive):
                _complete(archive, part)
                _rename(part, path)
    except OSError as error:
        raise failed(folder, error) from error
    return path


def _is_whole(path: Path, archive: Archive) -> bool:
    return is_file(path) and _sha256(path) == archive.sha256


def _complete(archive: Archive, part: IO[bytes]) -> None:
    """Try every place in turn, and say why where the next one is tried."""
    reasons: list[str] = []
    for place, url in enumerate(archive.urls):
        reason = _tried(archive, url, part)
        if not reason:
            return
        reasons.append(reason)
        if place + 1 < len(archive.urls):
            log.info("%s: %s; trying %s.", archive.file, reason, _host(archive.urls[place + 1]))
    said = "; ".join(dict.fromkeys(reasons)) or "no place is known to have it"
    raise DownloadError(archive, said, _kept(part))


@contextmanager
def _part(path: Path) -> Iterator[IO[bytes]]:
    """Open the file of what has arrived so far; another one where a second process writes to it."""
    shared = path.with_name(f"{path.name}.part")
    part = shared.open("a+b")
    if not _locked(part):
        part.close()
        part = path.with_name(f"{path.name}.{os.getpid()}.part").open("a+b")
    try:
        with part:
            yield part
    finally:
        left = Path(part.name)
        if is_file(left) and (left != shared or not left.stat().st_size):
            left.unlink()


def _rename(part: IO[bytes], path: Path) -> None:
    if os.name == "nt":  # Windows renames no open file; elsewhere the lock is kept until it is done
        part.close()
    Path(part.name).replace(path)


def _locked(part: IO[bytes]) -> bool:
    """Return whether this process may write to the file alone, as far as the system can tell."""
    try:
        import fcntl
    except ImportError:  # Windows: two at once spoil the file, which its checksum then shows
        return True
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _kept(part: IO[bytes]) -> int:
    return part.seek(0, 2)


def _tried(archive: Archive, url: str, part: IO[bytes]) -> str:
    """Complete the file from one place; return why that was not possible, or nothing."""
    for attempt in range(1 + _RESUMES):
        start = _kept(part)
        try:
            _transfer(archive, url, part)
        except _BrokeOff as error:
            if attempt == _RESUMES or _kept(part) <= start:
                return str(error)
            log.debug("%s: %s", archive.file, error)
            continue
        except _Refused as error:
            return str(error)
        if _part_sha256(part) == archive.sha256:
            return ""
        part.truncate(0)
        if not start:
            return f"what {_host(url)} sent has another checksum than published"
        # What was there before may have been the wrong part: once more from the beginning.
    return f"what {_host(url)} sent has another checksum than published"


def _transfer(archive: Archive, url: str, part: IO[bytes]) -> None:
    """Append the missing rest of the file, or all of it where the server sends nothing less."""
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    start = _kept(part)
    if start == archive.size:
        return  # only its checksum was not looked at yet
    if start > archive.size:
        part.truncate(0)
        start = 0
    try:
        with _asked(url, start) as response:
            if start and not _continues(response, start):
                part.truncate(0)
                start = 0
            _say(archive, url, start)
            _append(response, archive, part)
    except RequestException as error:
        raise _Refused(_reason(error, _host(url))) from error
    except HTTPError as error:
        _require_all(archive, url, part, error)
    _require_all(archive, url, part)


def _asked(url: str, start: int) -> Response:
    """Ask for the file from the byte ``start`` on; anything but an answer with content raises."""
    import requests

    # Without identity, a server may pack the file once more, and bytes would not be bytes.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    response = requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS)
    if start and response.status_code == 416:  # it has fewer bytes than are here
        response.close()
        return _asked(url, 0)
    try:
        response.raise_for_status()
    except requests.RequestException:
        response.close()
        raise
    return response


def _continues(response: Response, start: int) -> bool:
    """Return whether the answer is the rest, from this byte on, and not the whole file."""
    given = response.headers.get("Content-Range", "")
    return response.status_code == 206 and given.startswith(f"bytes {start}-")


def _append(response: Response, archive: Archive, part: IO[bytes]) -> None:
    with Progress(archive.file, archive.size, in_bytes=True) as progress:
        progress.start()
        progress.update(_kept(part))
        for piece in response.raw.stream(_CHUNK, decode_content=False):
            part.write(piece)
            progress.update(len(piece))
            if part.tell() > archive.size:
                return  # never the published file: no need to see the end
        part.flush()


def _require_all(
    archive: Archive, url: str, part: IO[bytes], cause: Exception | None = None
) -> None:
    part.flush()
    arrived = _kept(part)
    if arrived < archive.size:
        megabytes = f"{arrived / 1e6:.1f} of {archive.size / 1e6:.1f} MB"
        raise _BrokeOff(f"{_host(url)} broke off after {megabytes}") from cause


def _say(archive: Archive, url: str, start: int) -> None:
    size = f"{archive.size / 1e6:.1f} MB"
    if start:
        log.info("Continuing %s at %.1f of %s from %s", archive.file, start / 1e6, size, _host(url))
    else:
        log.info("Downloading %s (%s) from %s", archive.file, size, _host(url))


def _reason(error: RequestException, host: str) -> str:
    from requests import HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"{host} answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, Timeout):
        return f"{host} did not answer within {_TIMEOUT_SECONDS} seconds"
    return f"no connection to {host}"


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_sha256(part: IO[bytes]) -> str:
    part.seek(0)
    return hashlib.file_digest(part, "sha256").hexdigest()  # type: ignore[arg-type]
