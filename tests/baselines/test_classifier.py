"""What every classical method does, and what is said of it."""

import numpy as np
import pytest

from smalti import names
from smalti.baselines.classifier import LOWEST, fitted
from smalti.metrics import softmax
from smalti.recipes import resolve
from tests.datasets import tiny_dataset


def recipe(method, **options):
    settings = {name.replace("__", "."): value for name, value in options.items()}
    if method == "forest":
        settings.setdefault("baseline.trees", 20)
    return resolve(method, "tiny", settings)


@pytest.mark.parametrize("method", names.BASELINES)
def test_every_method_learns_the_tiny_shapes_and_repeats_itself(method):
    data = tiny_dataset()
    part = data.part("validation")
    classifier, fitting = fitted(recipe(method), data)
    logits = classifier.logits_of(part)
    assert logits.shape == (30, 3)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    # Neighbours count pixels, and the shapes are moved about.
    assert (logits.argmax(axis=1) == part.labels).mean() > (0.55 if "knn" in method else 0.8)
    again, _ = fitted(recipe(method), data)
    np.testing.assert_array_equal(again.logits_of(part), logits)
    assert fitting.pictures == 90


@pytest.mark.parametrize("method", ["knn", "pca-knn", "forest", "logistic-regression"])
def test_probabilities_are_those_of_scikit_learn(method):
    data = tiny_dataset()
    classifier, fitting = fitted(recipe(method), data)
    assert classifier.gives_probabilities
    rows = softmax(classifier.logits_of(data.part("test")))
    pixels = data.part("test").pictures().reshape(30, -1).astype(np.float32) / 255
    np.testing.assert_allclose(rows, classifier._pipeline.predict_proba(pixels), atol=3 * LOWEST)
    assert not any("scores" in fact for fact in fitting.facts)


@pytest.mark.parametrize("method", ["linear-svm", "rbf-svm"])
def test_scores_are_said_to_be_scores(method):
    classifier, fitting = fitted(recipe(method), tiny_dataset())
    assert not classifier.gives_probabilities
    assert "its outputs are scores, not probabilities" in fitting.facts


@pytest.mark.parametrize("method", ["knn", "linear-svm", "rbf-svm"])
def test_two_classes_and_a_class_without_pictures(method):
    data = tiny_dataset()
    train = data.part("train")
    few = train.only(np.flatnonzero(train.labels != 1))
    classifier, _ = fitted(recipe(method), type(data)(**{**vars(data), "parts": {"train": few}}))
    logits = classifier.logits_of(data.part("validation"))
    assert logits.shape == (30, 3)
    assert (logits.argmax(axis=1) != 1).all()
    labels = data.part("validation").labels
    asked = labels != 1
    assert (logits.argmax(axis=1)[asked] == labels[asked]).mean() > 0.7


def test_what_was_left_out_is_said():
    _, fitting = fitted(
        recipe("pca-knn", baseline__pictures=30, baseline__components=5), tiny_dataset()
    )
    assert fitting.pictures == 30
    assert fitting.facts[0] == "fitted on 30 of 90 training pictures"
    assert fitting.facts[1].startswith("5 principal components (")
    _, whole = fitted(recipe("knn"), tiny_dataset())
    assert whole.facts == ()


def test_more_components_than_pixels_leave_the_pixels():
    _, fitting = fitted(recipe("pca-knn", baseline__components=5000), tiny_dataset())
    assert fitting.facts == ()


def test_a_regression_cut_short_says_so(monkeypatch):
    monkeypatch.setattr("smalti.baselines.methods.REGRESSION_ITERATIONS", 1)
    _, fitting = fitted(recipe("logistic-regression"), tiny_dataset())
    assert "stopped before it had converged" in fitting.facts


def test_more_neighbours_than_pictures_are_all():
    classifier, _ = fitted(recipe("knn", baseline__neighbours=500), tiny_dataset())
    assert np.allclose(softmax(classifier.logits_of(tiny_dataset().part("test"))), 1 / 3, atol=1e-5)
