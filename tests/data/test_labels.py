"""Labels as people have them become whole numbers from 0, and every class keeps its name."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.data.labels import encode, names_from, natural
from smalti.errors import SmaltiError

CATS = ["cat", "dog", "cat", "bird"]


def encoded(labels: object, names: list[str] | None = None) -> tuple[list[int], tuple[str, ...]]:
    arrays, class_names = encode({"y": labels}, names)
    assert arrays["y"].dtype == np.int64
    return arrays["y"].tolist(), class_names


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 2, 1, 2]),
        np.array([0, 2, 1, 2], np.uint8),
        np.array([0, 2, 1, 2], ">i2"),
        np.array([0.0, 2.0, 1.0, 2.0], np.float32),
        np.array([[0], [2], [1], [2]]),
        [0, 2, 1, 2],
        np.eye(3)[[0, 2, 1, 2]],
        np.eye(3, dtype=np.uint8)[[0, 2, 1, 2]],
        np.eye(3, dtype=bool)[[0, 2, 1, 2]],
    ],
)
def test_numbers_in_all_their_forms(labels: object) -> None:
    assert encoded(labels) == ([0, 2, 1, 2], ("0", "1", "2"))


@pytest.mark.parametrize(
    "labels",
    [
        CATS,
        np.array(CATS),
        np.array(CATS, dtype="S"),
        np.array(CATS, dtype=object),
        np.array(CATS)[:, np.newaxis],
        np.array(CATS, dtype=np.dtypes.StringDType()),
    ],
)
def test_text_in_all_its_forms(labels: object) -> None:
    assert encoded(labels) == ([1, 2, 1, 0], ("bird", "cat", "dog"))


def test_text_is_sorted_naturally() -> None:
    names = ["class 10", "class 2", "Class 1", "class 2"]
    assert encoded(names) == ([2, 1, 0, 1], ("Class 1", "class 2", "class 10"))


def test_truth_values_are_two_classes() -> None:
    assert encoded(np.array([True, False, True])) == ([1, 0, 1], ("False", "True"))


@pytest.mark.parametrize(
    ("labels", "names"),
    [([1, 2, 3, 1], ("1", "2", "3")), ([7, 0, 99, 7], ("0", "7", "99")), ([-1, 1], ("-1", "1"))],
)
def test_other_numbers_are_numbered_anew_and_said(
    labels: list[int], names: tuple[str, ...], said: pytest.LogCaptureFixture
) -> None:
    numbers, found = encoded(labels)
    assert found == names
    assert [names[number] for number in numbers] == [str(label) for label in labels]
    assert "numbered from 0" in said.text


def test_numbers_from_0_are_taken_without_a_word(said: pytest.LogCaptureFixture) -> None:
    encoded([0, 1, 2])
    assert said.text == ""


def test_given_names_say_which_classes_there_are(said: pytest.LogCaptureFixture) -> None:
    assert encoded([0, 2, 2], ["a", "b", "c"]) == ([0, 2, 2], ("a", "b", "c"))
    assert "No training picture shows 'b'" in said.text


def test_given_names_order_text() -> None:
    assert encoded(CATS, ["dog", "cat", "bird"]) == ([1, 0, 1, 2], ("dog", "cat", "bird"))


def test_parts_share_their_numbers() -> None:
    arrays, _ = encode({"y_train": [5, 6, 7], "y_test": [7, 7]})
    assert arrays["y_test"].tolist() == [2, 2]
    arrays, _ = encode({"y_train": CATS, "y_test": ["dog"]})
    assert arrays["y_test"].tolist() == [2]
    arrays, _ = encode({"y_train": np.eye(3)[[0, 1]], "y_test": [2]})
    assert arrays["y_test"].tolist() == [2]


REFUSED = {
    "one class": ([3, 3, 3], None, r"All pictures have one class \('3'\)"),
    "one class in text": (["a", "a"], None, "All pictures have one class"),
    "fractions": ([0.5, 1.0], None, "fractions, NaN or huge"),
    "huge fractions": ([0.0, 1e300], None, "huge numbers"),
    "huge numbers": (np.array([0, 2**63], np.uint64), None, "huge numbers"),
    "infinite": ([0.0, np.inf], None, "fractions, NaN"),
    "empty text": (["", "a", ""], None, "y_train has 2 empty labels"),
    "nan": ([0.0, np.nan], None, "fractions, NaN or huge"),
    "negative": ([-1, 0, 1, 2], None, "out of range: the smallest is -1"),
    "too high for the names": ([0, 1, 2], ["a", "b"], "out of range: 2; expected 0 to 1"),
    "too low for the names": ([-1, 0, 1], ["a", "b"], "out of range: -1; expected 0 to 1"),
    "text beside the names": (CATS, ["cat", "dog", "brid"], r"Did you mean 'brid'\?"),
    "probabilities": (np.array([[0.2, 0.8], [0.9, 0.1]]), None, "not a single 1 in every row"),
    "two ones": (np.array([[1, 1, 0], [0, 0, 1]]), None, "not a single 1 in every row"),
    "no one": (np.array([[0, 0, 0], [0, 0, 1]]), None, "not a single 1 in every row"),
    "three axes": (np.zeros((2, 2, 2)), None, "has the shape 2×2×2"),
    "a single value": (3, None, "has the shape a single value"),
    "objects": (np.array([{}, {}], dtype=object), None, "holds Python objects"),
    "text and numbers": (np.array(["a", 1], dtype=object), None, "holds Python objects"),
    "nothing": (None, None, "holds Python objects"),
    "ragged": ([[1, 2], [3]], None, "not an array of labels"),
    "dates": (np.zeros(3, "datetime64[s]"), None, "the type datetime64"),
    "other one-hot": (np.eye(3), ["a", "b"], "2 class names were given for 3 one-hot columns"),
}


@pytest.mark.parametrize(("labels", "names", "words"), REFUSED.values(), ids=REFUSED)
def test_other_labels_are_refused(labels: object, names: list[str] | None, words: str) -> None:
    with pytest.raises(SmaltiError, match=words):
        encode({"y_train": labels}, names)


def test_labels_from_1_with_names_get_the_way_out() -> None:
    with pytest.raises(SmaltiError) as caught:
        encode({"y_train": [1, 2, 3]}, ["a", "b", "c"])
    assert "y - 1" in caught.value.hint


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        ([0, 1], [1, 2], "y_test has labels out of range: '2' is not among the classes of y_train"),
        (CATS, ["bird", "horse"], "y_test has labels out of range: 'horse'"),
        (CATS, [0, 1], "y_test holds numbers, y_train holds text"),
        (np.eye(3), np.eye(4), "y_test has 4 one-hot columns, y_train has 3"),
        (np.eye(3), [3], "y_test has labels out of range: 3; expected 0 to 2"),
    ],
)
def test_a_class_that_train_lacks_is_refused(train: object, test: object, words: str) -> None:
    with pytest.raises(SmaltiError, match=words):
        encode({"y_train": train, "y_test": test})


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a", "b", "a"], "names the class 'a' twice"),
        ([], "must be a list of names"),
        ([["a", "b"]], "must be a list of names"),
        ([1.5, 2.5], "must be a list of names"),
        ("abc", "must be a list of names"),
    ],
)
def test_class_names_must_be_a_list_of_names(names: object, words: str) -> None:
    with pytest.raises(SmaltiError, match=words):
        names_from(names, "class_names")


def test_class_names_may_be_bytes() -> None:
    assert names_from(np.array(["é", "b"]), "class_names") == ("é", "b")
    assert names_from(np.array([b"\xc3\xa9", b"b"]), "class_names") == ("é", "b")


def test_bytes_that_are_no_text_stay_different_classes() -> None:
    assert encoded(np.array([b"\xff", b"\xfe", b"a"]))[1] == ("\\xfe", "\\xff", "a")


def test_natural_order() -> None:
    names = ["10", "9", "1a", "a10b2", "a10b10", "A9", "é", "z", "1"]
    assert sorted(names, key=natural) == ["1", "1a", "9", "10", "A9", "a10b2", "a10b10", "z", "é"]
