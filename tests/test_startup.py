"""Help is instant because nothing heavy is imported for it; what is imported is what is tested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from smalti import api
from smalti.training.progress import Listener
from tests.formats.untrained import untrained_run
from tests.support import process_environment

HEAVY = {
    "keras",
    "h5py",
    "torch",
    "sklearn",
    "scipy",
    "matplotlib",
    "PIL",
    "rich",
    "jinja2",
    "requests",
}

_ASK = """
import sys
{statement}
print("loaded:", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after a statement."""
    result = subprocess.run(
        [sys.executable, "-c", _ASK.format(statement=statement)],
        env=process_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.splitlines()[-1].removeprefix("loaded:").split())


def help_of(*words: str) -> str:
    return command(*words, "--help")


def command(*words: str | Path) -> str:
    """Return the statement that runs the command line to a good end."""
    arguments = ["smalti", *map(str, words)]
    return (
        f"sys.argv = {arguments!r}\n"
        "from smalti.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )


def test_the_package_imports_no_framework() -> None:
    assert not loaded_by("import smalti") & HEAVY


@pytest.mark.parametrize(
    "words",
    [
        "",
        "train",
        "evaluate",
        "predict",
        "export",
        "report",
        "stress",
        "compare",
        "runs",
        "recipes",
        "models",
        "data",
        "doctor",
    ],
)
def test_help_imports_no_framework(words: str) -> None:
    loaded = loaded_by(help_of(*words.split()))
    assert "smalti" in loaded
    assert not loaded & HEAVY


def test_one_picture_is_predicted_without_pytorch(tmp_path: Path) -> None:
    run = untrained_run(tmp_path, {"model.filters": (3,), "model.hidden": (4,)})
    picture = tmp_path / "picture.png"
    Image.new("RGB", (12, 12)).save(picture)
    assert "torch" in loaded_by(command("predict", run.path, picture))
    file = api.export(run, "onnx").path
    for model in (run.path, file):
        loaded = loaded_by(command("predict", model, picture))
        assert {"onnxruntime", "PIL"} <= loaded
        assert not loaded & (HEAVY | {"onnx", "safetensors"}) - {"PIL"}


def test_a_run_is_measured_by_onnx_runtime_and_shown_again_without_anything(
    npz, tmp_path: Path
) -> None:
    run = api.train(npz(), "dense", epochs=1, out=tmp_path, listener=Listener())
    # PyTorch comes in for the heat maps of the mistakes, once the figures are stored.
    assert "onnxruntime" in loaded_by(command("evaluate", run.path))
    assert not loaded_by(command("evaluate", run.path)) & {"onnxruntime", "torch"}


def test_data_are_checked_without_pytorch(npz) -> None:
    assert "torch" not in loaded_by(command("data", "check", npz()))


def test_training_with_muon_leaves_pytorchs_compiler_out(tmp_path):
    train = command(
        "train", "digits", "--recipe", "fast", "--set", "model.filters=4", "--epochs", "1",
        "--out", tmp_path,
    )  # fmt: skip
    loaded = loaded_by(f"{train}\nassert 'torch._dynamo' not in sys.modules")
    assert "torch" in loaded
