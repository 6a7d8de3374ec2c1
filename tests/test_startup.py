"""Help is instant because nothing heavy is imported for it; what is imported is what is tested."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support import process_environment

HEAVY = {
    "keras",
    "h5py",
    "torch",
    "sklearn",
    "scipy",
    "matplotlib",
    "PIL",
    "rich",
    "jinja2",
    "requests",
}

_ASK = """
import sys
{statement}
print("loaded:", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after a statement."""
    result = subprocess.run(
        [sys.executable, "-c", _ASK.format(statement=statement)],
        env=process_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.splitlines()[-1].removeprefix("loaded:").split())


def help_of(*command: str) -> str:
    arguments = ["smalti", *command, "--help"]
    return (
        f"sys.argv = {arguments!r}\n"
        "from smalti.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )


def test_the_package_imports_no_framework() -> None:
    assert not loaded_by("import smalti") & HEAVY


@pytest.mark.parametrize(
    "command",
    [
        "",
        "train",
        "evaluate",
        "predict",
        "export",
        "report",
        "runs",
        "recipes",
        "models",
        "data",
        "doctor",
    ],
)
def test_help_imports_no_framework(command: str) -> None:
    loaded = loaded_by(help_of(*command.split()))
    assert "smalti" in loaded
    assert not loaded & HEAVY
