"""Cache entries: mapped, whole or not there, made again when damaged, safe under many writers."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from smalti.data import cache, cache_folders, cache_writing
from smalti.data.cache_writing import Content
from smalti.data.image_writer import ImageWriter
from smalti.errors import MachineError
from tests.support import CLASS_NAMES, shapes

IMAGES, LABELS = shapes(30)
STAMP = {"path": "somewhere", "bytes": 3}


def fill(writer: ImageWriter) -> Content:
    writer.append(IMAGES[:20])
    writer.append(IMAGES[20:])
    return Content(CLASS_NAMES, LABELS, {"train": 20, "test": 10}, "given split")


def build(
    fill: Callable[[ImageWriter], Content] = fill, stamp: dict[str, object] = STAMP
) -> cache.Entry:
    return cache_writing.build("tiny-0", stamp, (12, 12, 1), 30, fill)


def test_what_was_built_is_found() -> None:
    assert cache.find("tiny-0") is None
    build()
    entry = cache.find("tiny-0", STAMP)
    assert entry is not None
    assert (entry.images == IMAGES).all()
    assert (entry.labels == LABELS).all()
    data = entry.dataset("tiny", "typed")
    assert {name: part.rows.tolist() for name, part in data.parts.items()} == {
        "train": list(range(20)),
        "test": list(range(20, 30)),
    }
    assert data.parts["train"].images is data.parts["test"].images
    assert (data.name, data.source, data.split) == ("tiny", "typed", "given split")


def test_another_stamp_is_another_source() -> None:
    build()
    assert cache.find("tiny-0", {**STAMP, "bytes": 4}) is None


def test_the_record_tells_fingerprint_size_and_time() -> None:
    record = build().record
    assert len(record["fingerprint"]) == 64
    assert record["files"]["images"][1] == 128 + IMAGES.nbytes
    assert record["source"] == STAMP
    assert record["class_names"] == list(CLASS_NAMES)
    assert record["seconds"] >= 0
    assert record["made"].startswith("20")


def test_pictures_are_mapped_and_pytorch_does_not_mind(own_cache: Path) -> None:
    import torch

    build()
    entry = cache.find("tiny-0")
    assert entry is not None
    base = entry.images
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = torch.from_numpy(entry.images)
    tensor[0] = 77  # copy-on-write: the file stays as it is
    assert (np.load(array_file(own_cache / "tiny-0")) == IMAGES).all()


def test_nothing_half_built_is_left_behind(own_cache: Path) -> None:
    def break_off(writer: ImageWriter) -> Content:
        writer.append(IMAGES)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(break_off)
    assert list(own_cache.iterdir()) == []


def test_what_a_killed_process_left_is_swept_a_day_later(own_cache: Path) -> None:
    old, young = own_cache / ".building-1234", own_cache / ".building-5678"
    for place in (old, young):
        place.mkdir(parents=True)
        (place / "images.npy").touch()
    busy = own_cache / ".building-9abc"
    shutil.copytree(young, busy)
    yesterday = time.time() - 100_000
    for path in (old, old / "images.npy", busy):
        os.utime(path, (yesterday, yesterday))
    build()
    assert not old.exists()
    assert young.exists()
    assert busy.exists()


def test_content_must_fit_the_pictures_written() -> None:
    def short(writer: ImageWriter) -> Content:
        writer.append(IMAGES)
        return Content(CLASS_NAMES, LABELS[:5], {"train": 5}, "given split")

    with pytest.raises(ValueError, match="as many pictures as were written"):
        build(short)


def array_file(entry: Path, name: str = "images") -> Path:
    return entry / json.loads((entry / "record.json").read_text())["files"][name][0]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "truncated": lambda entry: os.truncate(array_file(entry), 500),
    "missing file": lambda entry: array_file(entry, "labels").unlink(),
    "record is no JSON": lambda entry: (entry / "record.json").write_text("{"),
    "record lacks a field": lambda entry: (entry / "record.json").write_text('{"format": 1}'),
    "record is a list": lambda entry: (entry / "record.json").write_text("[]"),
    "no array at all": lambda entry: array_file(entry).write_bytes(b"?" * (128 + IMAGES.nbytes)),
    "other parts": lambda entry: rewrite(entry, parts={"train": 3}),
}


def rewrite(entry: Path, **changes: object) -> None:
    record = json.loads((entry / "record.json").read_text())
    (entry / "record.json").write_text(json.dumps({**record, **changes}))


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_said_and_made_again(
    own_cache: Path, said: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    build()
    damage(own_cache / "tiny-0")
    assert cache.find("tiny-0") is None
    assert "is damaged" in said.text
    build()
    assert cache.find("tiny-0") is not None


def test_an_entry_of_another_version_is_made_again_without_alarm(
    own_cache: Path, said: pytest.LogCaptureFixture
) -> None:
    build()
    rewrite(own_cache / "tiny-0", format=99)
    assert cache.find("tiny-0") is None
    assert said.text == ""


@pytest.mark.parametrize("damaged", [False, True])
def test_many_writers_at_once_leave_one_whole_entry(own_cache: Path, damaged: bool) -> None:
    if damaged:
        build()
        os.truncate(array_file(own_cache / "tiny-0"), 500)
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda _: build(), range(24)))
    assert all((entry.images == IMAGES).all() for entry in entries)
    assert [path.name for path in own_cache.iterdir()] == ["tiny-0"]
    found = cache.find("tiny-0")
    assert found is not None
    assert (found.images == IMAGES).all()


def test_readers_are_not_disturbed_by_writers(
    own_cache: Path, said: pytest.LogCaptureFixture
) -> None:
    build()
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(build, fill, {"number": n}) for n in range(30)]
        while not all(future.done() for future in writing):
            entry = cache.find("tiny-0")
            assert entry is not None
            assert (entry.images == IMAGES).all()
    assert said.text == ""


def test_a_slower_writer_takes_what_is_there(own_cache: Path) -> None:
    first = build()
    again = build()
    assert again.record == first.record
    assert len(list((own_cache / "tiny-0").iterdir())) == 3


def test_a_replaced_entry_leaves_no_arrays_behind(own_cache: Path) -> None:
    old = build().images
    build(stamp={"path": "elsewhere"})
    names = sorted(path.name.split("-")[0] for path in (own_cache / "tiny-0").iterdir())
    assert names == ["images", "labels", "record.json"]
    assert (old == IMAGES).all()  # who has it mapped keeps it


def test_a_read_only_cache_is_replaced_by_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("SMALTI_CACHE", str(blocked / "cache"))
    entry = build()
    assert entry.path.is_relative_to(tempfile.gettempdir())
    assert "cannot be written to" in said.text
    assert str(entry.path.parent) in said.text
    found = cache.find("tiny-0")
    assert found is not None
    assert found.path == entry.path
    if hasattr(os, "getuid"):
        assert entry.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_strangers_folder_of_that_name_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build()
    stranger = cache_folders._temporary_folder()
    shutil.copytree(cache.find("tiny-0").path.parent, stranger)  # type: ignore[union-attr]
    stranger.chmod(0o777)
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("SMALTI_CACHE", str(blocked / "cache"))
    assert cache.find("tiny-0") is None
    assert build().path.parent not in (stranger, blocked / "cache")


def test_no_folder_to_write_to_at_all_is_the_machines_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("SMALTI_CACHE", str(blocked / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(blocked))
    with pytest.raises(MachineError, match="Could not write to the cache folder"):
        build()


def test_a_full_disk_is_the_machines_failure(own_cache: Path) -> None:
    def full(writer: ImageWriter) -> Content:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(MachineError, match=r"The disk with the cache folder .* is full") as caught:
        build(full)
    assert "SMALTI_CACHE" in caught.value.hint
    assert caught.value.exit_code == 1
    assert list(own_cache.iterdir()) == []


def test_a_disk_that_is_too_small_is_noticed_before_the_work() -> None:
    def never(writer: ImageWriter) -> Content:
        raise AssertionError("the work was begun")

    with pytest.raises(MachineError, match=r"need 1,000,000,000,000\.0 MB, but only"):
        cache_writing.build("huge-0", STAMP, (1000, 1000, 1), 10**12, never)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("mnist", "mnist-"),
        ("Ferien 2024 äöü", "Ferien-2024-äöü-"),
        ("../..", "data-"),
        ("", "data-"),
    ],
)
def test_keys_are_safe_folder_names(name: str, start: str) -> None:
    key = cache.key_of(name, "/somewhere", 64)
    assert key.startswith(start)
    assert "/" not in key
    assert key != cache.key_of(name, "/somewhere", 32)


def test_the_default_folder_is_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMALTI_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/someone/.cache")
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache_folders.folder().name == "smalti"
    monkeypatch.setenv("SMALTI_CACHE", "~/big disk")
    assert cache_folders.folder() == Path("/home/someone/big disk")
