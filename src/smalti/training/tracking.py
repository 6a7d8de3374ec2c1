"""Telling trackers what a training tells: a failing one is left behind, never the training.

Which trackers listen is no field of the recipe: they change nothing of what is trained, and a
repeat by ``config.json`` must not fail where one of them is not installed. The run's record
(environment.json) keeps where its logs are, and resuming goes on with those.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from smalti.advice.finding import Finding
from smalti.errors import SmaltiError, log
from smalti.names import TRACKERS
from smalti.recipes.options import flatten
from smalti.runs import Run
from smalti.training.progress import Listener, Plan
from smalti.training.trackers.tracker import FINAL_ACCURACY, FINAL_EPOCH, Tracker, values_of

RECORD = "log"
"""The key in environment.json under which each tracker's log is known."""


def asked_for(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return the trackers asked for, each once, where all can be had.

    Raises:
        SmaltiError: there is no such tracker, or what it needs is not installed.
    """
    wanted = tuple(dict.fromkeys([names] if isinstance(names, str) else names))
    for name in wanted:
        package = TRACKERS[name].load().package
        if not _is_installed(package):
            raise SmaltiError(
                f"Logging to {name} needs {package}, which is not installed here.",
                f"Install what it needs with: pip install 'smalti[{name}]'",
            )
    return wanted


def tracked(listener: Listener, names: Sequence[str]) -> Listener:
    """Return a listener that tells these trackers whatever it is told, beside ``listener``."""
    return (
        Tracking(listener, [TRACKERS[name].load()(name) for name in names]) if names else listener
    )


def tracked_again(listener: Listener, run: Run) -> Listener:
    """Return the same with the trackers that a run was begun with, to go on in their logs.

    One that is not installed any more is said and left out: the run can be finished without.
    """
    names: list[str] = []
    for name in _recorded(run):
        try:
            names += asked_for(name)
        except SmaltiError as error:
            log.warning("%s The run goes on without this log. %s", error.problem, error.hint)
    return tracked(listener, names)


class Tracking(Listener):
    """Passes on what it hears to ``shown``, and the epochs to the trackers."""

    def __init__(self, shown: Listener, trackers: Sequence[Tracker]) -> None:
        self._shown, self._trackers = shown, list(trackers)
        self._run: Run | None = None

    def started(self, plan: Plan) -> None:
        run = self._run = plan.run
        settings, known = flatten(run.recipe()), _recorded(run)
        stored = run.history()

        def begin(tracker: Tracker) -> None:
            known[tracker.name] = tracker.begin(run, settings, known.get(tracker.name, {}))
            for row in stored:
                _log(tracker, row)

        self._tell(begin)
        if self._trackers:
            run.write_environment({**run.environment(), RECORD: known})
        looks = tuple(tracker.look for tracker in self._trackers)
        self._shown.started(replace(plan, logs=looks))

    def stepped(self, epoch: int, step: int) -> None:
        self._shown.stepped(epoch, step)

    def finished_epoch(self, row: Mapping[str, float | None], best: bool) -> None:
        self._shown.finished_epoch(row, best)
        self._tell(lambda tracker: _log(tracker, row))

    def noticed(self, finding: Finding) -> None:
        self._shown.noticed(finding)

    def interrupted(self, epochs: int) -> None:
        self._shown.interrupted(epochs)
        self._tell(lambda tracker: tracker.end({}, finished=False))

    def ended(self, reason: str) -> None:
        self._shown.ended(reason)
        self._tell(lambda tracker: tracker.end(_final_values(self._run), finished=True))

    def advised(self, findings: Sequence[Finding]) -> None:
        self._shown.advised(findings)

    def _tell(self, action: Callable[[Tracker], None]) -> None:
        """Do something with every tracker; one that fails is said and heard of no more."""
        for tracker in list(self._trackers):
            try:
                # What their packages warn of is nothing that whoever trains could mend.
                with warnings.catch_warnings(action="ignore"):
                    action(tracker)
            except Exception as error:  # disk, network, or whatever else a tracker stumbles over
                self._trackers.remove(tracker)
                log.warning(
                    "Logging to %s failed (%s); the training goes on without it.",
                    tracker.name,
                    " ".join(f"{type(error).__name__}: {error}".split())[:200],
                )


def _log(tracker: Tracker, row: Mapping[str, float | None]) -> None:
    """Log an epoch unless the log holds it already, as one that is resumed may."""
    epoch = int(row["epoch"] or 0)
    if epoch > tracker.last_epoch:
        tracker.log(epoch, values_of(row))
        tracker.last_epoch = epoch


def _final_values(run: Run | None) -> dict[str, float]:
    """Return what the kept weights reach; nothing without validation."""
    accuracy = run.best_validation() if run else None
    if run is None or accuracy is None:
        return {}
    return {FINAL_ACCURACY: accuracy, FINAL_EPOCH: float(run.classifier()["epoch"])}


def _recorded(run: Run) -> dict[str, Any]:
    """Return what is known of the run's logs, by tracker; nothing where the record is lost."""
    try:
        found = run.environment().get(RECORD, {})
    except SmaltiError:
        return {}
    return dict(found) if isinstance(found, dict) else {}


def _is_installed(package: str) -> bool:
    """Tell whether a package is there; a folder of logs that has its name is none."""
    found = importlib.util.find_spec(package)
    return found is not None and found.origin is not None
