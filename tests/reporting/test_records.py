"""Values of the wrong type are damage, said with file, key and repair."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smalti.errors import SmaltiError
from smalti.reporting.records import Record


def record(**values: Any) -> Record:
    return Record(values, Path("runs/a/metrics.json"), "smalti evaluate runs/a --again")


def test_missing_values_are_empty() -> None:
    empty = record()
    assert not empty
    assert empty.number("n") is None
    assert empty.text("data") == ""
    assert empty.text("part", "test") == "test"
    assert empty.texts("names") == ()
    assert empty.records("right") == ()
    assert not empty.section("data")


def test_values_of_the_right_type_come_back() -> None:
    full = record(n=3, x=0.5, data="mnist", names=["a", "b"], inner={"n": 1}, list=[{"n": 2}])
    assert (full.number("n"), full.required("x"), full.text("data")) == (3, 0.5, "mnist")
    assert full.texts("names") == ("a", "b")
    assert full.section("inner").number("n") == 1
    assert full.records("list")[0].number("n") == 2


@pytest.mark.parametrize(
    ("ask", "value"),
    [
        ("number", "3"),
        ("number", True),
        ("number", [1]),
        ("required", None),
        ("text", 3),
        ("text", None),
        ("texts", "ab"),
        ("texts", ["a", 1]),
        ("section", []),
        ("records", {}),
        ("records", ["a"]),
    ],
)
def test_other_types_are_damage(ask: str, value: object) -> None:
    with pytest.raises(SmaltiError) as error:
        getattr(record(key=value), ask)("key")
    assert "metrics.json is damaged: expected" in error.value.problem
    assert "at 'key', got" in error.value.problem
    assert error.value.hint == "Write it again with: smalti evaluate runs/a --again"
