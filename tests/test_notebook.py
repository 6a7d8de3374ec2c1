"""A notebook is known by its kernel, not by what happens to be imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from smalti.notebook import in_notebook, replaceable_line, show_below
from tests.support import process_environment

_KERNEL = """
import sys
sys.argv = ["kernel"]
from ipykernel.zmqshell import ZMQInteractiveShell
shell = ZMQInteractiveShell.instance()
shell.kernel = object()
from smalti.notebook import in_notebook
assert in_notebook()
print("notebook")
"""


def test_this_is_none() -> None:
    assert not in_notebook()


def test_that_a_kernel_could_be_started_makes_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert not in_notebook()


def test_a_kernel_is_one() -> None:
    environment = process_environment({"PYTHONWARNINGS": None})
    done = subprocess.run(
        [sys.executable, "-c", _KERNEL],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "notebook\n", done.stderr


def test_things_and_lines_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []

    class Handle:
        def update(self, line: object) -> None:
            shown.append(("in place", line))

    def display(thing: object, **_: object) -> Handle:
        shown.append(thing)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("IPython.display.Pretty", str)
    show_below("a drawing")
    line = replaceable_line()
    line("epoch 1")
    line("epoch 2")
    assert shown == ["a drawing", "epoch 1", ("in place", "epoch 2")]
