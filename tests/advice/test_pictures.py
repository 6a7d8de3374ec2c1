"""Pictures and labels, by what was counted in them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from smalti.advice.pictures import PictureFacts, judge_pictures, look_at
from tests.advice.courses import recipe_of

HEALTHY = PictureFacts(
    source="my pictures", counts={"cat": 400, "dog": 500}, validation=300, test=300, skipped=0,
    sampled=900, flat=0.01, dark=0.02, bright=0.0, spread=60.0, empty_channels=(), channels=3,
    neighbours=0.7, neighbours_of=900, chance=0.506, conflicts=0, repeated=3, leaked=0,
)  # fmt: skip


def found_in(recipe_options: dict[str, Any] | None = None, **changes: Any) -> list:
    facts = PictureFacts(**{**asdict(HEALTHY), **changes})
    return judge_pictures(facts, recipe_of("dense", **(recipe_options or {})), "")


def test_a_healthy_set_says_nothing() -> None:
    assert found_in() == []
    assert [look.name for look in look_at(HEALTHY, recipe_of(), "")] == [
        "content", "channels", "labels", "conflicts", "leakage", "classes", "class size",
        "validation", "files",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "cause", "words"),
    [
        ({"flat": 0.3}, "Empty pictures", "30 % of the training pictures are a single colour"),
        ({"spread": 0.4}, "All pictures are alike", "differs by 0.4 of 255 grey levels"),
        ({"dark": 0.9}, "Pictures are almost black", "90 % of the training pictures"),
        ({"bright": 0.9}, "Pictures are almost white", "whole range of 0 to 255"),
        ({"empty_channels": (2,)}, "A channel is empty", "Channel 3 of 3"),
        (
            {"neighbours": 0.51},
            "Labels and pictures may not belong together",
            "shuffled labels would have 50.6 %",
        ),
        ({"conflicts": 2}, "One picture, two labels", "smalti data check 'my pictures'"),
        ({"leaked": 30}, "Test pictures are in training too", "30 of 300 test pictures"),
        (
            {"counts": {"cat": 40, "dog": 800}},
            "Classes are out of balance",
            "always answering 'dog' would be right in 95.24 %",
        ),
        ({"counts": {"cat": 15, "dog": 80}}, "Few pictures", "'cat' has only 15"),
        ({"validation": 40}, "Few validation pictures", "may be 77 % to 96 %"),
        ({"skipped": 200}, "Many files are left out", "200 files"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], cause: str, words: str) -> None:
    [found] = found_in(**changes)
    assert found.cause == cause
    assert words in found.text


@pytest.mark.parametrize(
    "changes",
    [
        {"flat": 0.04},
        {"empty_channels": (0,), "channels": 1},  # that is a set of empty pictures, said as such
        {"neighbours": None, "conflicts": None, "leaked": None},
        {"neighbours": 0.5, "neighbours_of": 100},
        {"leaked": 10, "test": 10_000},  # CIFAR-10 has about as many
        {"counts": {"cat": 100, "dog": 900}, "validation": 1000},
        {"validation": 0},
        {"skipped": 20},
    ],
)
def test_what_is_usual_is_not(changes: dict[str, Any]) -> None:
    assert found_in(**changes) == []


def test_few_pictures_are_told_to_move_them_unless_they_move_already() -> None:
    few = {"counts": {"cat": 15, "dog": 80}}
    [found] = found_in(**few)
    assert str(found.remedies[0]).startswith("--augmentation affine")
    moved = {"augmentation__policy": "affine", "augmentation__shift": 0.1}
    [found] = found_in(moved, **few)
    assert found.remedies == ()


def test_a_small_validation_part_grows_only_where_we_cut_it_and_training_can_spare_it() -> None:
    [found] = found_in(counts={"cat": 400, "dog": 500}, validation=100)
    assert [str(remedy) for remedy in found.remedies] == ["--validation 0.2"]
    [found] = found_in(counts={"cat": 100, "dog": 100}, validation=100)  # given, or asked for
    assert found.remedies == ()


def test_what_was_written_is_read_back() -> None:
    assert PictureFacts.from_dict({**asdict(HEALTHY), "new": 1}) == HEALTHY
    assert PictureFacts.from_dict({"counts": {}}) is None
    assert PictureFacts.from_dict({**asdict(HEALTHY), "counts": 3}) is None
