"""``smalti compare`` as a person uses it."""

import json
import signal
import subprocess
import time
from functools import partial

import pytest

from smalti import api
from smalti.errors import SmaltiError
from smalti.runs import find_runs
from tests.support import SMALTI, process_environment

QUICK = ["--epochs", "1", "--set", "model.hidden=8"]


def test_recipes_are_compared_in_one_table(smalti, npz, tmp_path):
    outcome = smalti("compare", npz(), "--recipes", "dense,knn", *QUICK, "--seeds", "2")
    assert outcome.code == 0, outcome.said
    folder = tmp_path / "runs" / "compare-tiny-1"
    assert "3 runs (2 variants, 2 seeds), about" in outcome.err
    assert "training.epochs=1 is not heard by knn" in outcome.err
    assert "[3/3] dense, seed 1: validation" in outcome.err
    table = outcome.out.splitlines()
    assert table[0].startswith("tiny: 2 ways of training, 2 seeds")
    assert table[1].split()[0] == "validation"
    assert "baseline" in table[2]
    assert "page  runs/compare-tiny-1/compare.html" in outcome.out
    assert [run.name for run in find_runs(folder)] == ["tiny-dense-0", "tiny-knn-0", "tiny-dense-1"]
    assert json.loads((folder / "plan.json").read_text())["command"].split()[0] == "smalti"
    again = smalti("compare", "--resume", "runs/compare-tiny-1")
    assert again.code == 0
    assert "every run is finished" in again.err
    assert again.out.splitlines()[:2] == table[:2]
    more = smalti("compare", "--resume", "runs/compare-tiny-1", "--seeds", "3")
    assert "1 run left" in more.err
    mixed = smalti("compare", "runs/compare-tiny-1/tiny-dense-0", npz(name="other.npz"))
    assert mixed.code == 2
    assert "not mixed" in mixed.err
    nested = smalti("compare", "runs/compare-tiny-1")
    assert "--resume runs/compare-tiny-1" in nested.err
    one = smalti("compare", "runs/compare-tiny-1/tiny-dense-0")
    assert "expected two runs or more" in one.err
    runs = ["runs/compare-tiny-1/tiny-dense-0", "runs/compare-tiny-1/tiny-knn-0"]
    options = smalti("compare", *runs, "--epochs", "3")
    assert (options.code, "are for training" in options.err) == (2, True)
    two = smalti("compare", *runs)
    assert two.code == 0
    assert "compare-tiny-2/compare.html" in two.out
    assert "McNemar" in two.out


def test_fields_are_varied_and_the_test_set_is_opened_where_asked(smalti, npz, tmp_path):
    outcome = smalti(
        "compare", npz(), "--recipe", "dense", "--vary", "model.hidden=[4],[8,8]", "--epochs", "1",
        "--seeds", "1", "--test",
    )  # fmt: skip
    assert outcome.code == 0, outcome.said
    assert "this opened the test set of every run" in outcome.out
    names = {run.name for run in find_runs(tmp_path / "runs" / "compare-tiny-1")}
    assert names == {"tiny-dense-hidden-4-0", "tiny-dense-hidden-8-8-0"}


def test_no_time_begins_nothing(smalti, npz, tmp_path):
    outcome = smalti("compare", npz(), "--recipes", "dense,knn", "--minutes", "0.00001")
    assert outcome.code == 2
    assert "more minutes" in outcome.err
    assert not (tmp_path / "runs").exists()


def test_a_method_is_trained_measured_and_listed_like_a_run(smalti, npz, tmp_path):
    assert smalti("train", npz(), "--recipe", "knn").code == 0
    measured = smalti("evaluate", "runs/tiny-knn-0")
    assert "test accuracy" in measured.out
    assert "fitted again" in measured.err
    assert "stored result" in smalti("evaluate", "runs/tiny-knn-0").out
    assert smalti("report", "runs/tiny-knn-0").code == 0
    assert "tiny-knn-0" in smalti("runs").out
    assert "fitted at once" in smalti("doctor", "runs/tiny-knn-0").out
    for command in (
        ("predict", "runs/tiny-knn-0", "a.png"),
        ("export", "runs/tiny-knn-0", "--format", "onnx"),
        ("train", "--resume", "runs/tiny-knn-0"),
    ):
        refused = smalti(*command)
        assert (refused.code, "classical method" in refused.err) == (2, True)
    assert "logistic-regression" in smalti("recipes").out
    assert "baseline.neighbours" in smalti("recipes", "knn").out


def test_from_python_it_shows_itself(arrays, tmp_path):
    data = (*arrays(60), *arrays(30, seed=1))
    found = api.compare(
        data, ["dense", "knn"], seeds=1, epochs=1, set={"model.hidden": (8,)}, out=tmp_path
    )
    assert "<td>baseline</td>" in found._repr_html_()
    again = api.compare(data, resume=found.path)
    assert [row.mean for row in again.standings] == [row.mean for row in found.standings]
    runs = [found.path / name for name in ("arrays-dense-0", "arrays-knn-0")]
    two = api.compare(runs, out=tmp_path)
    assert "arrays in memory" in str(two.about())
    with pytest.raises(SmaltiError, match="Pass the same arrays"):
        api.compare(resume=found.path)


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_a_training_it_goes_on(npz, tmp_path, sent):
    command = [
        *SMALTI, "compare", str(npz(300)), "--recipe", "dense", "--vary", "model.hidden=8,9",
        "--epochs", "300", "--seeds", "1",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=tmp_path, env=process_environment(), stderr=subprocess.PIPE, text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    folder = tmp_path / "runs" / "compare-tiny-1"
    history = folder / "tiny-dense-hidden-8-0" / "history.csv"
    for _ in range(6000):
        if history.exists() or process.poll() is not None:
            break
        time.sleep(0.02)
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in said
    if sent == signal.SIGINT:
        assert "continue with: smalti compare --resume runs/compare-tiny-1" in said
    done = subprocess.run(
        [*SMALTI, "compare", "--resume", str(folder)], cwd=tmp_path, env=process_environment(),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = find_runs(folder)
    assert len(runs) == 2
    assert all(len(run.history()) == 300 for run in runs)
