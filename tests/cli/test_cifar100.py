"""A hundred classes from the archive to the report, on a tiny stand-in for CIFAR-100."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from smalti.data.published import PUBLISHED
from tests.data.published_sets import (
    cifar100_batches,
    tar_gz,
    tiny_arrays,
    tiny_coarse,
    tiny_published,
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder as torchvision leaves it, with the tiny set's archive."""
    monkeypatch.setitem(PUBLISHED, "cifar100", tiny_published("cifar100", "")[0])
    monkeypatch.setitem(PUBLISHED, "cifar100-coarse", tiny_coarse())
    monkeypatch.setenv("SMALTI_CACHE", str(tmp_path / "own cache"))
    batches = cifar100_batches(tiny_arrays("cifar100"))
    folder = tmp_path / "root"
    folder.mkdir()
    content = tar_gz({f"cifar-100-python/{name}": body for name, body in batches.items()})
    (folder / "cifar-100-python.tar.gz").write_bytes(content)
    return folder


@pytest.mark.parametrize(("name", "classes"), [("cifar100", 100), ("cifar100-coarse", 20)])
def test_from_the_archive_to_the_report(
    smalti: Callable, root: Path, name: str, classes: int
) -> None:
    train = ["--recipe", "dense", "--epochs", "1", "--set", "model.hidden=8", "--data-dir", root]
    outcome = smalti("train", name, *train)
    assert outcome.code == 0, outcome.err
    assert "cifar-100-python.tar.gz; its content verified" in outcome.err
    run = Path(f"runs/{name}-dense-0")
    outcome = smalti("evaluate", run, "--data-dir", root)
    assert outcome.code == 0, outcome.err
    assert "n = 200" in outcome.out
    assert "top-5 accuracy" in outcome.out
    assert f"{name}, official split" in outcome.out
    metrics = json.loads((run / "metrics.json").read_text())
    assert sum(key.startswith("recall/") for key in metrics) == classes
    assert smalti("report", run).code == 0
    assert "near-duplicates" in (run / "report.html").read_text()


def test_a_sheet_of_a_hundred_classes(smalti: Callable, root: Path) -> None:
    outcome = smalti("data", "show", "cifar100", "--data-dir", root)
    assert outcome.code == 0, outcome.err
    assert Path("cifar100-pictures.png").is_file()
