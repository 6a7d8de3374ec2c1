"""Training what a plan holds: each run whole before the next, continued where one was cut."""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smalti.baselines import fitting
from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError, log
from smalti.evaluation import evaluating
from smalti.formats.onnx import write_after_training
from smalti.notebook import in_notebook, replaceable_line
from smalti.runs import Run
from smalti.search.plan import Plan, Trial
from smalti.training import session
from smalti.training.display import bar
from smalti.training.progress import Listener
from smalti.training.progress import Plan as TrainingPlan
from smalti.wording import duration, percent

if TYPE_CHECKING:
    from smalti.baselines.classifier import BaselineClassifier

Say = Callable[[str], None]
"""Shows one line."""


@dataclass
class Budget:
    """How long runs take, from estimates and then from what they took; and when to stop.

    ``estimates`` holds seconds by the variant's place. ``minutes`` is the most that this call may
    take, None for no limit.
    """

    estimates: dict[int, float]
    minutes: float | None = None
    began: float = field(default_factory=time.perf_counter)
    measured: dict[int, list[float]] = field(default_factory=dict)

    def add(self, place: int, seconds: float) -> None:
        self.measured.setdefault(place, []).append(seconds)

    def of(self, place: int) -> float:
        """Return the seconds that a run of this variant will take."""
        known = self.measured.get(place)
        return sum(known) / len(known) if known else self.estimates.get(place, 0.0)

    def fits(self, place: int) -> bool:
        """Tell whether another run of this variant would end in time."""
        if self.minutes is None:
            return True
        return time.perf_counter() - self.began + self.of(place) <= 60 * self.minutes


def run_all(plan: Plan, dataset: Dataset, budget: Budget, show: Show) -> bool:
    """Train and judge every run of the plan that is not finished; tell whether all are now.

    What a training held is let go before the next: memory stays that of one training.
    """
    waiting = [
        (number, trial)
        for number, trial in enumerate(plan.trials())
        if not is_done(trial, plan.part)
    ]
    with said_once():
        for place, (number, trial) in enumerate(waiting):
            if not budget.fits(trial.place):
                return False
            show.begins(number, trial)
            began = time.perf_counter()
            _train(trial, plan, dataset, show)
            budget.add(trial.place, time.perf_counter() - began)
            gc.collect()
            left = sum(budget.of(later.place) for _, later in waiting[place + 1 :])
            show.judged(number, trial, Run(trial.path), plan.part, left)
    return True


