"""What ``docs/from-keras.md`` says in smalti's words exists: functions, fields, commands, files."""

from __future__ import annotations

import ast
import re

import pytest

import smalti
from smalti import names
from smalti.cli.main import COMMANDS
from smalti.recipes import Recipe, resolve
from smalti.recipes.options import checked, flatten
from tests.support import REPOSITORY

PAGE = REPOSITORY / "docs" / "from-keras.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| (.+) \|$", TEXT, re.MULTILINE)
RIGHT = " ".join(right for _, right in ROWS)


def test_functions_are_public() -> None:
    found = set(re.findall(r"smalti\.([a-z_]+)\(", TEXT))
    assert len(found) > 7
    assert found <= set(smalti.__all__)


@pytest.mark.parametrize("code", re.findall(r"```python\n(.+?)```", TEXT, re.DOTALL))
def test_blocks_are_python(code: str) -> None:
    ast.parse(code)


@pytest.mark.parametrize(
    ("field", "value"), re.findall(r"\"([a-z]+\.[a-z_]+)\": (\([^)]*\)|[^,`}]+)", TEXT)
)
def test_fields_take_the_values_that_stand_there(field: str, value: str) -> None:
    assert checked(field, ast.literal_eval(value)) is not None


def test_every_section_of_a_recipe_is_met() -> None:
    said = set(re.findall(r"\"([a-z]+)\.[a-z_]+\": ", TEXT))
    assert {"model", "optimizer", "schedule", "augmentation", "training"} <= said


def test_fields_named_in_passing_exist() -> None:
    sections = {name.partition(".")[0] for name in flatten(Recipe()) if "." in name}
    named = re.findall(r"`([a-z]+\.[a-z_]+)`", TEXT)
    fields = {name for name in named if name.partition(".")[0] in sections} - {"model.predict"}
    assert fields
    assert fields <= set(flatten(Recipe()))


def test_recipes_and_drawings_and_sets_exist() -> None:
    for name in re.findall(r"recipes? (?:too: )?`\"([a-z-]+)\"`", TEXT):
        resolve(name, "mnist", {})
    for name in re.findall(r"plot\(run, \"([a-z-]+)\"", TEXT):
        assert name in names.DRAWINGS
    for name in re.findall(r"`\"([a-z0-9-]+)\"`", ROWS[2][1]):
        assert name in names.DATASETS


def test_commands_exist() -> None:
    found = re.findall(r"`smalti ([a-z]+)", TEXT)
    assert found
    assert set(found) <= set(COMMANDS)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (PAGE.parent / target).exists(), target


def test_no_accuracy_and_no_speed_is_typed_by_hand() -> None:
    assert not re.findall(r"\d+(?:\.\d+)? ?(?:%|×|times|images)(?! interval)", TEXT)
