"""``requirements.txt`` installs what scripts and notebook need, as pyproject.toml has it."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import Any

import pytest
from packaging.requirements import Requirement

from smalti.files import read_json
from tests.examples.conftest import EXAMPLES
from tests.support import REPOSITORY

PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def lines() -> list[str]:
    content = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in content if line and not line.startswith("#")]


def own_extras() -> set[str]:
    """Return the extras with which the package itself is installed."""
    [own] = [line for line in lines() if line.startswith(".")]
    return set(own.removeprefix(".[").removesuffix("]").split(","))


def test_the_package_comes_with_extras_that_there_are() -> None:
    assert own_extras() <= set(EXTRAS)
    assert "keras" in own_extras()


def test_other_lines_are_requirements_and_agree_with_those_for_development() -> None:
    others = [Requirement(line) for line in lines() if not line.startswith(".")]
    assert {"notebook", "ipykernel"} == {other.name for other in others}
    known = {Requirement(text).name: Requirement(text) for text in EXTRAS["dev"]}
    for other in others:
        assert other.specifier
        if other.name in known:
            assert other.specifier == known[other.name].specifier


def imported() -> set[str]:
    """Return the packages that scripts and notebook import themselves."""
    sources = [path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py")]
    cells = read_json(EXAMPLES / "cnn_image_classification.ipynb")["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    sources += ["\n".join(line for line in cell.splitlines() if line[:1] != "%") for cell in code]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    local = {path.stem for path in EXAMPLES.glob("*.py")} | set(sys.stdlib_module_names)
    return {name.partition(".")[0] for name in names} - local - {"smalti"}


@pytest.mark.parametrize("package", sorted(imported()))
def test_what_the_examples_import_is_installed_by_it(package: str) -> None:
    installed = {Requirement(text).name for text in PROJECT["dependencies"]}
    for extra in own_extras():
        installed |= {Requirement(text).name for text in EXTRAS[extra]}
    assert installed & {name.lower() for name in packages_distributions()[package]}
