"""Every script of ``examples/`` does what its head says, on tiny data."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

import smalti
from tests.examples.conftest import EXAMPLES
from tests.support import process_environment

Scripts = Callable[[str], ModuleType]

FILES = {
    "mnist_nn": "epic_num_reader.h5",
    "cifar10_nn": "cifar10_model.h5",
    "mnist_script": "mnist_cnn_best.h5",
    "cifar_script": "cifar_cnn_best.h5",
    "mnistTrain": "",
    "cnn_mnist": "",
    "mnist_fashion_CNN": "",
    "simple_cnn": "",
}
"""The scripts, and the Keras file that each saves."""

needs_keras = pytest.mark.skipif(
    importlib.util.find_spec("keras") is None, reason="needs the extra smalti[keras]"
)
EVERY = [
    pytest.param(name, marks=[needs_keras] if file else [], id=name) for name, file in FILES.items()
]


def drawn(printed: str) -> list[Path]:
    return [Path(path) for path in re.findall(r"^drawn +(.+)$", printed, re.MULTILINE)]


def runs() -> list[smalti.Run]:
    return [smalti.Run(path.parent) for path in Path("runs/quick").glob("*/config.json")]


def test_every_script_is_tested() -> None:
    others = {"demo", "steps"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} - others == set(FILES)


@pytest.mark.parametrize("name", EVERY)
def test_it_measures_draws_saves_and_predicts(
    name: str, script: Scripts, capsys: pytest.CaptureFixture[str]
) -> None:
    script(name).main(["--quick"])
    printed = capsys.readouterr().out
    assert re.search(r"test loss \d\.\d{4}, test accuracy \d+\.\d\d % \(95 % interval", printed)
    assert re.search(r"first test picture, x_test\[0\]: predicted \S+ \(.+ %\)", printed)
    paths = drawn(printed)
    names = {path.stem for path in paths}
    assert {"curves", "confusion", "samples", "prediction"} <= names
    for path in paths:
        with Image.open(path) as picture:
            assert min(picture.size) > 200
    if FILES[name]:
        saved = Path("runs/quick") / FILES[name]
        assert f"saved  {saved}" in printed
        assert len(smalti.load(saved).class_names) == 10
    # --quick keeps apart: nothing that was trained in earnest is replaced.
    assert [path.name for path in Path().iterdir()] == ["runs"]
    assert [path.name for path in Path("runs").iterdir()] == ["quick"]


def test_the_dense_network_takes_any_activation(script: Scripts) -> None:
    script("mnistTrain").main(["--quick", "--activation", "tanh", "--seed", "3"])
    [run] = runs()
    assert run.name == "mnist-dense-3"
    assert run.config()["model"]["activation"] == "tanh"


def test_a_mistyped_activation_is_said_before_anything_is_trained(script: Scripts) -> None:
    with pytest.raises(smalti.SmaltiError, match="Did you mean 'tanh'"):
        script("mnistTrain").main(["--quick", "--activation", "tahn"])
    assert not Path("runs").exists()


def test_the_test_set_is_opened_for_the_chosen_variant_alone(
    script: Scripts, capsys: pytest.CaptureFixture[str]
) -> None:
    script("simple_cnn").main(["--quick", "--data", "cifar10"])
    trained = {run.name.split("-", 1)[1].rsplit("-", 1)[0]: run for run in runs()}
    assert set(trained) == {"neither", "batch-norm", "dropout", "both"}
    assert trained["neither"].config()["model"]["batch_norm"] is False
    assert trained["batch-norm"].config()["model"]["dropout"] == 0
    opened = [run for run in trained.values() if run.metrics()]
    assert len(opened) == 1
    best = max(run.best_validation() or 0 for run in trained.values())
    assert opened[0].best_validation() == best
    assert "80/10/10" in (opened[0].metrics() or {})["split"]
    assert "comparison" in {path.stem for path in drawn(capsys.readouterr().out)}


@needs_keras
def test_own_pictures_are_classified_by_the_network_that_is_there(
    script: Scripts, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = np.full((200, 300), 240, np.uint8)
    page[40:160, 100:120] = 30
    for name, pixels in (("dark.png", page), ("light.jpg", 255 - page)):
        Image.fromarray(pixels).save(tmp_path / name)
    script("mnist_script").main(["--quick", "dark.png"])
    first = capsys.readouterr().out
    assert "test accuracy" in first
    script("mnist_script").main(["--quick", "dark.png", "light.jpg"])
    again = capsys.readouterr().out
    assert "test accuracy" not in again
    answers = re.findall(r"^(dark.png|light.jpg): (\d) \(", again, re.MULTILINE)
    assert [name for name, _ in answers] == ["dark.png", "light.jpg"]
    assert len({digit for _, digit in answers}) == 1
    assert f"dark.png: {answers[0][1]} (" in first
    assert Path("runs/quick/light-prediction.png") in drawn(again)


@needs_keras
def test_similar_pictures_of_ones_own(
    script: Scripts, pictures: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pictures(10, side=32)
    script("cifar_script").main(["--quick", "--data", str(folder)])
    printed = capsys.readouterr().out
    assert "labelled" in printed
    assert [run.name for run in runs()] == ["pictures-cnn-0"]


def test_drawings_are_opened_where_that_is_wanted(
    script: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: not opened.append(address))
    script("mnistTrain").main(["--quick", "--show"])
    assert len(opened) == 5


# As processes.


def as_process(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, EXAMPLES / arguments[0], *arguments[1:]],
        cwd=cwd,
        env=process_environment(env),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("name", FILES)
def test_help_is_its_head(name: str, tmp_path: Path) -> None:
    done = as_process(f"{name}.py", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"python examples/{name}.py" in done.stdout
    assert "--quick" in done.stdout


def test_what_can_be_mended_is_a_sentence(tmp_path: Path) -> None:
    done = as_process("mnist_script.py", "nothing.png", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Could not use nothing.png: there is no such file.")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real
def test_a_quick_try_with_the_real_set(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    done = as_process("mnistTrain.py", "--quick", cwd=tmp_path, SMALTI_DATA=str(real_data("mnist")))
    assert done.returncode == 0, done.stderr
    [metrics] = tmp_path.glob("runs/quick/*/metrics.json")
    assert json.loads(metrics.read_text())["split"] == "a sample of the official split"
