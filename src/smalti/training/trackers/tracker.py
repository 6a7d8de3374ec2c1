"""What a tracker is to a training: a log that begins, takes epochs, and ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from smalti.runs import Run

EPOCH_VALUES = {
    "loss/train": "train_loss",
    "loss/validation": "val_loss",
    "accuracy/train": "train_accuracy",
    "accuracy/validation": "val_accuracy",
    "learning_rate": "lr",
    "seconds": "seconds",
}
"""The name of each value in a log, and its column in the history."""

FINAL_ACCURACY, FINAL_EPOCH = "final/validation_accuracy", "final/epoch"
"""What the kept weights reach on validation, and the epoch that they are from."""


class Tracker(ABC):
    """A log of a training that another program shows.

    Whatever the library behind it raises is passed on: the caller goes on without this log.
    ``look`` is the command or the address that shows the log, and ``last_epoch`` the last one that
    it holds, both from :meth:`begin` on.
    """

    package: ClassVar[str]
    """What has to be installed."""

    look: str = ""
    last_epoch: int = 0

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def begin(
        self, run: Run, settings: Mapping[str, Any], known: Mapping[str, str]
    ) -> dict[str, str]:
        """Open the run's log, or where something is ``known`` of it go on with it.

        ``settings`` are the recipe's fields by dotted name. What is returned is kept with the run
        and handed in when it is resumed.
        """

    @abstractmethod
    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        """Add an epoch (from 1); names as in :data:`EPOCH_VALUES`, fractions and seconds."""

    @abstractmethod
    def end(self, values: Mapping[str, float], finished: bool) -> None:
        """Close the log, with the training's final values where it is ``finished``."""


def as_text(value: Any) -> str:
    """Return a setting as the command line takes it: ``(64, 128)`` is ``"64,128"``."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def values_of(row: Mapping[str, float | None]) -> dict[str, float]:
    """Return a row of the history under the names of a log; empty cells are left out."""
    cells = {name: row[column] for name, column in EPOCH_VALUES.items()}
    return {name: value for name, value in cells.items() if value is not None}
