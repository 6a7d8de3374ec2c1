"""Downloads, from a server in this process: checked, never half kept, and told when impossible."""

from __future__ import annotations

import hashlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from smalti.data.downloads import DownloadError, fetch
from smalti.data.published import Archive
from smalti.errors import MachineError, SmaltiError

BODY = bytes(range(256)) * 2000


class Server:
    """Files served on 127.0.0.1, the paths asked for, and how each is answered."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.cut = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                body = outer.files.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if outer.cut else body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    started.files["/file.gz"] = BODY
    yield started
    started.close()


@pytest.fixture
def archive(server: Server) -> Callable[..., Archive]:
    def make(*paths: str, sha256: str = hashlib.sha256(BODY).hexdigest()) -> Archive:
        return Archive("file.gz", sha256, len(BODY), tuple(server.url + path for path in paths))

    return make


def nobody() -> str:
    """Return a URL at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/file.gz"


def test_a_file_is_fetched_once(
    server: Server, archive: Callable[..., Archive], tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    path = fetch(archive("/file.gz"), tmp_path / "downloads")
    assert path.read_bytes() == BODY
    assert "Downloading file.gz (0.5 MB) from 127.0.0.1" in said.text
    assert fetch(archive("/file.gz"), tmp_path / "downloads") == path
    assert server.asked == ["/file.gz"]


def test_a_damaged_file_that_is_there_is_fetched_again(
    archive: Callable[..., Archive], tmp_path: Path
) -> None:
    (tmp_path / "file.gz").write_bytes(BODY[:100])
    assert fetch(archive("/file.gz"), tmp_path).read_bytes() == BODY


def test_another_checksum_is_refused_and_nothing_is_kept(
    archive: Callable[..., Archive], tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match="has another checksum than published"):
        fetch(archive("/file.gz", sha256="0" * 64), tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "temporary"]


def test_a_transfer_that_breaks_off_keeps_nothing(
    server: Server, archive: Callable[..., Archive], tmp_path: Path
) -> None:
    server.cut = True
    with pytest.raises(DownloadError):
        fetch(archive("/file.gz"), tmp_path / "downloads")
    assert list((tmp_path / "downloads").iterdir()) == []


def test_the_next_place_is_tried(
    server: Server, archive: Callable[..., Archive], tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    wanted = archive("/lost.gz", "/file.gz")
    assert fetch(wanted, tmp_path).read_bytes() == BODY
    assert server.asked == ["/lost.gz", "/file.gz"]
    assert "answered 404" in said.text


def test_nowhere_to_be_had(tmp_path: Path) -> None:
    missing = Archive("file.gz", "0" * 64, 1, (nobody(), nobody()))
    with pytest.raises(DownloadError, match=r"Could not download file.gz: no connection to 127"):
        fetch(missing, tmp_path)


def test_a_host_that_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    archive = Archive("file.gz", "0" * 64, 1, ("https://data.invalid/file.gz",))
    with pytest.raises(DownloadError, match=r"no connection to data\.invalid"):
        fetch(archive, tmp_path)


def test_a_folder_that_cannot_be_written_is_the_machines_failure(
    archive: Callable[..., Archive], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="Could not write to the cache folder"):
        fetch(archive("/file.gz"), tmp_path / "file" / "downloads")


def test_a_terminal_sees_a_bar(
    archive: Callable[..., Archive],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    fetch(archive("/file.gz"), tmp_path)
    printed = capsys.readouterr()
    assert "file.gz" in printed.err
    assert "512.0/512.0 kB" in printed.err
    assert printed.out == ""


def test_a_pipe_sees_none(
    archive: Callable[..., Archive], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(archive("/file.gz"), tmp_path)
    assert capsys.readouterr() == ("", "")


def test_the_error_is_one_the_user_can_mend() -> None:
    assert issubclass(DownloadError, SmaltiError)
    assert not issubclass(DownloadError, MachineError)
