"""A pooled split: exact, stratified, the same everywhere, and never taken for the official test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smalti.data.dataset import Dataset, Part
from smalti.data.fingerprints import fingerprint
from smalti.data.load import load_data
from smalti.data.pooling import divided_anew, parse_percent
from smalti.errors import SmaltiError
from tests.support import shapes

SIZES = (400, 100, 33, 7)
LABELS = np.random.default_rng(3).permutation(np.repeat(np.arange(4), SIZES))


def published(labels: np.ndarray = LABELS, shared: bool = True) -> Dataset:
    """Return a set with train, validation and test; each picture holds its own number."""
    images = np.arange(len(labels), dtype=np.uint32).view(np.uint8).reshape(-1, 2, 2, 1)
    whole = Part.whole(images, labels)
    thirds = np.array_split(np.arange(len(labels)), 3)
    parts = {
        name: whole.only(rows) if shared else Part.whole(images[rows], labels[rows])
        for name, rows in zip(("train", "validation", "test"), thirds, strict=True)
    }
    return Dataset("numbers", "numbers", tuple("abcd"), parts, "f" * 64)


def numbers(data: Dataset, part: str) -> list[int]:
    return data.part(part).pictures().reshape(-1, 4).view(np.uint32).ravel().tolist()


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("split", ["80/10/10", "60/20/20", "90/0/10", "33.3/33.3/33.4"])
def test_every_picture_is_in_exactly_one_part_with_its_label(split: str, shared: bool) -> None:
    data = divided_anew(published(shared=shared), split)
    everything = [number for name in data.parts for number in numbers(data, name)]
    assert sorted(everything) == list(range(540))
    for name, part in data.parts.items():
        assert (part.labels == LABELS[numbers(data, name)]).all()
    assert ("validation" in data.parts) == (split != "90/0/10")


def test_sizes_are_exact_and_every_class_has_its_share() -> None:
    data = divided_anew(published(), "80/10/10")
    assert [len(part) for part in data.parts.values()] == [432, 54, 54]
    for name in ("validation", "test"):
        assert np.bincount(data.part(name).labels).tolist() == [40, 10, 3, 1]


def test_only_the_split_seed_moves_it() -> None:
    first, again = divided_anew(published(), "80/10/10"), divided_anew(published(), "80/10/10")
    other = divided_anew(published(), "80/10/10", split_seed=1)
    for name in first.parts:
        assert numbers(first, name) == numbers(again, name)
        assert numbers(first, name) != numbers(other, name)


def test_the_parts_that_came_do_not_matter_but_their_pictures_do() -> None:
    shared, apart = (divided_anew(published(shared=s), "80/10/10") for s in (True, False))
    assert numbers(shared, "test") == numbers(apart, "test")
    assert shared.fingerprint == "f" * 64  # nothing was copied: the content is as it was
    assert apart.fingerprint == fingerprint(apart) != "f" * 64


def test_no_picture_is_copied_from_a_shared_array() -> None:
    given = published()
    data = divided_anew(given, "80/10/10")
    assert all(part.images is given.part("train").images for part in data.parts.values())


@pytest.mark.parametrize(
    ("split", "parts", "label"),
    [
        ("official split", ("train", "test"), "our own split 80/10/10, not the official test"),
        ("given split", ("train", "test"), "our own split 80/10/10, not the given test"),
        ("given split", ("train",), "our own split 80/10/10"),
        ("our own 60/20/20 split", ("train", "test"), "our own split 80/10/10"),
    ],
)
def test_results_will_say_which_test_it_is_not(
    split: str, parts: tuple[str, ...], label: str
) -> None:
    whole = published(np.arange(90) % 4)
    given = replace(whole, split=split, parts={name: whole.part(name) for name in parts})
    data = divided_anew(given, "80 / 10/10")
    assert (data.split, data.pooled) == (label, "80/10/10")
    again = divided_anew(data, "70/20/10", split_seed=2)
    assert (again.split, again.pooled) == (label.replace("80/10", "70/20"), "70/20/10")


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ("80/10", "expected three numbers"),
        ("80/10/5/5", "expected three numbers"),
        ("80-10-10", "expected three numbers"),
        ("a/b/c", "expected three numbers"),
        ("-80/90/90", "expected three numbers"),
        ("1e2/0/0", "expected three numbers"),
        ("80/10/20", "sums to 110"),
        ("0.8/0.1/0.1", "sums to 1;"),
        ("90/10/0", "leaves nothing for the test part"),
        ("0/50/50", "leaves nothing for the train part"),
    ],
)
def test_impossible_splits_are_refused(split: str, words: str) -> None:
    with pytest.raises(SmaltiError, match=words) as caught:
        load_data("./nothing", split=split)  # before anything is read
    assert "80/10/10" in caught.value.hint


def test_exact_percent_have_no_rounding() -> None:
    assert str(parse_percent("33.3/33.3/33.4")) == "33.3/33.3/33.4"
    assert str(parse_percent("80.0/10.00/10")) == "80/10/10"


@pytest.mark.parametrize("validation", [0, 0.2, 50])
def test_another_validation_contradicts(validation: float) -> None:
    with pytest.raises(SmaltiError, match="contradict each other: the split already says that 10"):
        load_data("./nothing", split="80/10/10", validation=validation)


def test_a_validation_that_agrees_is_taken(npz: Callable[..., Path]) -> None:
    data = load_data(npz(80, 20), split="70/20/10", validation=0.2)
    assert [len(part) for part in data.parts.values()] == [70, 20, 10]


def test_a_class_that_is_too_small_is_named() -> None:
    labels = np.repeat(np.arange(4), (10, 10, 10, 2))
    with pytest.raises(SmaltiError, match=r"80/10/10 in 1 class: 'd' \(2\); each class needs one"):
        divided_anew(published(labels), "80/10/10")
    assert np.bincount(divided_anew(published(labels), "90/0/10").part("test").labels)[3] == 1


def test_small_classes_are_in_every_part() -> None:
    labels = np.repeat(np.arange(4), (90, 3, 3, 4))
    data = divided_anew(published(labels), "98/1/1")
    for part in data.parts.values():
        assert set(part.labels) == {0, 1, 2, 3}


def test_npz_folders_arrays_and_built_in_sets(
    npz: Callable[..., Path], pictures: Callable[..., Path]
) -> None:
    arrays = (*shapes(80), *shapes(20, seed=1))
    sources = {"npz": npz(80, 20), "folder": pictures(10), "arrays": arrays, "digits": "digits"}
    totals = {"npz": 100, "folder": 30, "arrays": 100, "digits": 1797}
    for kind, source in sources.items():
        data = load_data(source, split="80/10/10", split_seed=4)
        sizes = {name: len(part) for name, part in data.parts.items()}
        tenth = (totals[kind] + 5) // 10
        assert sizes["validation"] == sizes["test"] == tenth
        assert sum(sizes.values()) == totals[kind]
        assert data.split.startswith("our own split 80/10/10")
        assert (data.split_seed, data.validation) == (4, 0.1)


def test_a_pooled_data_set_stays_as_it_is() -> None:
    data = divided_anew(published(), "90/0/10")
    assert load_data(data) is data
    with pytest.raises(SmaltiError, match="contradict"):
        load_data(data, validation=0.3)
    assert len(load_data(data, split="50/25/25").part("test")) == 135


@pytest.mark.real
def test_the_real_mnist_pooled(real_data: Callable[[str], Path]) -> None:
    real_data("mnist")
    data = load_data("mnist", split="80/10/10")
    assert [len(part) for part in data.parts.values()] == [56_000, 7_000, 7_000]
    assert data.split == "our own split 80/10/10, not the official test"
