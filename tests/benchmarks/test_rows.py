"""Every system has its place, and a row is labelled, hashed and typed by what its command does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import rows
from benchmarks.rows import ALL_PICTURES, FEATURES, OPEN, POOLED, ROWS, VALIDATED, Row
from smalti import names
from smalti.errors import SmaltiError

TINY = Row("A1", "Digits, dense", "digits", "dense", 1)

KEYS = [
    "A1", "A2", "B1", "B2", "C1", "D1", "D2", "D3", "D4", "D5", "D6", "D7", "E1", "E2", "E3", "E4",
    "F",
]  # fmt: skip
AIMS = {
    "A1": 0.986, "A2": 0.65, "B1, E2": 0.993, "B2, D2": 0.90, "D1": 0.996, "E3": 0.94,
}  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_every_system_stands_in_the_table(key: str) -> None:
    places = [*ROWS.values(), *OPEN, *FEATURES]
    assert any(key in place.key.replace(",", "").split() for place in places)


@pytest.mark.parametrize(("key", "aim"), AIMS.items())
def test_headline_rows_have_the_aims_that_were_set(key: str, aim: float) -> None:
    aims = {row.aim for row in ROWS.values() if row.key == key and row.headline}
    assert aims == {aim}


@pytest.mark.parametrize("name", ROWS)
def test_every_row_resolves_to_a_recipe(name: str) -> None:
    row = ROWS[name]
    assert row.data in names.DATASETS
    assert len(row.digest()) == 12
    assert row.command.endswith(" ".join(row.arguments)) or row.teacher


def test_rows_are_trainings_of_their_own() -> None:
    digests = [(row.data, row.digest()) for row in ROWS.values()]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(
    ("options", "section"),
    [
        ("", VALIDATED),
        ("--validation 0.2", VALIDATED),
        ("--validation 0", ALL_PICTURES),
        ("--set data.validation=0.0", ALL_PICTURES),
        ("--split 80/10/10", POOLED),
        ("--split 80/10/10 --validation 0", POOLED),
    ],
)
def test_the_section_follows_from_the_options(options: str, section: str) -> None:
    assert replace(TINY, options=options).section == section


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 2},
        {"options": "--validation 0"},
        {"options": "--set model.activation=tanh"},
        {"options": "--set prediction.views=2"},
        {"options": "--batch-size 7"},
        {"teacher": "mnist-dense"},
    ],
)
def test_what_changes_the_training_changes_the_digest(change: dict[str, object]) -> None:
    assert replace(TINY, **change).digest() != TINY.digest()


@pytest.mark.parametrize(
    "change", [{"system": "Other"}, {"aim": 0.5}, {"note": "said"}, {"headline": True}]
)
def test_what_is_only_said_leaves_the_digest(change: dict[str, object]) -> None:
    assert replace(TINY, **change).digest() == TINY.digest()


def test_another_teacher_is_another_digest() -> None:
    one, other = (replace(TINY, teacher=name) for name in ("mnist-dense", "mnist-cnn"))
    assert one.digest() != other.digest()


def test_a_taught_row_shows_the_teachers_command_first() -> None:
    taught = replace(TINY, teacher="mnist-dense")
    first, second = taught.commands
    assert first == ROWS["mnist-dense"].command
    assert second.endswith("--set training.teacher=runs/mnist-dense-0")


def test_a_teacher_never_saw_the_validation_pictures_of_those_it_teaches() -> None:
    for row in ROWS.values():
        if row.teacher:
            assert ROWS[row.teacher].data == row.data
            assert row.section == ALL_PICTURES or ROWS[row.teacher].section == row.section


@pytest.mark.parametrize("options", ["--epoch 3", "--set model.activaton=tanh"])
def test_a_mistyped_option_is_an_error_with_the_nearest(options: str) -> None:
    with pytest.raises(SmaltiError, match="Did you mean"):
        replace(TINY, options=options).digest()


def test_an_unknown_row_is_an_error_with_the_nearest() -> None:
    with pytest.raises(SmaltiError, match="Did you mean 'mnist-cnn'"):
        rows.row_named("mnist-cn")
