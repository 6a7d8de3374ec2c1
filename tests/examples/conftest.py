"""Tiny sets that pass for the published ones, and the scripts of ``examples/`` to run on them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from smalti.data.published import PUBLISHED
from tests.data.published_sets import save_npz, tiny_published
from tests.support import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
SETS = ("mnist", "fashion-mnist", "cifar10")


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with ``.npz`` files of a hundred pictures in the place of real sets."""
    folder = tmp_path_factory.mktemp("sets")
    for name in SETS:
        save_npz(folder, name)
    return folder


@pytest.fixture
def tiny_sets(
    tiny_files: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Let smalti take the tiny sets for the published ones; return their folder."""
    for name in SETS:
        monkeypatch.setitem(PUBLISHED, name, tiny_published(name, "https://data.invalid")[0])
    monkeypatch.setenv("SMALTI_DATA", str(tiny_files))
    monkeypatch.setenv("SMALTI_CACHE", str(tmp_path_factory.getbasetemp() / "example cache"))
    return tiny_files


@pytest.fixture
def script(
    tiny_sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], ModuleType]:
    """Return ``script(name)``: a script of ``examples/``, to be run in the test's own folder."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    return import_module
