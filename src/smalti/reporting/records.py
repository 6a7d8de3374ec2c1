"""JSON as it is read: a value of the wrong type is a damaged file, said in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalti.errors import SmaltiError


@dataclass(frozen=True)
class Record:
    """A JSON object from ``file``; ``repair`` is the command that writes the file again.

    A missing key gives None (or the default); a value of another type than asked for is a
    :class:`SmaltiError`.
    """

    values: Mapping[str, Any]
    file: Path
    repair: str = ""

    def __bool__(self) -> bool:
        return bool(self.values)

    def number(self, key: str) -> float | None:
        """Return a number, or None where there is none."""
        value = self.values.get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise self.damaged(key, "a number")

    def required(self, key: str) -> float:
        """Return a number that has to be there."""
        value = self.number(key)
        if value is None:
            raise self.damaged(key, "a number")
        return value

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.damaged(key, "a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.damaged(key, "a list of texts")
        return tuple(value)

    def section(self, key: str) -> Record:
        """Return the object under a key; empty where there is none."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.damaged(key, "an object")
        return Record(value, self.file, self.repair)

    def records(self, key: str) -> tuple[Record, ...]:
        """Return a list of objects."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.damaged(key, "a list of objects")
        return tuple(Record(entry, self.file, self.repair) for entry in value)

    def damaged(self, key: str, expected: str) -> SmaltiError:
        """Return the error for a value that is missing or of the wrong kind."""
        found = repr(self.values[key])[:60] if key in self.values else "nothing"
        hint = f"Write it again with: {self.repair}" if self.repair else ""
        return SmaltiError(
            f"{self.file} is damaged: expected {expected} at {key!r}, got {found}.", hint
        )
