"""What the program says when something is wrong, and the exit code that goes with it."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable

log = logging.getLogger("smalti")
"""What smalti says aloud: facts with ``log.info``, doubtful settings with ``log.warning``."""


class SmaltiError(Exception):
    """Something the user can mend: one clear sentence, and how to repair it.

    ``problem`` says what was expected and what came; ``hint`` gives the command or the change
    that repairs it. The command line prints both and ends with exit code 2.
    """

    exit_code = 2

    def __init__(self, problem: str, hint: str = "") -> None:
        self.problem = problem
        self.hint = hint
        super().__init__(f"{problem} {hint}".strip())


class MachineError(SmaltiError):
    """The machine failed (disk full, out of memory, unreadable file); finished work is kept."""

    exit_code = 1


def nearest(name: str, options: Iterable[str]) -> str | None:
    """Return the option most like ``name``, or None where nothing comes close."""
    by_lower = {option.lower(): option for option in options}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.5)
    return by_lower[close[0]] if close else None


def unknown(kind: str, name: str, options: Iterable[str], command: str = "") -> SmaltiError:
    """Return the error for an unknown ``name``: the nearest valid one, all of them, a command."""
    options = list(options)
    close = nearest(name, options)
    guess = f" Did you mean {close!r}?" if close else ""
    listing = f"Known: {', '.join(options)}." + (f" See: {command}" if command else "")
    return SmaltiError(f"There is no {kind} {name!r}.{guess}", listing)
