"""Cutting validation and test parts: stratified, by a seed of their own, the same everywhere.

Each picture draws one 64-bit number from PCG64; within a class the pictures with the smallest
numbers are taken. Only the raw stream of the generator is used, which NumPy guarantees never to
change, and whole-number arithmetic: every machine and every release cuts the same pictures.
Larger cuts contain smaller ones with the same seed.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from smalti.data.dataset import PARTS, Dataset, Part
from smalti.errors import SmaltiError, log
from smalti.wording import count, plural

DEFAULT_VALIDATION = 0.1
"""The validation part, where the data has none: fraction of the training pictures."""

TEST_PERCENT = 10
"""Our own test part, where the data has none: percent of the pictures."""

OFFICIAL_SPLIT = "official split"
"""What is said of a test part that the set was published with."""

# The streams are apart, so that the test part never depends on how validation is cut.
VALIDATION_STREAM, TEST_STREAM, FOLD_STREAM = 0, 1, 2


def with_parts(
    dataset: Dataset, validation: float = DEFAULT_VALIDATION, split_seed: int = 0
) -> Dataset:
    """Return the data set with train, validation and test parts; no picture is copied.

    ``validation`` is a fraction (0 ≤ v < 1) or a number of pictures (≥ 1) cut from train; a given
    validation part is used as it is. With 0 there is none, and a given one is added to train. A
    missing test part is cut first, from train, and is the same whatever ``validation`` is.
    """
    amount = _amount(validation)
    check_split_seed(split_seed)
    parts, split = dict(dataset.parts), dataset.split
    cut_test, cut_validation = "test" not in parts, amount > 0 and "validation" not in parts
    _check_class_sizes(dataset, cut_test, cut_validation)
    if "validation" in parts:
        _say_what_happens_to_given(dataset, amount)
    given = dataset.part("train")
    left = np.arange(len(given))
    if cut_test:
        split = _own_split(amount, "validation" in parts)
        chosen = _test_positions(given.labels, split_seed)
        parts["test"], left = given.only(chosen), np.setdiff1d(left, chosen, assume_unique=True)
    if cut_validation:
        size = _validation_size(amount, len(given), given.labels[left])
        chosen = stratified(given.labels, size, split_seed, VALIDATION_STREAM, among=left)
        parts["validation"] = given.only(chosen)
        left = np.setdiff1d(left, chosen, assume_unique=True)
    parts["train"] = given.only(left) if len(left) < len(given) else given
    if amount == 0 and "validation" in parts:
        parts["train"] = joined(parts["train"], parts.pop("validation"))
    ordered = {name: parts[name] for name in PARTS if name in parts}
    if cut_test or cut_validation or amount == 0:
        dataset = replace(dataset, validation=validation, split_seed=split_seed)
    return replace(dataset, parts=ordered, split=split)


def _test_positions(labels: np.ndarray, seed: int) -> np.ndarray:
    size = _at_least_one_each(labels, _share(TEST_PERCENT / 100, len(labels)))
    return stratified(labels, size, seed, TEST_STREAM, spare=2)


def check_split_options(validation: float, split_seed: int) -> None:
    """Refuse options that no data set could be cut with, before any of it is read."""
    _amount(validation)
    check_split_seed(split_seed)


def stratified(
    labels: np.ndarray,
    size: int,
    seed: int,
    stream: int = 0,
    *,
    among: np.ndarray | None = None,
    spare: int = 1,
) -> np.ndarray:
    """Return ``size`` positions of ``labels``, sorted, every class in proportion.

    Only the positions ``among`` are chosen from. Every class gives at least one picture and keeps
    at least ``spare``, where it has that many; classes without pictures give none.
    """
    among = np.arange(len(labels)) if among is None else among
    numbers = np.random.PCG64(np.random.SeedSequence((seed, stream))).random_raw(len(labels))
    classes = labels[among]
    order = np.lexsort((numbers[among], classes))
    sizes = np.bincount(classes)
    takes = np.array(proportional(sizes.tolist(), size, spare), dtype=np.int64)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(among[order[rank < np.repeat(takes, sizes)]])


def folds_of(labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return for each label the number of its fold, from 0; every class is dealt out evenly.

    Folds, and the pictures of a class in them, differ by one picture at most.
    """
    numbers = np.random.PCG64(np.random.SeedSequence((seed, FOLD_STREAM))).random_raw(len(labels))
    dealt = np.empty(len(labels), dtype=np.int64)
    dealt[np.lexsort((numbers, labels))] = np.arange(len(labels)) % folds
    return dealt


