"""The machine fails: exit code 1, finished epochs kept. Or it is only unusual: smalti works."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import SMALTI, CommandLine, process_environment

EPOCHS = 200
TRAIN = ("train", "digits", "--recipe", "dense")


def begin(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    """Start smalti and return at once."""
    return subprocess.Popen(
        [*SMALTI, *map(str, arguments)],
        cwd=cwd,
        env=process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


# A full disk.


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a file system of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "small", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Write a file that takes what is free but ``leave`` bytes, and return it."""
    ballast = disk / "ballast"
    with ballast.open("ab") as file:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        # An error means that the training was quicker: the disk is full, which is all we want.
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), file.tell(), max(1, free - leave))
    return ballast


def test_a_disk_that_is_full_from_the_start(cli: CommandLine, small_disk: Path) -> None:
    fill(small_disk, leave=100_000)
    result = cli(*TRAIN, "--epochs", "1", "--out", small_disk / "runs")
    assert result.returncode == 1
    assert "No space left" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(small_disk.rglob("*.tmp"))


def test_a_disk_that_fills_up_keeps_finished_epochs(
    cli: CommandLine, small_disk: Path, picture: Path
) -> None:
    out = small_disk / "runs"
    run = out / "digits-dense-0"
    training = begin(*TRAIN, "--epochs", EPOCHS, "--out", out, cwd=small_disk)
    while not (run / "last.safetensors").exists() and training.poll() is None:
        time.sleep(0.01)
    while training.poll() is None:
        ballast = fill(small_disk)
        time.sleep(0.01)
    _, said = training.communicate()
    assert training.returncode == 1, said
    assert "No space left" in said
    assert f"smalti train --resume {run}" in said
    assert "Traceback" not in said
    ballast.unlink()
    assert cli("predict", run, picture).returncode == 0
    resumed = cli("train", "--resume", run)
    assert resumed.returncode == 0, resumed.stderr
    assert len((run / "history.csv").read_text().splitlines()) == EPOCHS + 1


# Files that may not be read or written.


@pytest.fixture
def ordinary(tmp_path: Path) -> tuple[str, ...]:
    """Return the prefix under which permissions count: root ignores them."""
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        kept = "-dac_override,-dac_read_search"
        prefix = ("setpriv", f"--bounding-set={kept}", f"--inh-caps={kept}")
    secret = tmp_path / "secret"
    secret.touch(mode=0o000)
    if prefix and not shutil.which("setpriv"):
        pytest.skip("needs setpriv to give up root's right to read everything")
    if not subprocess.run([*prefix, "cat", secret], capture_output=True).returncode:
        pytest.skip("here even an ordinary user may read everything")
    return prefix


@pytest.fixture
def locked() -> Iterator[Callable[[Path, int], None]]:
    """Return ``locked(path, mode)``: change a mode for the length of the test."""
    old: list[tuple[Path, int]] = []

    def lock(path: Path, mode: int) -> None:
        old.append((path, path.stat().st_mode))
        path.chmod(mode)

    yield lock
    for path, mode in old:
        path.chmod(mode)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("model.safetensors", "predict {run} {picture}"),
        ("classifier.json", "predict {run} {picture}"),
        ("config.json", "evaluate {run} --again"),
        ("metrics.json", "evaluate {run}"),
        ("history.csv", "report {run}"),
        ("last.safetensors", "train --resume {run}"),
    ],
)
def test_an_unreadable_file_of_a_run(
    cli: CommandLine,
    run_folder: Path,
    picture: Path,
    ordinary: tuple[str, ...],
    locked: Callable[[Path, int], None],
    name: str,
    command: str,
) -> None:
    locked(run_folder / name, 0o000)
    typed = command.format(run=run_folder, picture=picture).split()
    result = cli(*typed, prefix=ordinary)
    assert result.returncode == 1
    assert str(run_folder / name) in result.stderr
    assert "Permission denied" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unreadable_archive(
    cli: CommandLine,
    npz: Callable[..., Path],
    ordinary: tuple[str, ...],
    locked: Callable[[Path, int], None],
) -> None:
    path = npz()
    locked(path, 0o000)
    result = cli("train", path, "--epochs", "1", prefix=ordinary)
    assert result.returncode == 1
    assert str(path) in result.stderr
    assert "Permission denied" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_that_runs_may_not_be_written_to(
    cli: CommandLine,
    tmp_path: Path,
    ordinary: tuple[str, ...],
    locked: Callable[[Path, int], None],
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    locked(out, 0o555)
    result = cli(*TRAIN, "--epochs", "1", "--out", out, prefix=ordinary)
    assert result.returncode == 1
    assert str(out) in result.stderr
    assert "--out" in result.stderr
    assert "Traceback" not in result.stderr


# Unusual, but it works.


def test_a_home_that_is_read_only(
    cli: CommandLine,
    tmp_path: Path,
    pictures: Callable[..., Path],
    ordinary: tuple[str, ...],
    locked: Callable[[Path, int], None],
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    locked(home, 0o555)
    result = cli(
        *("train", pictures(), "--image-size", "16", "--recipe", "dense", "--epochs", "1"),
        env={"HOME": str(home), "SMALTI_CACHE": None, "XDG_CACHE_HOME": None},
        prefix=ordinary,
    )
    assert result.returncode == 0, result.stderr
    assert "cache" in result.stderr
    assert list(home.iterdir()) == []


def test_two_trainings_at_once_get_two_folders(tmp_path: Path) -> None:
    trainings = [begin(*TRAIN, "--epochs", "3", cwd=tmp_path) for _ in range(2)]
    said = [training.communicate()[1] for training in trainings]
    assert [training.returncode for training in trainings] == [0, 0], said
    runs = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert runs == ["digits-dense-0", "digits-dense-0-2"]
    first, second = (tmp_path / "runs" / name / "model.safetensors" for name in runs)
    assert first.read_bytes() == second.read_bytes()
