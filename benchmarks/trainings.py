"""Whole trainings, each a process of its own: how long they take and how good they are.

A training's figures, the same of every kind: ``seconds`` of training by its own clock,
``command_seconds`` of the whole command from its start to its end (import, data, training,
storing; judging on the test set is taken off), ``accuracy`` on the test set by the number of views
of a picture (a fraction), ``n`` test pictures; device, number format and threads as everywhere.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from benchmarks import processes
from benchmarks.arithmetic import Ceilings, Effort, effort_of_run
from benchmarks.options import flags
from benchmarks.results import REPOSITORY
from benchmarks.rows import Row
from smalti import api, device, metrics
from smalti.classifier.native import NativeClassifier
from smalti.errors import SmaltiError
from smalti.runs import Run

Figures = dict[str, Any]


class Training(Protocol):
    """One side of a contest."""

    @property
    def command(self) -> str:
        """What to type, but for the seed and how the machine is used."""

    @property
    def identity(self) -> str:
        """What was measured, in one text; figures of another text are not mixed with these."""

    def quick(self, data: str) -> Training:
        """Return the same with hardly any work, on other data: to see that it runs."""

    def measure(self, seed: int, folder: Path, machine: Mapping[str, str]) -> Figures:
        """Train with a seed, judge, and return the figures.

        ``folder`` is the seed's own; it may hold what a try that was killed has left. ``machine``
        holds values of ``--device`` and ``--threads``, where they were asked for.
        """


@dataclass(frozen=True)
class SmaltiTraining:
    """``smalti train`` with ``arguments``: the data first, then options; then ``evaluate``."""

    arguments: tuple[str, ...]

    @classmethod
    def of(cls, command: str) -> SmaltiTraining:
        """Take a command as it is typed; ``smalti train`` in front may be left out."""
        words = shlex.split(command)
        for expected in ("smalti", "train"):
            words = words[1:] if words[:1] == [expected] else words
        if not words or words[0].startswith("-"):
            raise SmaltiError(
                f"Expected a training command that begins with its data, not {command!r}.",
                "For example: --command 'smalti train cifar10 --recipe cnn --validation 0'",
            )
        return cls(tuple(words))

    @property
    def command(self) -> str:
        return shlex.join(("smalti", "train", *self.arguments))

    @property
    def identity(self) -> str:
        return f"{self.command} {self._recipe()}".strip()

    def quick(self, data: str) -> SmaltiTraining:
        return SmaltiTraining((data, *self.arguments[1:], "--epochs", "1"))

    def measure(self, seed: int, folder: Path, machine: Mapping[str, str]) -> Figures:
        # A training that goes on where it was cut short has no clean time.
        shutil.rmtree(folder, ignore_errors=True)
        options = ["--seed", str(seed), "--out", str(folder), *flags(machine)]
        trained = processes.run([processes.SMALTI, "train", *self.arguments, *options])
        (path,) = folder.iterdir()
        run = Run(path)
        ceilings = Ceilings.measured(hardware_for(machine))
        processes.run([processes.SMALTI, "evaluate", str(path)])
        tested, environment = run.metrics(), run.environment()
        assert tested is not None
        # The record has hundredths: a tiny training may have taken none.
        seconds = max(environment["seconds"], 0.005)
        return {
            "seconds": seconds,
            "command_seconds": round(trained.seconds, 2),
            "accuracy": accuracies(run),
            "n": tested["n"],
            "epochs": len(run.history()),
            **effort_of_run(run).figures(seconds, ceilings),
            **ceilings.figures(),
            "device_type": environment["device"],
            "device": environment["device_name"],
            "precision": environment["precision"],
            "threads": environment["threads"],
        }

    def _recipe(self) -> str:
        """Return a hash of the recipe as it resolves today; empty where the rows cannot tell."""
        data, *options = self.arguments
        if options[:1] != ["--recipe"]:
            return ""
        try:
            return Row("", "", data, options[1], options=shlex.join(options[2:])).digest()
        except (SmaltiError, ValueError):
            return ""


@dataclass(frozen=True)
class ScriptTraining:
    """A module of this folder that trains and prints one line of JSON.

    That line holds ``seconds``, ``judging_seconds``, ``accuracy`` and ``n``, ``flop`` and ``bytes``
    where they are known, and what else there is to say. ``arguments`` begin with the data;
    ``--seed``, and what of ``takes`` the machine was asked for, are added to them.
    ``hardly_any_work`` are the arguments that make it quick.
    """

    module: str
    arguments: tuple[str, ...] = ()
    takes: tuple[str, ...] = ("device", "threads")
    hardly_any_work: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        return shlex.join(("python", "-m", self.module, *self.arguments))

    @property
    def identity(self) -> str:
        return self.command

    def quick(self, data: str) -> ScriptTraining:
        return replace(self, arguments=(data, *self.hardly_any_work))

    def measure(self, seed: int, folder: Path, machine: Mapping[str, str]) -> Figures:
        asked = {name: value for name, value in machine.items() if name in self.takes}
        command = [sys.executable, "-m", self.module, *self.arguments, "--seed", str(seed)]
        variables = {"PYTHONPATH": _path_with(REPOSITORY)}
        if "threads" in machine:
            variables["OMP_NUM_THREADS"] = machine["threads"]
        finished = processes.run([*command, *flags(asked)], variables)
        ceilings = Ceilings.measured(hardware_for(machine))
        told: Figures = json.loads(finished.stdout.splitlines()[-1])
        seconds, judging = told.pop("seconds"), told.pop("judging_seconds")
        if "flop" in told:
            told |= Effort(told["flop"], told["bytes"]).figures(seconds, ceilings)
        return {
            "seconds": round(seconds, 2),
            "command_seconds": round(finished.seconds - judging, 2),
            **told,
            **ceilings.figures(),
        }


def accuracies(run: Run) -> dict[str, float]:
    """Return a run's accuracy on the test set, with one view of a picture and with its own number.

    The run has been evaluated; the one view is looked at beside it, with the same weights.
    """
    tested, described = run.metrics(), run.classifier()
    assert tested is not None
    views = described.get("views", 1)
    if views == 1:
        return {"1": tested["accuracy"]}
    weights, _ = run.read_model()
    hardware = device.choose(precision="float32")
    classifier = NativeClassifier({**described, "views": 1}, weights, hardware)
    part = api.dataset_of(run).part("test")
    alone = metrics.accuracy(classifier.logits_of(part), part.labels)
    return {"1": alone, str(views): tested["accuracy"]}


def hardware_for(machine: Mapping[str, str]) -> device.Hardware:
    """Return the hardware as the options of a training choose it."""
    return device.choose(machine.get("device", "auto"), threads=int(machine.get("threads", 0)))


def _path_with(folder: Path) -> str:
    """Return where a child looks for modules: in the folder first, then where this process was."""
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
