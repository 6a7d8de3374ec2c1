"""Cuts are stratified, exact, the same everywhere, and independent of each other."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.data.dataset import Dataset, Part
from smalti.data.splits import joined, proportional, stratified, with_parts
from smalti.errors import SmaltiError

# Classes of very different sizes, in no order.
SIZES = (400, 100, 33, 7)
LABELS = np.random.default_rng(3).permutation(np.repeat(np.arange(4), SIZES))


def dataset(test: bool = False, validation: bool = False, labels: np.ndarray = LABELS) -> Dataset:
    """Return pictures that hold their own number, so that a mix-up of rows would show."""
    images = np.arange(len(labels), dtype=np.uint32).view(np.uint8).reshape(-1, 2, 2, 1)
    parts = {"train": Part.whole(images, labels)}
    for name in ["validation"] * validation + ["test"] * test:
        parts[name] = Part.whole(images[:40], labels[:40])
    names = tuple("abcd")
    return Dataset("numbers", "numbers", names, parts, fingerprint="", split="given split")


def rows(data: Dataset, part: str) -> set[int]:
    return set(data.part(part).rows.tolist())


@pytest.mark.parametrize("test", [True, False])
@pytest.mark.parametrize("validation", [0.1, 0.25, 0, 60])
def test_parts_are_disjoint_and_lose_nothing(test: bool, validation: float) -> None:
    data = with_parts(dataset(test=test), validation)
    cut = [name for name in data.parts if not (test and name == "test")]
    everything = np.concatenate([data.part(name).rows for name in cut])
    assert sorted(everything) == list(range(len(LABELS)))
    assert list(data.parts) == ["train", *["validation"] * (validation > 0), "test"]
    for part in data.parts.values():
        assert (part.labels == LABELS[part.rows]).all()
        assert (np.diff(part.rows) > 0).all()


def test_no_picture_is_copied() -> None:
    given = dataset()
    data = with_parts(given)
    assert all(part.images is given.part("train").images for part in data.parts.values())


def test_sizes_are_exact_and_every_class_has_its_share() -> None:
    data = with_parts(dataset(test=True), 0.1)
    assert len(data.part("validation")) == 54
    assert np.bincount(data.part("validation").labels).tolist() == [40, 10, 3, 1]
    assert len(with_parts(dataset(test=True), 123).part("validation")) == 123


def test_the_cut_is_the_same_on_every_machine() -> None:
    # Frozen: a change here would silently give every earlier run other validation pictures.
    assert stratified(np.arange(12) % 3, 6, seed=0).tolist() == [1, 2, 3, 6, 7, 11]
    assert stratified(np.arange(12) % 3, 6, seed=1).tolist() == [0, 2, 4, 5, 7, 9]
    labels = np.arange(540) * np.arange(540) % 4
    assert stratified(labels, 9, seed=0, stream=1).tolist() == [
        7,
        10,
        35,
        130,
        140,
        259,
        289,
        380,
        460,
    ]


def test_only_the_split_seed_moves_the_cut() -> None:
    first, again = with_parts(dataset(), split_seed=0), with_parts(dataset(), split_seed=0)
    other = with_parts(dataset(), split_seed=1)
    for name in ("train", "validation", "test"):
        assert rows(first, name) == rows(again, name)
        assert rows(first, name) != rows(other, name)


@pytest.mark.parametrize("validation", [0, 0.05, 0.3, 7, 200])
def test_our_test_part_does_not_depend_on_validation(validation: float) -> None:
    expected = rows(with_parts(dataset()), "test")
    assert rows(with_parts(dataset(), validation), "test") == expected
    assert rows(with_parts(dataset(validation=True), validation), "test") == expected
    assert len(expected) == 54


def test_our_test_part_does_not_depend_on_validation_with_small_classes() -> None:
    labels = np.repeat(np.arange(4), (3, 3, 4, 90))
    tests = [rows(with_parts(dataset(labels=labels), v), "test") for v in (0, 0.1, 0.4, 8)]
    assert all(other == tests[0] for other in tests)


def test_larger_cuts_contain_smaller_ones() -> None:
    small = rows(with_parts(dataset(test=True), 0.1), "validation")
    assert small < rows(with_parts(dataset(test=True), 0.2), "validation")


@pytest.mark.parametrize(
    ("validation", "words"),
    [
        (0.1, "our own 80/10/10 split"),
        (0.25, "our own 65/25/10 split"),
        (0.07, "our own 83/7/10 split"),
        (0, "our own 90/10 split"),
        (60, "our own split: 10 % test, 60 pictures validation"),
    ],
)
def test_our_own_split_is_labelled(validation: float, words: str) -> None:
    assert with_parts(dataset(), validation).split == words
    assert with_parts(dataset(test=True), validation).split == "given split"


def test_a_share_of_our_own_split_is_of_all_pictures() -> None:
    data = with_parts(dataset(), 0.1)
    assert [len(data.part(name)) for name in data.parts] == [432, 54, 54]


def test_a_given_validation_part_is_used_as_it_is(said: pytest.LogCaptureFixture) -> None:
    given = dataset(test=True, validation=True)
    assert with_parts(given).part("validation") is given.part("validation")
    assert said.text == ""
    assert with_parts(given, 0.3).part("validation") is given.part("validation")
    assert "numbers brings its own validation part (40 pictures)" in said.text


def test_without_validation_a_given_part_goes_to_train(said: pytest.LogCaptureFixture) -> None:
    given = dataset(test=True, validation=True)
    data = with_parts(given, 0)
    assert list(data.parts) == ["train", "test"]
    assert len(data.part("train")) == len(LABELS) + 40
    assert "validation part of numbers (40 pictures) is added to train" in said.text


def test_joining_parts_of_one_array_keeps_the_order_of_rows() -> None:
    whole = dataset().part("train")
    both = joined(whole.only(np.array([1, 5])), whole.only(np.array([0, 3])))
    assert both.images is whole.images
    assert both.rows.tolist() == [0, 1, 3, 5]
    assert (both.labels == LABELS[[0, 1, 3, 5]]).all()


def test_joining_parts_of_two_arrays_copies_their_pictures() -> None:
    one, other = dataset().part("train").only(np.array([2, 4])), dataset().part("train")
    both = joined(one, other)
    assert (both.pictures() == np.concatenate([one.pictures(), other.pictures()])).all()


@pytest.mark.parametrize(
    ("sizes", "total", "spare", "gives"),
    [
        ([10, 10, 10], 3, 1, [1, 1, 1]),
        ([400, 100, 33, 7], 54, 1, [40, 10, 3, 1]),
        ([5, 5], 3, 1, [2, 1]),  # equal remainders: the first class
        ([97, 1, 1, 1], 10, 0, [7, 1, 1, 1]),  # never none
        ([2, 2, 96], 90, 1, [1, 1, 88]),  # never all
        ([3, 0, 3], 2, 1, [1, 0, 1]),  # an empty class gives nothing
        ([2, 2], 4, 1, [1, 1]),  # more than there is to give
    ],
)
def test_proportions(sizes: list[int], total: int, spare: int, gives: list[int]) -> None:
    assert proportional(sizes, total, spare) == gives


@pytest.mark.parametrize(
    "validation", [-0.1, 1.5, float("nan"), float("inf"), True, "0.1", None, -3]
)
def test_impossible_amounts_are_refused(validation: object) -> None:
    with pytest.raises(SmaltiError, match=r"expected a fraction from 0 to below 1, or a whole"):
        with_parts(dataset(), validation)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [-1, 0.5, "0", None])
def test_impossible_seeds_are_refused(seed: object) -> None:
    with pytest.raises(SmaltiError, match="expected a whole number from 0 up"):
        with_parts(dataset(), 0.1, seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("validation", [537, 3, 5000, 1])
def test_a_number_that_leaves_a_class_without_pictures_is_refused(validation: int) -> None:
    with pytest.raises(SmaltiError, match="each need a picture of every class") as caught:
        with_parts(dataset(test=True), validation)
    assert "from 4 to 536" in caught.value.hint
    assert len(with_parts(dataset(test=True), 536).part("train")) == 4


def test_a_fraction_that_leaves_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(SmaltiError, match=r"513 pictures cannot be cut from 486 pictures"):
        with_parts(dataset(), 0.95)


def test_a_tiny_fraction_still_gives_every_class_a_picture() -> None:
    counts = np.bincount(with_parts(dataset(test=True), 0.001).part("validation").labels)
    assert counts.tolist() == [1, 1, 1, 1]


def test_a_class_with_a_single_picture_is_refused_where_validation_is_cut() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1, 2])
    given = dataset(test=True, labels=labels)
    with pytest.raises(SmaltiError, match=r"class 'c' \(1\): each class needs at least 2") as one:
        with_parts(given)
    assert "with validation 0" in one.value.hint
    assert len(with_parts(given, 0).part("train")) == 7


def test_a_class_with_two_pictures_is_refused_where_two_parts_are_cut() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    with pytest.raises(SmaltiError, match="at least 3, one for each of train, validation, test"):
        with_parts(dataset(labels=labels))
    assert list(with_parts(dataset(labels=labels), 0).parts) == ["train", "test"]
