"""Arrays in memory: checked together, converted, and not copied where they are right already."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.data.load import load_data
from smalti.errors import SmaltiError
from tests.support import shapes

X, Y = shapes(60)
X_TEST, Y_TEST = shapes(30, seed=1)


def test_pictures_and_labels() -> None:
    data = load_data((X, Y))
    assert [len(part) for part in data.parts.values()] == [48, 6, 6]
    assert (data.name, data.source, data.split) == ("arrays", "", "our own 80/10/10 split")
    assert data.image_shape == (12, 12, 1)
    assert data.class_names == ("0", "1", "2")
    for part in data.parts.values():
        assert (part.pictures() == X[part.rows]).all()
        assert (part.labels == Y[part.rows]).all()
        assert np.shares_memory(part.images, X)


@pytest.mark.parametrize(
    "source",
    [
        (X, Y, X_TEST, Y_TEST),
        [X, Y, X_TEST, Y_TEST],
        ((X, Y), (X_TEST, Y_TEST)),
        {"x_train": X, "y_train": Y, "x_test": X_TEST, "y_test": Y_TEST},
        (X.tolist(), Y.tolist(), X_TEST.tolist(), Y_TEST.tolist()),
    ],
    ids=["tuple", "list", "pairs", "mapping", "lists"],
)
def test_with_a_test_part(source: object) -> None:
    data = load_data(source)
    assert [len(part) for part in data.parts.values()] == [54, 6, 30]
    assert (data.part("test").pictures() == X_TEST).all()
    assert (data.part("test").labels == Y_TEST).all()
    assert data.split == "given split"


def test_a_mapping_may_bring_validation() -> None:
    source = {"x_train": X, "y_train": Y, "X_val": X_TEST, "Y_val": Y_TEST}
    data = load_data(source)
    assert (data.part("validation").pictures() == X_TEST).all()
    assert len(load_data(source, validation=0).part("train")) == 54 + 30


def test_tensors_are_taken() -> None:
    import torch

    data = load_data((torch.from_numpy(X.transpose(0, 3, 1, 2) / 255), torch.from_numpy(Y)))
    assert (data.part("train").images == X).all()


def test_what_is_done_to_the_pixels_is_said(said: pytest.LogCaptureFixture) -> None:
    colour = np.concatenate([X] * 4, axis=3)
    data = load_data((colour / 255, Y))
    assert "float64 from 0 to 1: stored as uint8" in said.text
    assert "fourth channel, taken for opacity: laid on white" in said.text
    assert data.image_shape == (12, 12, 3)


def test_pictures_are_scaled_where_a_size_is_asked_for() -> None:
    data = load_data((X, Y), image_size=24)
    assert data.image_shape == (24, 24, 1)
    middle = load_data((np.repeat(X, 2, axis=2), Y), image_size=12)
    assert middle.image_shape == (12, 12, 1)
    assert np.shares_memory(load_data((X, Y), image_size=12).part("train").images, X)


def test_the_fingerprint_is_of_the_content() -> None:
    first = load_data((X, Y)).fingerprint
    assert load_data((X.copy(), Y.tolist()), validation=0, split_seed=3).fingerprint == first
    assert load_data((X / 255, Y)).fingerprint == first
    assert load_data((X[::-1], Y)).fingerprint != first


REFUSED = {
    "more labels than pictures": ((X[:50], Y), "x has 50 pictures, but y has 60 labels"),
    "more pictures than labels": ((X, Y[:50]), "x has 60 pictures, but y has 50 labels"),
    "test labels short": ((X, Y, X_TEST, Y), "x_test has 30 pictures, but y_test has 60"),
    "labels are a number": ((X, 3), "y has no list of labels"),
    "three arrays": ((X, Y, X), r"Got 3 arrays; expected \(x, y\) or \(x, y, x_test, y_test\)"),
    "nothing": ((), "Got 0 arrays"),
    "one array": (X, "Got one array; expected pictures and labels"),
    "swapped": ((Y, X), r"x has the shape 60; expected pictures"),
    "empty": ((X[:0], Y[:0]), "x is empty"),
    "one class": ((X, Y * 0), "All pictures have one class"),
    "one picture of a class": ((X, np.arange(60) // 59), r"class '1' \(1\)"),
    "every label its own": ((X, np.arange(60)), "and 55 more: each class needs at least 3"),
    "another thing": (42, "Cannot load data from int; expected a built-in name, a path"),
    "nothing at all": (None, "Cannot load data from NoneType"),
    "a mapping without names": ({"a": X}, "the mapping has no x_train and y_train; it holds a"),
    "a mapping without labels": ({"x_train": X}, "the mapping has x_train but no y_train"),
}


@pytest.mark.parametrize(("source", "words"), REFUSED.values(), ids=REFUSED)
def test_other_sources_are_refused(source: object, words: str) -> None:
    with pytest.raises(SmaltiError, match=words):
        load_data(source)
