"""Every measurement is a command that explains itself, and can be tried without being stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import contest_commands
from benchmarks.__main__ import main
from benchmarks.table import MEASUREMENTS


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_that_is_waited_for_is_a_command(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert "Measure" in shown.output or "Train" in shown.output


def test_the_default_is_the_fast_recipe_on_every_training_picture() -> None:
    assert contest_commands.FAST == "smalti train cifar10 --recipe fast --validation 0"


@pytest.mark.slow
def test_quick_shows_that_it_runs_and_stores_nothing(tmp_path: Path) -> None:
    command = ["fast", "--command", "smalti train cifar10 --recipe dense --validation 0"]
    options = ["--quick", "--turns", "1", "--threads", "1", "--results", str(tmp_path)]
    shown = CliRunner().invoke(main, [*command, *options])
    assert shown.exit_code == 0, shown.output
    assert '"ratio"' in shown.output
    assert "not stored" in shown.output
    assert list(tmp_path.iterdir()) == []
