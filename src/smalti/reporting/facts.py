"""Everything a report draws on, read once from the run's files.

A file that is not there yet leaves its fact empty; a damaged one is a :class:`SmaltiError`.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from smalti.calibration import Calibration
from smalti.errors import SmaltiError
from smalti.metrics import confusion_matrix
from smalti.reporting.records import Record
from smalti.robustness import Robustness
from smalti.runs import Run

History = list[dict[str, float | None]]


@dataclass(frozen=True)
class Outputs:
    """What the classifier said about a part: logits float N×K, labels int N, class names K."""

    part: str
    logits: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]

    @cached_property
    def confusion(self) -> np.ndarray:
        """Counts K×K: rows are true classes, columns predicted ones."""
        return confusion_matrix(self.logits.argmax(axis=1), self.labels, len(self.class_names))


@dataclass(frozen=True)
class Facts:
    """A run as its files tell it; the empty ones are files that do not exist (yet)."""

    run: Run
    config: Record
    environment: Record
    classifier: Record
    metrics: Record
    samples: Record
    history: History

    @property
    def path(self) -> str:
        """The run's folder, quoted for a command line."""
        return shlex.quote(str(self.run.path))

    @property
    def data_name(self) -> str:
        return (
            self.classifier.text("data")
            or self.environment.section("data").text("name")
            or self.config.section("data").text("source")
        )

    @property
    def method(self) -> str:
        """The classical method that took the place of a network; empty for networks."""
        return self.config.section("baseline").text("name")

    @property
    def evaluate_command(self) -> str:
        return f"smalti evaluate {self.path}"

    @property
    def stress_command(self) -> str:
        return f"smalti stress {self.path}"

    @property
    def resume_command(self) -> str:
        return f"smalti train --resume {self.path}"

    @property
    def chosen_epoch(self) -> int | None:
        """The epoch that the kept weights are from."""
        epoch = self.classifier.number("epoch")
        return None if epoch is None else int(epoch)

    @property
    def validated(self) -> bool:
        """Whether the run was steered by validation pictures."""
        return any(row["val_accuracy"] is not None for row in self.history)

    @cached_property
    def test(self) -> Outputs | None:
        return _outputs(self, "test")

    @cached_property
    def validation(self) -> Outputs | None:
        return _outputs(self, "validation")

    @cached_property
    def calibration(self) -> Calibration | None:
        """Temperature and thresholds that validation gave."""
        return self.run.calibration()

    @cached_property
    def stress(self) -> Robustness | None:
        """How far its accuracy holds where pictures get worse."""
        return self.run.stress()

    @property
    def judged(self) -> Outputs | None:
        """The outputs to show: of the test part once it was opened, of validation before."""
        return self.test or self.validation


def read_facts(run: Run) -> Facts:
    """Read what a run's files say."""
    resume = f"smalti train --resume {shlex.quote(str(run.path))}"
    again = f"smalti evaluate {shlex.quote(str(run.path))} --again"
    environment = run.environment() if run.environment_file.exists() else {}
    classifier = run.classifier() if run.classifier_file.exists() else {}
    return Facts(
        run=run,
        config=Record(run.config(), run.config_file),
        environment=Record(environment, run.environment_file, resume),
        classifier=Record(classifier, run.classifier_file, resume),
        metrics=Record(run.metrics() or {}, run.metrics_file, again),
        samples=Record(run.samples(), run.samples_folder, again),
        history=run.history(),
    )


def _outputs(facts: Facts, part: str) -> Outputs | None:
    stored = facts.run.outputs(part)
    if stored is None:
        return None
    logits, labels = stored
    path = facts.run.outputs_file(part)
    repair = f"{facts.evaluate_command} --again" if part == "test" else facts.resume_command
    hint = f"Write it again with: {repair}"
    if logits.ndim != 2 or len(logits) == 0 or labels.shape != (len(logits),):
        raise SmaltiError(
            f"{path} is damaged: expected logits N×K and N labels, "
            f"got {_shape(logits)} and {_shape(labels)}.",
            hint,
        )
    n_classes = logits.shape[1]
    names = facts.classifier.texts("class_names") or tuple(map(str, range(n_classes)))
    if len(names) != n_classes or labels.min() < 0 or labels.max() >= n_classes:
        raise SmaltiError(
            f"{path} does not belong to {facts.run.classifier_file}: {n_classes} outputs and "
            f"labels {labels.min()} to {labels.max()} for {len(names)} classes.",
            hint,
        )
    counted = facts.metrics.number("n") if part == facts.metrics.text("part", "test") else None
    if counted not in (None, len(labels)):
        raise SmaltiError(f"{facts.run.metrics_file} and {path} do not belong together.", hint)
    return Outputs(part, logits, labels, names)


def _shape(array: np.ndarray) -> str:
    return "×".join(map(str, array.shape))


def flat(values: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Return nested mappings as (dotted name, value), in order."""
    rows: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, dict):
            rows += flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", value))
    return rows
