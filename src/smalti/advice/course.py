"""The course of a training as numbers: what every rule about curves looks at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from smalti.metrics import wilson_interval
from smalti.recipes import Recipe

History = Sequence[Mapping[str, float | None]]
"""One mapping an epoch, with the columns of ``history.csv``."""

Values = tuple[float, ...]


@dataclass(frozen=True)
class Course:
    """Finished epochs of one training (at least one), and what has to be known to judge them.

    Columns are of equal length, fractions and nats; a missing value is nan. ``kept`` is the
    position of the epoch whose weights are used. ``n_train`` and ``n_validation`` are pictures, 0
    where unknown; ``largest_class`` is the share of the most frequent class in training.
    """

    recipe: Recipe
    data: str
    epochs: tuple[int, ...]
    train_loss: Values
    train_accuracy: Values
    val_loss: Values
    val_accuracy: Values
    seconds: Values
    kept: int
    n_classes: int
    largest_class: float
    n_train: int
    n_validation: int
    device: str = "cpu"

    @property
    def validated(self) -> bool:
        """Whether every epoch was judged on validation pictures."""
        return all(map(math.isfinite, self.val_accuracy))

    @property
    def guessing(self) -> float:
        """The accuracy that needs no look at a picture: always the most frequent class."""
        return max(1 / self.n_classes, self.largest_class)

    @property
    def doubt(self) -> float:
        """Half the 95 % interval of the kept validation accuracy: smaller differences say nothing.

        Half of everything where there is no validation.
        """
        value = self.val_accuracy[self.kept]
        known = math.isfinite(value)
        low, high = wilson_interval(value if known else 0.5, self.n_validation if known else 0)
        return (high - low) / 2

    @property
    def steps(self) -> int:
        """Optimizer steps taken so far (0 where the number of pictures is unknown)."""
        return len(self.epochs) * -(-self.n_train // self.recipe.training.batch_size)

    def until(self, epoch: int) -> Course:
        """Return the course as it was when ``epoch`` was finished."""
        n = self.epochs.index(epoch) + 1
        return replace(
            self,
            epochs=self.epochs[:n],
            train_loss=self.train_loss[:n],
            train_accuracy=self.train_accuracy[:n],
            val_loss=self.val_loss[:n],
            val_accuracy=self.val_accuracy[:n],
            seconds=self.seconds[:n],
            kept=min(self.kept, n - 1),
        )


def read_course(
    history: History,
    recipe: Recipe,
    *,
    data: str = "",
    chosen_epoch: int | None = None,
    n_classes: int = 2,
    largest_class: float = 0.0,
    n_train: int = 0,
    n_validation: int = 0,
    device: str = "cpu",
) -> Course:
    """Return the course that a history with at least one epoch tells.

    ``chosen_epoch`` is the one whose weights are used; the last one where it is not known.
    """

    def column(key: str) -> Values:
        values = (row.get(key) for row in history)
        return tuple(math.nan if value is None else float(value) for value in values)

    epochs = tuple(int(value) for value in column("epoch"))
    return Course(
        recipe=recipe,
        data=data,
        epochs=epochs,
        train_loss=column("train_loss"),
        train_accuracy=column("train_accuracy"),
        val_loss=column("val_loss"),
        val_accuracy=column("val_accuracy"),
        seconds=column("seconds"),
        kept=epochs.index(chosen_epoch) if chosen_epoch in epochs else len(epochs) - 1,
        n_classes=max(2, n_classes),
        largest_class=largest_class,
        n_train=n_train,
        n_validation=n_validation,
        device=device,
    )
