"""A finding: the likely cause, the numbers behind it, and the fields to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalti.recipes.flags import FLAGS

_FLAG_OF = {name: flag for flag, name in FLAGS.items()}


@dataclass(frozen=True)
class Remedy:
    """Recipe fields and the values to give them, together; in the order in which they are typed."""

    changes: Mapping[str, Any]

    def __str__(self) -> str:
        """Return what is added to ``smalti train``: ``--augmentation affine --set …=0.1``."""
        return " ".join(_flag(name, value) for name, value in self.changes.items())

    @property
    def python(self) -> str:
        """What is passed to ``smalti.train``: ``set={"model.dropout": 0.25}``."""
        pairs = (f'"{name}": {_literal(value)}' for name, value in self.changes.items())
        return f"set={{{', '.join(pairs)}}}"


@dataclass(frozen=True)
class Finding:
    """``cause`` in a few words, ``sentence`` with the numbers behind it, ``remedies`` best first.

    ``advice`` is what no field can do, such as collecting pictures; a sentence, or empty.
    """

    cause: str
    sentence: str
    remedies: tuple[Remedy, ...] = ()
    advice: str = ""

    @property
    def text(self) -> str:
        """The cause and everything that is said about it in words."""
        return " ".join(filter(None, (f"{self.cause}.", self.sentence, self.advice)))

    def line(self, python: bool = False, most: int = 2) -> str:
        """Return :attr:`text` and up to ``most`` remedies, as flags or as Python takes them."""
        shown = [remedy.python if python else str(remedy) for remedy in self.remedies[:most]]
        return f"{self.text} Try: {', or '.join(shown)}" if shown else self.text


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it is ``ok``, what was found, and the repair if not."""

    name: str
    ok: bool
    sentence: str
    repair: str = ""

    @property
    def state(self) -> str:
        return "ok" if self.ok else "attention"


def _flag(name: str, value: Any) -> str:
    if name in _FLAG_OF:
        return f"--{_FLAG_OF[name]} {_text(value)}"
    return f"--set {name}={_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return f"{value:g}"
    return repr(value)
