"""Measuring on worse pictures: what is counted, what is kept, and what is shown again."""

import json

import numpy as np
import pytest

import smalti
from smalti.classifier.protocol import Classifier
from smalti.corruptions.applying import batches, corrupted
from smalti.errors import SmaltiError
from smalti.evaluation.stressing import LEFT_OUT, Wish, stress, stress_classifier
from smalti.names import CORRUPTIONS
from smalti.recipes import resolve
from smalti.training import session
from smalti.training.progress import Listener
from tests.datasets import tiny_dataset


class Brightest(Classifier):
    """Answers by where the brightest third of the picture is; remembers how much it was asked."""

    class_names = ("bar", "column", "ring")
    input_shape = (12, 12, 1)
    kind = "onnx"

    def __init__(self):
        self.asked = 0

    def logits(self, images):
        self.asked += len(images)
        thirds = images.reshape(len(images), 3, 4, 12, -1).astype(np.float32)
        return thirds.mean(axis=(2, 3, 4))


@pytest.fixture
def trained(tmp_path):
    """A run of one epoch on tiny pictures, and its data."""
    dataset = tiny_dataset(test=60)
    recipe = resolve("dense", "tiny", {"training.epochs": 1, "model.hidden": (16,)})
    run = session.start(recipe, dataset, tmp_path)
    return run, dataset


def test_every_state_is_counted_as_the_classifier_answers_it(tmp_path):
    dataset, classifier = tiny_dataset(test=60), Brightest()
    part = dataset.part("test")
    found = stress_classifier(classifier, dataset, Wish(), tmp_path / "theirs.onnx")
    assert classifier.asked == 60 * (1 + 75)
    assert [one.name for one in found.corruptions] == list(CORRUPTIONS)
    expected = []
    for one in found.corruptions:
        for strength, share in enumerate(one.by_strength, start=1):
            pictures = corrupted(part.pictures(), one.name, strength)
            right = classifier.logits(pictures).argmax(axis=1) == part.labels
            assert share.accuracy == pytest.approx(right.mean())
            expected.append(right.mean())
    assert found.mean.accuracy == pytest.approx(np.mean(expected))
    assert found.clean.accuracy == np.mean(
        classifier.logits(part.pictures()).argmax(axis=1) == part.labels
    )
    assert found.attacks is None
    assert "an ONNX file gives none" in found.no_attacks
    assert len(list(batches(60, 12, 12))) == 1


def test_the_sample_has_every_class_in_its_proportion_and_is_the_same_each_time(tmp_path):
    dataset = tiny_dataset(test=90)
    found = [stress_classifier(Brightest(), dataset, Wish(n=30), tmp_path) for _ in range(2)]
    assert (found[0].n, found[0].of) == (30, 90)
    assert found[0].corruptions == found[1].corruptions
    chosen = Wish(n=30).part(dataset.part("test"))
    assert (np.bincount(chosen.labels) == 10).all()
    assert len(Wish(whole=True).part(dataset.part("test"))) == 90


@pytest.mark.parametrize("n", [0, -5, 2.5, True, "many"])
def test_a_number_of_pictures_is_asked_for(n):
    with pytest.raises(SmaltiError, match="expected a number of pictures from 1"):
        Wish(n=n)


def test_how_many_and_all_contradict_each_other():
    with pytest.raises(SmaltiError, match="give one of both"):
        Wish(n=5, whole=True)


def test_a_run_keeps_figures_and_pictures_and_shows_them_again(trained):
    run, dataset = trained
    first = stress(run, lambda: dataset, Wish(n=30))
    assert not first.stored
    assert first.attacks.n == 30
    assert first.attacks.by_epsilon[0].epsilon == 1
    kept = run.samples()["corrupted"]
    assert [(entry["corruption"], entry["strength"]) for entry in kept[:6]] == [
        *(("gaussian-noise", strength) for strength in range(1, 6)),
        ("shot-noise", 1),
    ]
    assert len(kept) == 75
    assert all((run.samples_folder / entry["file"]).is_file() for entry in kept)

    def refuse():
        raise AssertionError("the data were loaded")

    for wish in (Wish(), Wish(n=30), Wish(n=30, attacks=False)):
        again = stress(run, refuse, wish)
        assert again.stored
        assert again == first
    assert stress(run, lambda: dataset, Wish(n=30), again=True).times_opened == 2
    other = stress(run, lambda: dataset, Wish(whole=True))
    assert (other.n, other.times_opened, other.stored) == (60, 3, False)
    assert stress(run, refuse, Wish(n=2000)).stored


def test_attacks_that_were_left_out_are_made_up_for(trained):
    run, dataset = trained
    without = stress(run, lambda: dataset, Wish(n=15, attacks=False))
    assert (without.attacks, without.no_attacks) == (None, LEFT_OUT)
    assert stress(run, lambda: dataset, Wish()).attacks is not None


def test_figures_of_other_weights_are_not_shown(trained):
    run, dataset = trained
    stress(run, lambda: dataset, Wish(n=15, attacks=False))
    weights, epoch = run.read_model()
    run.write_model({name: value + 1 for name, value in weights.items()}, epoch)
    assert run.stress() is None
    assert not stress(run, lambda: dataset, Wish(n=15, attacks=False)).stored


def test_a_damaged_file_names_the_command_that_writes_it_again(trained):
    run, dataset = trained
    stress(run, lambda: dataset, Wish(n=15, attacks=False))
    content = json.loads(run.stress_file.read_text())
    del content["clean"]
    run.stress_file.write_text(json.dumps(content))
    with pytest.raises(SmaltiError, match=r"damaged.*smalti stress .* --again"):
        stress(run, lambda: dataset, Wish())
    assert not stress(run, lambda: dataset, Wish(n=15, attacks=False), again=True).stored


def test_other_data_are_refused_and_nothing_is_written(trained):
    run, _ = trained
    record = run.environment()
    run.write_environment({**record, "data": {**record["data"], "fingerprint": "other"}})
    with pytest.raises(SmaltiError, match="not the pictures that"):
        stress(run, lambda: tiny_dataset(), Wish())
    assert not run.stress_file.exists()


def test_a_classical_method_is_measured_and_says_why_nobody_attacks_it(npz, tmp_path):
    run = smalti.train(npz(), "logistic-regression", out=tmp_path, listener=Listener())
    found = smalti.stress(run, n=15)
    assert found.attacks is None
    assert found.no_attacks.endswith("a classical method has none.")
    assert (run.plots_folder / "stress.png").is_file()
    assert smalti.stress(run).stored


@pytest.mark.parametrize(("classes", "channels"), [(2, 3), (3, 1)])
def test_without_validation_and_with_few_classes_it_works_too(npz, tmp_path, classes, channels):
    data = npz(classes=classes, channels=channels)
    run = smalti.train(
        data, "dense", epochs=1, set={"data.validation": 0}, out=tmp_path, listener=Listener()
    )
    found = smalti.stress(run, all=True)
    assert found.n == found.of == 30
    assert found.attacks.n == 30
    assert smalti.plot(run, "stress").alt.startswith("Noise, accuracy by strength")
