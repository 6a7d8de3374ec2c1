"""``--split``: the label stands wherever the number does, and repeats divide alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import smalti
from smalti.errors import SmaltiError
from smalti.training.progress import Listener
from tests.support import shapes

LABEL = "our own split 60/20/20, not the given test"
TRAIN = ("--recipe", "dense", "--epochs", "1", "--set", "model.hidden=8", "--batch-size", "16")


def test_the_label_stands_wherever_the_number_stands(
    smalti: Callable, npz: Callable[..., Path]
) -> None:
    outcome = smalti("train", npz(60, 30), *TRAIN, "--split", "60/20/20", "--split-seed", "3")
    assert outcome.code == 0, outcome.err
    run = Path("runs/tiny-dense-0")
    assert json.loads((run / "config.json").read_text())["data"]["split"] == "60/20/20"
    assert json.loads((run / "environment.json").read_text())["data"]["split"] == LABEL
    outcome = smalti("evaluate", run)
    assert f"tiny, {LABEL}" in outcome.out
    assert "n = 18" in outcome.out
    assert json.loads((run / "metrics.json").read_text())["split"] == LABEL
    assert smalti("report", run).code == 0
    page = (run / "report.html").read_text()
    assert f"n = 18, {LABEL}" in page
    assert f"The test part is {LABEL}" in page


def test_the_list_of_runs_says_so_where_there_is_an_official_test(
    smalti: Callable, npz: Callable[..., Path]
) -> None:
    assert smalti("train", npz(60, 30), *TRAIN, "--split", "60/20/20").code == 0
    assert json.loads(smalti("runs", "--json").out)[0]["split"] == LABEL
    assert "split" not in smalti("runs").out
    environment = Path("runs/tiny-dense-0/environment.json")
    official = LABEL.replace("given", "official")
    environment.write_text(environment.read_text().replace(LABEL, official))
    assert f"tiny ({official})" in smalti("runs").out


def test_a_repeat_by_its_config_divides_alike(smalti: Callable, npz: Callable[..., Path]) -> None:
    path = npz(60, 30)
    assert smalti("train", path, *TRAIN, "--split", "60/20/20", "--split-seed", "3").code == 0
    first = Path("runs/tiny-dense-0")
    assert smalti("train", "--recipe", first / "config.json").code == 0
    again = Path("runs/tiny-dense-0-2")
    for run in (first, again):
        assert smalti("evaluate", run).code == 0
    for name in ("history.csv", "predictions.csv"):
        columns = [row.rsplit(",", 1)[0] for row in (first / name).read_text().splitlines()]
        assert columns == [row.rsplit(",", 1)[0] for row in (again / name).read_text().splitlines()]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--split", "80/10"), "expected three numbers"),
        (("--split", "80/10/20"), "sums to 110"),
        (("--split", "90/10/0"), "leaves nothing for the test part"),
        (("--split", "80/10/10", "--validation", "0.2"), "contradict each other"),
        (("--split", "80/10/10", "--validation", "0"), "--split 90/0/10"),
    ],
)
def test_mistakes_are_one_sentence(
    smalti: Callable, npz: Callable[..., Path], flags: tuple[str, ...], words: str
) -> None:
    outcome = smalti("train", npz(), *TRAIN, *flags)
    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.said
    assert not Path("runs").exists()


def test_a_loaded_set_brings_its_split_and_arrays_can_be_measured(tmp_path: Path) -> None:
    arrays = (*shapes(60), *shapes(30, seed=1))
    data = smalti.load_data(arrays, split="60/20/20", split_seed=1)
    small = {"model.hidden": (8,), "training.batch_size": 16}
    run = smalti.train(data, "dense", epochs=1, set=small, out=tmp_path)
    assert run.config()["data"]["split"] == "60/20/20"
    assert run.config()["data"]["split_seed"] == 1
    assert smalti.evaluate(run, data=arrays).n == 18
    with pytest.raises(SmaltiError, match=r"load_data\(…, split='80/10/10'\)"):
        smalti.train(data, "dense", set={"data.split": "80/10/10"}, out=tmp_path)


def test_a_resumed_run_goes_on_with_the_same_pictures(
    npz: Callable[..., Path], tmp_path: Path
) -> None:
    class Stop(Listener):
        def finished_epoch(self, row: object, best: bool) -> None:
            raise KeyboardInterrupt

    how = {
        "data.split": "60/20/20", "data.split_seed": 2, "model.hidden": (8,),
        "training.batch_size": 16,
    }  # fmt: skip
    path = npz(60, 30)
    with pytest.raises(KeyboardInterrupt):
        smalti.train(path, "dense", epochs=2, set=how, out=tmp_path, listener=Stop())
    stopped = smalti.resume(tmp_path / "tiny-dense-0")
    whole = smalti.train(path, "dense", epochs=2, set=how, out=tmp_path)
    assert stopped.weights_fingerprint() == whole.weights_fingerprint()
    assert smalti.evaluate(stopped).metrics["split"] == LABEL
