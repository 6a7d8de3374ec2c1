"""Notebooks: whether this is one, and showing things below its cells."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook.

    That ``ipykernel`` was imported does not tell: programs that only start kernels do that too.
    """
    if "ipykernel" not in sys.modules:
        return False
    from IPython import core

    shell: Any = core.getipython  # its functions have no annotations
    return getattr(shell.get_ipython(), "kernel", None) is not None


def show_below(thing: Any) -> None:
    """Show something below the cell that is running."""
    from IPython import display

    notebook: Any = display  # its functions have no annotations
    notebook.display(thing)


def replaceable_line() -> Callable[[str], None]:
    """Return what shows a line below the notebook's cell, in the place of the one before."""
    from IPython import display

    notebook: Any = display  # its functions have no annotations
    handle: Any = None

    def replace(text: str) -> None:
        nonlocal handle
        line = notebook.Pretty(text)
        if handle is None:
            handle = notebook.display(line, display_id=True)
        else:
            handle.update(line)

    return replace
