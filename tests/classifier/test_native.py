import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from smalti.classifier.loading import load_run
from smalti.classifier.native import NativeClassifier
from smalti.errors import SmaltiError
from smalti.metrics import softmax
from smalti.recipes import resolve
from smalti.runs import Run
from smalti.training import session
from tests.datasets import tiny_dataset


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    recipe = resolve(
        "cnn", "tiny", {"training.epochs": 12, "training.batch_size": 16, "model.filters": (8, 8),
                        "model.hidden": (16,), "optimizer.learning_rate": 0.01},
    )  # fmt: skip
    return session.start(recipe, tiny_dataset(), tmp_path_factory.mktemp("runs"))


@pytest.fixture
def copy(run, tmp_path):
    for file in run.path.rglob("*"):
        if file.is_file():
            target = tmp_path / file.relative_to(run.path)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(file.read_bytes())
    return Run(tmp_path)


def test_logits_are_the_stored_validation_outputs(run):
    part = tiny_dataset().part("validation")
    logits, labels = run.outputs("validation")
    found = NativeClassifier.load(run).logits_of(part)
    np.testing.assert_array_equal(found, logits)
    np.testing.assert_array_equal(labels, part.labels)


def test_probabilities_sum_to_one_and_follow_the_temperature(run):
    classifier = NativeClassifier.load(run)
    images = tiny_dataset().part("test").pictures()
    cold = classifier.predict_proba(images)
    np.testing.assert_allclose(cold.sum(1), 1)
    assert classifier.calibration == run.calibration()
    np.testing.assert_allclose(
        cold, softmax(classifier.logits(images) / run.calibration().temperature)
    )
    classifier.calibration = replace(classifier.calibration, temperature=100.0)
    assert classifier.predict_proba(images).max() < cold.max()


def test_unsure_answers_are_marked_with_the_reason(run):
    classifier = NativeClassifier.load(run)
    images = tiny_dataset().part("test").pictures()
    found = classifier.calibration = replace(
        run.calibration(), abstain_below=0.999, marked_accuracy=0.5
    )
    marked = [bool(answer.unsure) for answer in classifier.predict(images)]
    assert marked == [answer.confidence < 0.999 for answer in classifier.predict(images)]
    assert True in marked
    reasons = {answer.unsure for answer in classifier.predict(images)} - {""}
    assert reasons == {
        "below 99.90 %, where 50.00 % of the answers on validation pictures were right"
    }
    classifier.calibration = replace(found, marked_accuracy=None)
    reasons = {answer.unsure for answer in classifier.predict(images)} - {""}
    assert reasons == {f"below 99.90 %, the least sure of {found.n} validation pictures"}


def test_a_threshold_of_ones_own_overrules_that_of_validation(run):
    classifier = NativeClassifier.load(run)
    images = tiny_dataset().part("test").pictures()
    assert not any(answer.unsure for answer in classifier.predict(images, abstain_below=0))
    everything = classifier.predict(images, abstain_below=1)
    assert {answer.unsure for answer in everything if answer.confidence < 1} == {
        "below the 100.00 % asked for"
    }
    with pytest.raises(SmaltiError, match="expects a probability, 0 to 1, not 70"):
        classifier.predict(images, abstain_below=70)


def test_sets_of_classes_grow_with_the_coverage(run):
    classifier = NativeClassifier.load(run)
    images = tiny_dataset().part("test").pictures()
    assert all(answer.classes == () for answer in classifier.predict(images))
    sets = [classifier.predict(images, coverage=wanted) for wanted in (0.8, 0.95)]
    for few, many in zip(*sets, strict=True):
        assert few.classes[0] == many.classes[0] == few.label
        assert set(few.classes) <= set(many.classes)
    with pytest.raises(SmaltiError, match=r"need at least 99 validation pictures; this .* had 30"):
        classifier.predict(images, coverage=0.99)
    with pytest.raises(SmaltiError, match=r"a fraction up to 0\.999, not 95"):
        classifier.predict(images, coverage=95)
    classifier.calibration = None
    with pytest.raises(SmaltiError, match="there were none for this classifier"):
        classifier.predict(images, coverage=0.9)


def test_a_calibration_of_other_weights_is_not_used(copy):
    weights, epoch = copy.read_model()
    copy.write_model({name: array * 2 for name, array in weights.items()}, epoch)
    assert copy.calibration() is None
    assert load_run(copy).temperature == 1.0


def test_files_bytes_and_arrays_give_the_same_answer(run, tmp_path):
    picture = tiny_dataset().part("test").pictures([4])[0]
    path = tmp_path / "a b ü.png"
    Image.fromarray(picture[..., 0]).save(path)
    classifier = NativeClassifier.load(run)
    answers = [
        classifier.predict(source)[0]
        for source in (
            path,
            str(path),
            path.read_bytes(),
            [path],
            picture[None],
            picture[None, ..., 0],
        )
    ]
    assert {(answer.label, round(answer.confidence, 6)) for answer in answers} == {
        (answers[0].label, round(answers[0].confidence, 6))
    }
    assert set(answers[0].probabilities) == {"bar", "column", "ring"}


def test_a_bad_file_is_reported_in_its_place(run, tmp_path):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.fromarray(np.zeros((12, 12), np.uint8)).save(good)
    bad.write_bytes(b"not a picture")
    answers = NativeClassifier.load(run).predict([bad, good, tmp_path / "missing.png"])
    assert [bool(answer.error) for answer in answers] == [True, False, True]
    assert answers[0].label == ""
    assert answers[0].source == str(bad)


def test_an_array_of_another_shape_is_refused(run):
    with pytest.raises(SmaltiError, match=r"uint8 pictures N×12×12×1, not uint8 2×5×5×1"):
        NativeClassifier.load(run).predict(np.zeros((2, 5, 5, 1), np.uint8))
    with pytest.raises(SmaltiError, match="not float32"):
        NativeClassifier.load(run).predict_proba(np.zeros((2, 12, 12, 1), np.float32))


@pytest.mark.parametrize("name", ["classifier.json", "model.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "edited"])
def test_a_damaged_run_is_one_sentence(copy, name, damage):
    file = copy.path / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif name == "classifier.json":
        description = json.loads(content)
        description["class_names"].append("a fourth")
        file.write_text(json.dumps(description))
    else:
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 255]))
    with pytest.raises(SmaltiError, match=name) as caught:
        NativeClassifier.load(copy)
    assert "smalti train --resume" in caught.value.hint


def test_classifier_json_may_hold_unknown_models_only_as_an_error(copy):
    description = copy.classifier()
    description["model"]["name"] = "cnnn"
    copy.write_classifier(description)
    with pytest.raises(SmaltiError, match="Did you mean 'cnn'"):
        NativeClassifier.load(copy)
