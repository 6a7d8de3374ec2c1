"""Downloads, from a server in this process: checked, never half kept, and told when impossible."""

from __future__ import annotations

import hashlib
import os
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
    """Files served on 127.0.0.1, what was asked for, and how each request is answered.

    ``cuts`` are the numbers of bytes after which the next answers break off; ``ranges`` says
    whether a part of a file can be had.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.ranges_asked: list[str | None] = []
        self.cuts: list[int] = []
        self.ranges = True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                wanted = self.headers.get("Range")
                outer.ranges_asked.append(wanted)
                body = outer.files.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
                if not outer.ranges:
                    start = 0
                if start >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206 if start else 200)
                if start:
                    end = len(body) - 1
                    self.send_header("Content-Range", f"bytes {start}-{end}/{len(body)}")
                self.send_header("Content-Length", str(len(body) - start))
                if "gzip" in self.headers.get("Accept-Encoding", ""):
                    self.send_header("Content-Encoding", "gzip")
                self.end_headers()
                rest = body[start:]
                self.wfile.write(rest[: outer.cuts.pop(0)] if outer.cuts else rest)

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
    server: Server, archive: Callable[..., Archive], tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match="has another checksum than published") as caught:
        fetch(archive("/file.gz", sha256="0" * 64), tmp_path / "downloads")
    assert list((tmp_path / "downloads").iterdir()) == []
    assert caught.value.kept == 0
    assert len(server.asked) == 1


def test_a_transfer_that_breaks_off_is_resumed_at_once(
    server: Server, archive: Callable[..., Archive], tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    server.cuts = [100_000, 200_000]
    assert fetch(archive("/file.gz"), tmp_path / "downloads").read_bytes() == BODY
    assert server.ranges_asked == [None, "bytes=100000-", "bytes=300000-"]
    assert "Continuing file.gz at 0.3 of 0.5 MB from 127.0.0.1" in said.text
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == ["file.gz"]


def test_what_arrived_is_kept_for_the_next_call(
    server: Server, archive: Callable[..., Archive], tmp_path: Path
) -> None:
    server.cuts = [100_000, 0]
    with pytest.raises(DownloadError, match=r"broke off after 0\.1 of 0\.5 MB") as caught:
        fetch(archive("/file.gz"), tmp_path / "downloads")
    assert caught.value.hint == "0.1 MB of it are kept: the same command goes on from there."
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == ["file.gz.part"]
    assert fetch(archive("/file.gz"), tmp_path / "downloads").read_bytes() == BODY
    assert server.ranges_asked[-1] == "bytes=100000-"


def test_a_place_that_keeps_breaking_off_is_left(
    server: Server, archive: Callable[..., Archive], tmp_path: Path
) -> None:
    server.cuts = [1000] * 100
    with pytest.raises(DownloadError, match=r"broke off after 0\.0 of 0\.5 MB"):
        fetch(archive("/file.gz"), tmp_path / "downloads")
    assert len(server.asked) == 4


def test_the_mirror_goes_on_where_the_first_place_broke_off(
    server: Server, archive: Callable[..., Archive], tmp_path: Path
) -> None:
    server.files["/mirror.gz"] = BODY
    server.cuts = [100_000, 0]
    wanted = archive("/file.gz", "/mirror.gz")
    assert fetch(wanted, tmp_path / "downloads").read_bytes() == BODY
    assert server.asked == ["/file.gz", "/file.gz", "/mirror.gz"]
    assert server.ranges_asked[-1] == "bytes=100000-"


def test_a_server_without_ranges_starts_anew(
    server: Server, archive: Callable[..., Archive], tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    server.cuts, server.ranges = [100_000], False
    assert fetch(archive("/file.gz"), tmp_path / "downloads").read_bytes() == BODY
    assert server.ranges_asked == [None, "bytes=100000-"]
    assert "Continuing" not in said.text


@pytest.mark.parametrize(
    "left", [b"?" * 1000, BODY[:-1] + b"?", BODY + b"?", BODY[:5] + b"?" * (len(BODY) - 5)]
)
def test_a_wrong_beginning_from_earlier_is_given_up(
    left: bytes, archive: Callable[..., Archive], tmp_path: Path
) -> None:
    (tmp_path / "file.gz.part").write_bytes(left)
    assert fetch(archive("/file.gz"), tmp_path).read_bytes() == BODY


def test_a_whole_part_from_earlier_needs_no_transfer(
    server: Server, archive: Callable[..., Archive], tmp_path: Path
) -> None:
    (tmp_path / "file.gz.part").write_bytes(BODY)
    assert fetch(archive("/file.gz"), tmp_path).read_bytes() == BODY
    assert server.asked == []


def test_a_place_whose_file_is_shorter_than_the_part_is_asked_for_all_of_it(
    server: Server, archive: Callable[..., Archive], tmp_path: Path
) -> None:
    server.files |= {"/short.gz": BODY[:500]}
    (tmp_path / "file.gz.part").write_bytes(BODY[:1000])
    assert fetch(archive("/short.gz", "/file.gz"), tmp_path).read_bytes() == BODY


def test_wrong_bytes_send_us_to_the_mirror(
    server: Server, archive: Callable[..., Archive], tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    server.files |= {"/wrong.gz": BODY[::-1], "/long.gz": BODY * 3}
    wanted = archive("/wrong.gz", "/long.gz", "/file.gz")
    assert fetch(wanted, tmp_path / "downloads").read_bytes() == BODY
    host = server.url.removeprefix("http://")
    line = f"file.gz: what {host} sent has another checksum than published; trying {host}."
    assert said.text.count(line) == 2
    assert server.asked == ["/wrong.gz", "/long.gz", "/file.gz"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")
def test_a_part_that_another_process_writes_is_left_alone(
    archive: Callable[..., Archive], tmp_path: Path
) -> None:
    import fcntl

    with (tmp_path / "file.gz.part").open("wb") as other:
        other.write(b"theirs")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)
        assert fetch(archive("/file.gz"), tmp_path).read_bytes() == BODY
        assert (tmp_path / "file.gz.part").read_bytes() == b"theirs"
    assert len(list(tmp_path.glob("*.part"))) == 1


def test_the_next_place_is_tried(
    server: Server, archive: Callable[..., Archive], tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    wanted = archive("/lost.gz", "/file.gz")
    assert fetch(wanted, tmp_path).read_bytes() == BODY
    assert server.asked == ["/lost.gz", "/file.gz"]
    host = server.url.removeprefix("http://")
    assert f"file.gz: {host} answered 404 Not Found; trying {host}." in said.text


def test_nowhere_to_be_had(tmp_path: Path) -> None:
    missing = Archive("file.gz", "0" * 64, 1, (nobody(), nobody()))
    with pytest.raises(DownloadError, match=r"Could not download file.gz: no connection to 127"):
        fetch(missing, tmp_path / "downloads")
    assert list((tmp_path / "downloads").iterdir()) == []


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
