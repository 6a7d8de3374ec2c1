"""``80/10/10``: every picture is pooled, and all are divided anew into train, validation, test.

For numbers that are to be compared with projects that divide the whole set themselves; they are
not about the official test part, and say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from smalti.data.dataset import PARTS, Dataset, Part
from smalti.data.fingerprints import fingerprint
from smalti.data.splits import (
    DEFAULT_VALIDATION,
    OFFICIAL_SPLIT,
    TEST_STREAM,
    VALIDATION_STREAM,
    check_split_seed,
    joined,
    stratified,
)
from smalti.errors import SmaltiError
from smalti.wording import count, plural

_EXAMPLE = "For example --split 80/10/10, or --split 90/0/10 for no validation part."
_NUMBER = re.compile(r"\d{1,3}(\.\d{1,6})?")


@dataclass(frozen=True)
class Percent:
    """Exact percent of all pictures; they sum to 100, and only validation may be zero."""

    train: Fraction
    validation: Fraction
    test: Fraction

    def __str__(self) -> str:
        return "/".join(f"{float(part):g}" for part in (self.train, self.validation, self.test))


def parse_percent(text: str) -> Percent:
    """Return the parts that ``"80/10/10"`` names, in the order train, validation, test."""
    words = [word.strip() for word in str(text).split("/")]
    if len(words) != len(PARTS) or not all(map(_NUMBER.fullmatch, words)):
        raise SmaltiError(
            f"split is {text!r}; expected three numbers, the percent of train/validation/test.",
            _EXAMPLE,
        )
    percent = Percent(*map(Fraction, words))
    total = percent.train + percent.validation + percent.test
    if total != 100:
        raise SmaltiError(
            f"split is {text!r}, which sums to {float(total):g}; expected percent that sum to 100.",
            _EXAMPLE,
        )
    for name in ("train", "test"):
        if not getattr(percent, name):
            raise SmaltiError(
                f"split is {text!r}, which leaves nothing for the {name} part; "
                "train and test need pictures.",
                _EXAMPLE,
            )
    return percent


def check_pooling(split: str, validation: float, split_seed: int) -> None:
    """Refuse options that no data set could be pooled with, before any of it is read."""
    percent = parse_percent(split)
    check_split_seed(split_seed)
    if validation not in (DEFAULT_VALIDATION, float(percent.validation / 100)):
        raise SmaltiError(
            f"validation {validation:g} and split {split} contradict each other: the split already "
            f"says that {float(percent.validation):g} % are for validation.",
            "Leave one of them out. " + _EXAMPLE,
        )


def divided_anew(dataset: Dataset, split: str, split_seed: int = 0) -> Dataset:
    """Return the data set with every picture pooled and cut by ``split``, stratified.

    Only ``split_seed`` decides who goes where. Pictures are copied only where the parts lived in
    different arrays.
    """
    percent = parse_percent(split)
    pool = _pool(dataset)
    _check_class_sizes(dataset, pool, percent)
    n, classes = len(pool), len(np.unique(pool.labels))
    # Every class keeps a picture for each part that is still to come.
    spare = 2 if percent.validation else 1
    size = _size(percent.test, n, classes)
    test = stratified(pool.labels, size, split_seed, TEST_STREAM, spare=spare)
    chosen, left = {"test": test}, np.setdiff1d(np.arange(n), test, assume_unique=True)
    if percent.validation:
        size = _size(percent.validation, n, classes)
        chosen["validation"] = stratified(
            pool.labels, size, split_seed, VALIDATION_STREAM, among=left
        )
        left = np.setdiff1d(left, chosen["validation"], assume_unique=True)
    chosen["train"] = left
    parts = {name: pool.only(chosen[name]) for name in PARTS if name in chosen}
    pooled = replace(
        dataset,
        parts=parts,
        split=_label(dataset, percent),
        pooled=str(percent),
        validation=DEFAULT_VALIDATION,
        split_seed=split_seed,
    )
    copied = pool.images is not dataset.part("train").images
    return replace(pooled, fingerprint=fingerprint(pooled)) if copied else pooled


def _pool(dataset: Dataset) -> Part:
    parts = [dataset.parts[name] for name in PARTS if name in dataset.parts]
    pool = parts[0]
    for part in parts[1:]:
        pool = joined(pool, part)
    return pool


def _size(percent: Fraction, n: int, classes: int) -> int:
    """Return the pictures of a part, halves rounded up; a picture of every class at least."""
    return max((percent * n * 2 + 100) // 200, classes)


def _label(dataset: Dataset, percent: Percent) -> str:
    if dataset.pooled:
        return dataset.split.replace(dataset.pooled, str(percent))
    own = f"our own split {percent}"
    if "test" not in dataset.parts or dataset.split.startswith("our own"):
        return own
    which = "official" if dataset.split == OFFICIAL_SPLIT else "given"
    return f"{own}, not the {which} test"


def _check_class_sizes(dataset: Dataset, pool: Part, percent: Percent) -> None:
    needed = [name for name in PARTS if getattr(percent, name)]
    sizes = np.bincount(pool.labels, minlength=dataset.n_classes)
    small = np.flatnonzero((sizes > 0) & (sizes < len(needed)))
    if not len(small):
        return
    listed = ", ".join(f"{dataset.class_names[k]!r} ({sizes[k]})" for k in small[:5])
    more = f" and {count(len(small) - 5)} more" if len(small) > 5 else ""
    raise SmaltiError(
        f"Too few pictures for a split {percent} in {plural(len(small), 'class', 'classes')}: "
        f"{listed}{more}; each class needs one for each of {', '.join(needed)}.",
        "Add pictures or remove the class.",
    )
