"""What the tests share: a cache of their own, tiny learnable data, the command line, real data."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.support import CLASS_NAMES, SMALTI, CommandLine, process_environment, shapes

# Set before any test imports torch: tests share few cores, and one thread gives the same bits
# everywhere. A test about threads sets its own.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"
# Tests without real data must not find it by accident; the fixture `real_data` gives it back. The
# workers of a parallel run inherit these variables, so the folder moves to another one.
if "SMALTI_DATA" in os.environ:
    os.environ["SMALTI_TEST_DATA"] = os.environ.pop("SMALTI_DATA")
REAL_DATA = os.environ.get("SMALTI_TEST_DATA")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep smalti's cache inside the test session."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMALTI_CACHE", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def untouched_log() -> None:
    """Take back what an earlier test's command line did to the log: others listen to it."""
    log = logging.getLogger("smalti")
    log.setLevel(logging.NOTSET)
    log.propagate = True
    log.handlers.clear()


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return ``real_data(name)``: the folder with the real set, or the test is skipped."""

    def folder(name: str) -> Path:
        if REAL_DATA is None:
            pytest.skip("needs the real data: set SMALTI_DATA to the folder that holds it")
        spellings = {name, name.replace("-", "_")}
        if not any((Path(REAL_DATA) / f"{spelling}.npz").is_file() for spelling in spellings):
            pytest.skip(f"needs the real data: SMALTI_DATA holds no {name}.npz")
        monkeypatch.setenv("SMALTI_DATA", REAL_DATA)
        return Path(REAL_DATA)

    return folder


# Tiny data, learnable within an epoch or two (tests/support.py draws it).


@pytest.fixture
def arrays() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Return :func:`shapes`, the maker of tiny arrays."""
    return shapes


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., Path]:
    """Return ``npz(n, n_test, name=…, **shapes)``: a small ``.npz`` with a test part."""

    def make(n: int = 60, n_test: int = 30, name: str = "tiny.npz", **options: int) -> Path:
        x_train, y_train = shapes(n, **options)
        x_test, y_test = shapes(n_test, **{**options, "seed": options.get("seed", 0) + 1})
        path = tmp_path / name
        np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
        return path

    return make


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """Return ``pictures(per_class, name=…, suffix=…)``: a folder of class folders of pictures."""
    from PIL import Image

    def make(
        per_class: int = 10, name: str = "pictures", suffix: str = ".png", side: int = 16
    ) -> Path:
        folder = tmp_path / name
        images, labels = shapes(3 * per_class, side=side, channels=3)
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            place = folder / CLASS_NAMES[label] / f"{index}{suffix}"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place)
        return folder

    return make


# The command line, as a user has it: a process of its own in an empty folder.


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    """Return ``cli(*arguments)``: smalti in a process of its own, in the test's own folder."""

    def run(
        *arguments: str | Path,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        prefix: tuple[str, ...] = (),
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, *SMALTI, *map(str, arguments)],
            cwd=cwd or tmp_path,
            env=process_environment(env),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    return run
