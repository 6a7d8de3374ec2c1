import csv
from dataclasses import replace

import numpy as np
import pytest

from smalti import conformal
from smalti.errors import SmaltiError
from smalti.evaluation.evaluating import evaluate, measure
from smalti.metrics import expected_calibration_error, log_loss, softmax, wilson_interval
from smalti.recipes import resolve
from smalti.training import session
from tests.datasets import tiny_dataset


@pytest.fixture
def run(tmp_path):
    options = {"training.epochs": 2, "training.batch_size": 16, "model.hidden": (16,)}
    return session.start(resolve("dense", "tiny", options), tiny_dataset(), tmp_path)


def test_everything_that_a_report_needs_is_written(run):
    found = evaluate(run, tiny_dataset)
    stored = run.metrics()
    assert stored == found.metrics
    assert (stored["n"], stored["times_opened"], stored["precision_used"]) == (30, 1, "float32")
    assert (stored["accuracy_low"], stored["accuracy_high"]) == wilson_interval(
        stored["accuracy"], 30
    )
    logits, labels = run.outputs("test")
    assert stored["accuracy"] == np.mean(logits.argmax(1) == labels)
    assert found.confusion.sum() == 30
    assert np.trace(found.confusion) == round(30 * found.accuracy)
    with run.predictions_file.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert np.mean([row["label"] == row["predicted"] for row in rows]) == found.accuracy
    samples = run.samples()
    assert all(note["label"] == note["predicted"] for note in samples["right"])
    assert all(note["label"] != note["predicted"] for note in samples["wrong"])
    predicted = logits.argmax(1)
    pairs = {(note["label"], note["predicted"]) for note in samples["confused"]}
    names = run.classifier()["class_names"]
    assert pairs == {
        (names[labels[i]], names[predicted[i]]) for i in np.flatnonzero(predicted != labels)
    }
    told = [note["confidence"] for note in samples["wrong"]]
    assert told == sorted(told, reverse=True)


def test_loss_and_calibration_error_are_by_the_temperature_and_beside_it_those_without(run):
    stored = evaluate(run, tiny_dataset).metrics
    logits, labels = run.outputs("test")
    found = run.calibration()
    assert stored["temperature"] == found.temperature
    assert stored["loss"] == log_loss(logits / found.temperature, labels)
    assert stored["loss_before"] == log_loss(logits, labels)
    assert stored["ece_before"] == expected_calibration_error(softmax(logits), labels)
    confidence = softmax(logits / found.temperature).max(axis=1)
    sure = confidence >= found.abstain_below
    assert stored["coverage"] == np.mean(sure)
    # 30 validation pictures are enough for sets of 90 and 95 %, and too few for those of 99 %.
    inside = conformal.sets(softmax(logits / found.temperature), found.conformal["95"])
    assert stored["set_coverage/95"] == np.mean(inside[np.arange(len(labels)), labels])
    assert stored["set_size/95"] == np.mean(inside.sum(axis=1))
    assert "set_coverage/99" not in stored
    assert stored["covered_accuracy"] == np.mean((logits.argmax(1) == labels)[sure])
    with run.predictions_file.open(newline="") as file:
        told = [float(row["confidence"]) for row in csv.DictReader(file)]
    assert told == pytest.approx(confidence, abs=1e-6)


def test_without_a_calibration_nothing_is_said_of_one(tmp_path):
    options = {"training.epochs": 1, "training.batch_size": 16, "model.hidden": (16,)}
    data = tiny_dataset(validation=0)
    run = session.start(resolve("dense", "tiny", options), data, tmp_path)
    stored = evaluate(run, lambda: data).metrics
    logits, labels = run.outputs("test")
    assert stored["loss"] == log_loss(logits, labels)
    assert not {"temperature", "ece_before", "coverage"} & stored.keys()


def test_a_second_call_shows_what_is_stored_and_opens_nothing(run):
    first = evaluate(run, tiny_dataset)

    def never():
        raise AssertionError("the test set was opened")

    second = evaluate(run, never)
    assert second.stored
    assert not first.stored
    assert second.metrics == first.metrics


def test_again_measures_and_counts(run):
    evaluate(run, tiny_dataset)
    evaluate(run, tiny_dataset, again=True)
    assert evaluate(run, tiny_dataset, again=True).metrics["times_opened"] == 3


def test_a_result_of_other_weights_is_not_shown_as_this_ones(run):
    evaluate(run, tiny_dataset)
    weights, epoch = run.read_model()
    run.write_model({name: array * 0 for name, array in weights.items()}, epoch)
    found = evaluate(run, tiny_dataset)
    assert not found.stored
    assert found.metrics["times_opened"] == 2


def test_other_data_are_refused(run):
    changed = replace(tiny_dataset(), fingerprint="9" * 64)
    with pytest.raises(SmaltiError, match="not the pictures that"):
        evaluate(run, lambda: changed)
    assert run.metrics() is None


def test_metrics_that_do_not_fit_their_outputs_are_refused(run):
    evaluate(run, tiny_dataset)
    run.write_metrics({**run.metrics(), "n": 31})
    with pytest.raises(SmaltiError, match="do not belong together") as caught:
        evaluate(run, tiny_dataset)
    assert "--again" in caught.value.hint
    assert evaluate(run, tiny_dataset, again=True).n == 30


def test_damaged_metrics_are_replaced_by_measuring_again(run):
    evaluate(run, tiny_dataset)
    run.metrics_file.write_text("{")
    with pytest.raises(SmaltiError, match=r"metrics.json is damaged"):
        evaluate(run, tiny_dataset)
    assert evaluate(run, tiny_dataset, again=True).n == 30


def test_data_without_a_test_part_say_so(run):
    with pytest.raises(SmaltiError, match="called 'test'"):
        evaluate(run, lambda: tiny_dataset(test=0))


def test_top_5_is_given_where_it_means_something():
    random = np.random.default_rng(0)
    for classes, given in ((10, False), (100, True)):
        logits = random.normal(size=(50, classes)).astype(np.float32)
        names = tuple(map(str, range(classes)))
        assert ("top5_accuracy" in measure(logits, np.zeros(50, np.int64), names)) == given
