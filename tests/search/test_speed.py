import logging

import pytest

from smalti.baselines import fitting
from smalti.classifier.native import NativeClassifier
from smalti.recipes import resolve
from smalti.search import speed
from smalti.training import session
from tests.datasets import tiny_dataset


@pytest.fixture
def runs(tmp_path):
    data = tiny_dataset()
    quick = {"training.epochs": 1, "model.hidden": (8,)}
    network = session.start(resolve("dense", "tiny", quick), data, tmp_path)
    method, _ = fitting.start(resolve("knn", "tiny", {}), data, tmp_path)
    return network, method


def test_networks_take_turns_and_methods_bring_their_own_speed(runs, monkeypatch):
    asked, original = [], NativeClassifier.load

    def load(run, *others):
        asked.append(run.name)
        return original(run, *others)

    monkeypatch.setattr(NativeClassifier, "load", load)
    network, method = runs
    part = tiny_dataset().part("validation")
    found = speed.images_per_second([network, None, method, network], part)
    assert asked == ["tiny-dense-0"] * (2 * speed.TURNS)
    assert found[0] > 0
    assert found[1] is None
    assert found[2] == method.environment()["images_per_second"]
    assert found[3] > 0


def test_a_run_that_cannot_answer_is_said_and_left_out(runs, caplog):
    caplog.set_level(logging.WARNING, logger="smalti")
    network, _ = runs
    network.model_file.unlink()
    assert speed.images_per_second([network], tiny_dataset().part("validation")) == [None]
    assert "was not timed" in caplog.text