def proportional(sizes: list[int], total: int, spare: int = 1) -> list[int]:
    """Return how many each class gives so that all give ``total``, by largest remainder.

    In whole numbers; a class of n > 0 gives between 1 and n - ``spare`` (1 where that is less).
    All together give less than ``total`` only where the classes have no more to give.
    """
    everyone = sum(sizes)
    low = [min(n, 1) for n in sizes]
    high = [max(least, n - spare) for least, n in zip(low, sizes, strict=True)]
    gives = [
        min(max(total * n // everyone, least), most)
        for n, least, most in zip(sizes, low, high, strict=True)
    ]
    while sum(gives) != total:
        step = 1 if sum(gives) < total else -1
        limits = high if step > 0 else low
        free = [k for k in range(len(sizes)) if gives[k] != limits[k]]
        if not free:
            break
        # The class that is furthest from its exact share; the first of equals.
        owed = max(free, key=lambda k: (step * (total * sizes[k] - gives[k] * everyone), -k))
        gives[owed] += step
    return gives


def joined(first: Part, second: Part) -> Part:
    """Return one part with the pictures of two; copied only where their arrays differ."""
    labels = np.concatenate([first.labels, second.labels])
    if first.images is not second.images:
        return Part.whole(np.concatenate([first.pictures(), second.pictures()]), labels)
    rows = np.concatenate([first.rows, second.rows])
    order = np.argsort(rows, kind="stable")
    return Part(first.images, labels[order], rows[order])


def _amount(validation: float) -> float:
    """Return the fraction (0 ≤ v < 1) or whole number (≥ 1) that was asked for."""
    number = isinstance(validation, int | float | np.integer | np.floating)
    if number and not isinstance(validation, bool) and math.isfinite(validation):
        value = float(validation)
        if 0 <= value < 1 or (value >= 1 and value.is_integer()):
            return value
    raise SmaltiError(
        f"validation is {validation!r}; expected a fraction from 0 to below 1, "
        "or a whole number of pictures.",
        "For one tenth of the training pictures: validation=0.1; for none: validation=0.",
    )


def check_split_seed(seed: int) -> None:
    """Refuse a seed that is no whole number from 0 up."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise SmaltiError(f"split_seed is {seed!r}; expected a whole number from 0 up.")


def _share(fraction: float, n: int) -> int:
    return math.floor(fraction * n + 0.5)


def _at_least_one_each(labels: np.ndarray, size: int) -> int:
    """Return a size that gives every class a picture."""
    return max(size, len(np.unique(labels)))


def _validation_size(amount: float, n: int, labels: np.ndarray) -> int:
    """Return the number of validation pictures cut from these ``labels``, given ``n`` in all."""
    classes = len(np.unique(labels))
    size = _at_least_one_each(labels, _share(amount, n)) if amount < 1 else int(amount)
    most = len(labels) - classes
    if classes <= size <= most:
        return size
    raise SmaltiError(
        f"A validation part of {plural(size, 'picture')} cannot be cut from "
        f"{plural(len(labels), 'picture')} of {classes} classes: validation and train "
        "each need a picture of every class.",
        f"Choose a number from {classes} to {count(most)}, a fraction such as 0.1, or 0 for none.",
    )


def _check_class_sizes(dataset: Dataset, cut_test: bool, cut_validation: bool) -> None:
    """Every class must have a picture for each part that is cut, and one to train on."""
    cuts = cut_test + cut_validation
    sizes = np.bincount(dataset.part("train").labels, minlength=dataset.n_classes)
    small = np.flatnonzero((sizes > 0) & (sizes <= cuts)) if cuts else np.array([], dtype=int)
    if not len(small):
        return
    listed = ", ".join(f"{dataset.class_names[k]!r} ({sizes[k]})" for k in small[:5])
    more = f" and {count(len(small) - 5)} more" if len(small) > 5 else ""
    parts = ", ".join(["train", *["validation"] * cut_validation, *["test"] * cut_test])
    enough_without = cut_validation and sizes[small].min() == cuts
    raise SmaltiError(
        f"Too few pictures in class {listed}{more}: each class needs at least {cuts + 1}, "
        f"one for each of {parts}.",
        "Add pictures or remove the class"
        + ("; with validation 0 no validation part is cut." if enough_without else "."),
    )


def _own_split(amount: float, validation_given: bool) -> str:
    """Return the words for a test part that we cut."""
    rest = 100 - TEST_PERCENT
    if validation_given or amount == 0:
        return f"our own {rest}/{TEST_PERCENT} split"
    if amount >= 1:
        return f"our own split: {TEST_PERCENT} % test, {plural(int(amount), 'picture')} validation"
    percent = 100 * amount
    return f"our own {rest - percent:g}/{percent:g}/{TEST_PERCENT} split"


def _say_what_happens_to_given(dataset: Dataset, amount: float) -> None:
    size = plural(len(dataset.part("validation")), "picture")
    if amount == 0:
        log.info("The validation part of %s (%s) is added to train.", dataset.name, size)
    elif amount != DEFAULT_VALIDATION:
        log.info(
            "%s brings its own validation part (%s); validation %g is not cut.",
            dataset.name,
            size,
            amount,
        )