class Show(Listener):
    """A line for each finished run, and where the place allows it one that moves meanwhile."""

    def __init__(self, total: int, resume: str) -> None:
        self._total, self._resume = total, resume
        self._stream = sys.stdout if in_notebook() else sys.stderr
        self._replace: Say | None = _moving_line()
        self._began = self._drawn = 0.0
        self._head = ""

    def begins(self, number: int, trial: Trial) -> None:
        """Run ``number`` (from 0) of all is about to be trained."""
        self.heads(number, f"{trial.label}, seed {trial.recipe.seed}")

    def heads(self, number: int, what: str) -> None:
        """Name what is about to be trained, number ``number`` (from 0) of all."""
        self._head = f"[{number + 1}/{self._total}] {what}"
        if self._replace:
            self._replace(self._head)

    def judged(self, number: int, trial: Trial, run: Run, part: str, left: float) -> None:
        """The run is finished and judged; ``left`` is the time for all others, in seconds."""
        result = (run.metrics() or {}).get("accuracy") if part == "test" else run.best_validation()
        took = float(run.environment().get("seconds", 0.0))
        self.tells(f"{part} {percent(result)}", took, left)

    def tells(self, result: str, seconds: float, left: float) -> None:
        """Leave a line on what was named: its result, what it took, and the time for the rest."""
        later = f"; about {duration(left)} left" if left else ""
        self._clear()
        self._write(f"{self._head}: {result}, {duration(seconds)}{later}\n")

    def started(self, plan: TrainingPlan) -> None:
        self._plan = plan

    def stepped(self, epoch: int, step: int) -> None:
        now = time.perf_counter()
        if step == 1:
            self._began = now
        elif self._replace and now - self._drawn >= 0.5:
            self._drawn = now
            self._replace(f"{self._head}  {bar(self._plan, epoch, step, now - self._began)}")

    def interrupted(self, epochs: int) -> None:
        self._clear()
        self._write(f"\nWhat is finished is kept; continue with: {self._resume}\n")

    def _clear(self) -> None:
        if self._replace and self._stream is sys.stderr:
            self._write("\r\x1b[2K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _moving_line() -> Say | None:
    if in_notebook():
        return replaceable_line()
    if not sys.stderr.isatty():
        return None

    def replace(text: str) -> None:
        sys.stderr.write("\r\x1b[2K" + text)
        sys.stderr.flush()

    return replace


def is_done(trial: Trial, part: str) -> bool:
    """Tell whether a run is finished and judged on the part."""
    if not (trial.path / "config.json").is_file():
        return False
    run = Run(trial.path)
    if part == "test" and evaluating.stored_evaluation(run) is None:
        return False
    return fitting.is_finished(run) if run.is_baseline() else session.is_finished(run)


def _train(trial: Trial, plan: Plan, dataset: Dataset, show: Listener) -> None:
    """Train a run, or continue it; judge it on the test part where the plan says so."""
    if trial.recipe.baseline.name:
        run, classifier = _fit(trial, plan, dataset)
        if plan.test and classifier is not None:
            # While it is fitted: nothing of it is kept.
            evaluating.evaluate_classifier(classifier, dataset, run.path, run)
            return
    else:
        run = _train_network(trial, plan, dataset, show)
    if plan.test:
        evaluating.evaluate(run, lambda: dataset)


def _train_network(trial: Trial, plan: Plan, dataset: Dataset, show: Listener) -> Run:
    if (trial.path / "config.json").is_file():
        run = Run(trial.path)
        if not session.is_finished(run):
            session.resume(run, dataset, show)
    else:
        _clear_place(trial)
        run = session.start(trial.recipe, dataset, plan.folder, show, plan.command)
        _require_place(run, trial)
    if not run.exported_file("onnx").exists():
        write_after_training(run)
    return run


def _fit(trial: Trial, plan: Plan, dataset: Dataset) -> tuple[Run, BaselineClassifier | None]:
    if (trial.path / "config.json").is_file():
        run = Run(trial.path)
        if fitting.is_finished(run):
            return run, None
        run.remove_leftovers()
        return run, fitting.fit_into(run, trial.recipe, dataset, plan.command)
    _clear_place(trial)
    run, classifier = fitting.start(trial.recipe, dataset, plan.folder, plan.command)
    _require_place(run, trial)
    return run, classifier


def _clear_place(trial: Trial) -> None:
    """Remove an empty folder, as a process leaves it that was killed while making it."""
    if not trial.path.exists():
        return
    for leftover in trial.path.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)
    try:
        trial.path.rmdir()
    except OSError as error:
        raise SmaltiError(
            f"{trial.path} is in the way: it should be a run of this comparison and holds no "
            "config.json.",
            "Move it away, then resume the comparison.",
        ) from error


def _require_place(run: Run, trial: Trial) -> None:
    if run.path != trial.path:
        raise AssertionError(f"trained {run.path}, planned {trial.path}")


@contextmanager
def said_once() -> Iterator[None]:
    """Let each warning and fact through once: every seed of a variant would say it again."""
    said: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text in said:
            return False
        said.add(text)
        return True

    log.addFilter(is_new)
    try:
        yield
    finally:
        log.removeFilter(is_new)


def seconds_of(runs: Mapping[int, list[Run]]) -> dict[int, list[float]]:
    """Return what finished runs took, in seconds, by the variant's place."""
    return {
        place: [float(run.environment().get("seconds", 0.0)) for run in found]
        for place, found in runs.items()
    }
