"""A cache of its own for every data test: what one decodes, another must not find."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache folder of this test, empty; its temporary folder is its own, too."""
    folder = tmp_path / "own cache"
    monkeypatch.setenv("SMALTI_CACHE", str(folder))
    # What Keras and torchvision have left on this machine is not for tests.
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SMALTI_DATA", raising=False)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return folder


@pytest.fixture
def said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """Return what smalti said aloud: ``said.text``."""
    # The command line, in another test, may have taken the logger over.
    monkeypatch.setattr(logging.getLogger("smalti"), "propagate", True)
    caplog.set_level(logging.INFO, logger="smalti")
    return caplog
