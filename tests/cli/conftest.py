"""The command line in this process, and a finished run to use or to damage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from smalti.cli.main import run


@dataclass(frozen=True)
class Outcome:
    """Exit code and what was printed, result and error stream."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@pytest.fixture
def smalti(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Return ``smalti(*arguments)``: the command line in this process, in the test's folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return call


@pytest.fixture(scope="session")
def finished(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of two epochs on digits, evaluated; not to be changed."""
    parent = tmp_path_factory.mktemp("finished")
    train = ["train", "digits", "--recipe", "dense", "--epochs", "2", "--out", str(parent)]
    assert run(train) == 0
    (folder,) = parent.iterdir()
    assert run(["evaluate", str(folder)]) == 0
    return folder


@pytest.fixture
def run_folder(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished run, to be damaged."""
    return Path(shutil.copytree(finished, tmp_path / "runs" / finished.name))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a picture file that can be predicted."""
    from PIL import Image

    path = tmp_path / "picture.png"
    Image.new("L", (8, 8), 128).save(path)
    return path
