"""The notebook is clean, and runs from its first cell to its last."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from smalti.files import read_json
from tests.examples.conftest import EXAMPLES
from tests.support import REPOSITORY, process_environment

NOTEBOOK = EXAMPLES / "cnn_image_classification.ipynb"
LARGEST = 500_000
STORY = (
    "mnist_cnn_best.h5", "cifar_cnn_best.h5", "smalti.export", "smalti.load", "read_handwriting",
    "recipe=", '"curves"', '"confusion"', '"samples"',
)  # fmt: skip

STAND_INS = f"""
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
from smalti.data.published import PUBLISHED
from tests.data.published_sets import tiny_published
for name in ("mnist", "cifar10"):
    PUBLISHED[name], _ = tiny_published(name, "https://data.invalid")
"""
"""A first cell for the test: the kernel is a process of its own."""


def test_it_is_clean() -> None:
    content = read_json(NOTEBOOK)
    assert NOTEBOOK.stat().st_size < LARGEST
    for cell in content["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    assert "widgets" not in content["metadata"]


def test_it_tells_the_whole_story() -> None:
    text = " ".join("".join(cell["source"]) for cell in read_json(NOTEBOOK)["cells"])
    for part in STORY:
        assert part in text


def executed(folder: Path, environment: dict[str, str]) -> list[Any]:
    """Run the notebook in a folder; return its cells of code with what they gave."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(STAND_INS))
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
    client.execute(env=environment)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs smalti[keras]")
@pytest.mark.filterwarnings("default")  # those of the notebook machinery are not ours
def test_it_runs_in_quick_mode(tiny_sets: Path, tmp_path: Path) -> None:
    changes = {"SMALTI_QUICK": "1", "PYTHONWARNINGS": None, "JUPYTER_PLATFORM_DIRS": "1",
               "IPYTHONDIR": str(tmp_path / "ipython")}  # fmt: skip
    cells = executed(tmp_path, process_environment(changes))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    # Training shows one line, replaced in place.
    for cell in cells:
        if "smalti.train(" in cell.source:
            [line] = [output for output in cell.outputs if output.output_type == "display_data"]
            assert line.data["text/plain"].startswith("epoch 1/1  train")
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 13
    for name in ("mnist_cnn_best.h5", "cifar_cnn_best.h5", "my_seven.png"):
        assert (tmp_path / "runs" / "quick" / name).is_file()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["quick"]
