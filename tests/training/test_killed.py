"""Killed at any moment and resumed, a run ends with the weights of one never killed."""

import hashlib
import signal
import subprocess
import time

import pytest

from smalti import files
from smalti.recipes import resolve
from smalti.runs import Run, find_runs
from smalti.training import session
from tests.datasets import tiny_dataset
from tests.support import SMALTI, process_environment

RECIPE = resolve(
    "dense",
    "tiny",
    {"training.epochs": 3, "training.batch_size": 16, "model.hidden": (8,), "training.threads": 1},
)


class Killed(BaseException):
    """Nothing in smalti may catch this, as nothing can catch SIGKILL."""


def weights(run):
    return hashlib.sha256(run.model_file.read_bytes()).hexdigest()


def count_writes(monkeypatch, die_at=None, after=False):
    """Count files written; die at the given one, before or after its rename."""
    original, count = files.write_bytes, [0]

    def write(path, content):
        count[0] += 1
        if count[0] == die_at and not after:
            raise Killed
        original(path, content)
        if count[0] == die_at and after:
            raise Killed

    for module in ("smalti.files", "smalti.runs"):
        monkeypatch.setattr(f"{module}.write_bytes", write)
    return count


@pytest.mark.parametrize("after", [False, True], ids=["before the rename", "after the rename"])
def test_dying_at_any_file_loses_nothing(after, tmp_path, monkeypatch):
    data = tiny_dataset()
    with monkeypatch.context() as patch:
        writes = count_writes(patch)
        expected = weights(session.start(RECIPE, data, tmp_path / "whole"))
    # config, environment, and for each epoch model (where better), history, last; then the end.
    assert writes[0] > 10
    for place in range(2, writes[0] + 1):
        out = tmp_path / f"killed at {place}"
        with monkeypatch.context() as patch:
            count_writes(patch, die_at=place, after=after)
            with pytest.raises(Killed):
                session.start(RECIPE, data, out)
        [run] = find_runs(out)
        session.resume(run, data)
        assert weights(run) == expected, place
        assert len(run.history()) == 3
        assert run.outputs("validation") is not None
        assert len(run.samples()["augmented"]) == 16


def test_sigkill_and_resume_from_the_command_line(npz, tmp_path):
    path = npz(120, 30)
    options = ["--recipe", "dense", "--epochs", "150", "--threads", "1", "--batch-size", "8"]
    train = [*SMALTI, "train", str(path), *options, "--out", str(tmp_path / "runs")]
    environment = process_environment()
    subprocess.run(train, env=environment, check=True, capture_output=True, timeout=300)
    process = subprocess.Popen(train, env=environment, stderr=subprocess.DEVNULL)
    cut = tmp_path / "runs" / "tiny-dense-0-2"
    wait_for_epochs(cut, 5, process)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert 5 <= len(Run(cut).history()) < 150
    resume = [*SMALTI, "train", "--resume", str(cut)]
    subprocess.run(resume, env=environment, check=True, capture_output=True, timeout=300)
    assert len(Run(cut).history()) == 150
    assert weights(Run(cut)) == weights(Run(tmp_path / "runs" / "tiny-dense-0"))


def wait_for_epochs(folder, epochs, process):
    for _ in range(6000):
        assert process.poll() is None, "finished before it could be killed"
        if (folder / "history.csv").exists() and len(Run(folder).history()) >= epochs:
            return
        time.sleep(0.01)
    raise AssertionError("no epoch was finished")
