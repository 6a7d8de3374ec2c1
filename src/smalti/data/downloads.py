"""Published files are fetched from their official places and checked by SHA-256."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smalti.data.cache_folders import failed
from smalti.data.progress import Progress
from smalti.data.published import Archive
from smalti.errors import SmaltiError, log

if TYPE_CHECKING:
    from requests import RequestException

_TIMEOUT_SECONDS = 20


class DownloadError(SmaltiError):
    """A file could not be had from any of its places; ``reason`` says why of the first."""

    def __init__(self, archive: Archive, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Could not download {archive.file}: {reason}.")


def fetch(archive: Archive, folder: Path) -> Path:
    """Return the path of a published file in ``folder``, downloaded where it is not there yet.

    Each place is tried in turn; a file whose SHA-256 is another one is never kept.
    """
    from requests import RequestException

    reasons = []
    for url in archive.urls:
        try:
            return _retrieved(archive, url, folder)
        except RequestException as error:
            reasons.append(_network_reason(error, urlsplit(url).netloc))
        except ValueError:  # pooch's word for another checksum
            reasons.append(f"what {urlsplit(url).netloc} sent has another checksum than published")
        except OSError as error:
            raise failed(folder, error) from error
        log.info("%s: %s.", archive.file, reasons[-1])
    raise DownloadError(archive, reasons[0] if reasons else "no place is known to have it")


def _retrieved(archive: Archive, url: str, folder: Path) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    with _Progress(archive, urlsplit(url).netloc) as progress:
        downloader = pooch.HTTPDownloader(
            progressbar=progress, chunk_size=1 << 16, timeout=_TIMEOUT_SECONDS
        )
        path = pooch.retrieve(
            url,
            known_hash=f"sha256:{archive.sha256}",
            fname=archive.file,
            path=folder,
            downloader=downloader,
        )
    return Path(path)


def _network_reason(error: RequestException, host: str) -> str:
    from requests import HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"{host} answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, Timeout):
        return f"{host} did not answer within {_TIMEOUT_SECONDS} seconds"
    return f"no connection to {host}"


class _Progress(Progress):
    """The progress of a download, with what pooch asks of such an object."""

    def __init__(self, archive: Archive, host: str) -> None:
        super().__init__(archive.file, archive.size, in_bytes=True)
        self._host = host

    @property
    def total(self) -> int:
        """The size in bytes; pooch sets it when the server has answered."""
        return self.size

    @total.setter
    def total(self, size: int) -> None:
        self.size = size
        log.info("Downloading %s (%.1f MB) from %s", self.label, size / 1e6, self._host)
        self.start()
