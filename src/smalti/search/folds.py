"""Answers from outside: each training picture judged by a model that was not trained on it.

The training pictures are dealt into folds, stratified and by a seed; a model for each fold learns
from the others. Validation is cut from those as the recipe says, so that nothing, not even the
choice of an epoch, sees the fold's labels. The test part is left out of all of it.
"""

from __future__ import annotations

import gc
import hashlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from smalti.baselines.classifier import fitted
from smalti.classifier.native import NativeClassifier
from smalti.data.dataset import Dataset, Part
from smalti.data.splits import folds_of, joined, with_parts
from smalti.errors import SmaltiError, log
from smalti.files import read_json, read_tensors, write_json, write_tensors
from smalti.metrics import softmax
from smalti.recipes import Recipe, to_dict
from smalti.runs import Run, find_runs
from smalti.search.estimating import estimated_seconds
from smalti.search.running import Show, said_once
from smalti.training import session
from smalti.wording import count, duration, percent, plural

FEWEST = 2


@dataclass(frozen=True)
class Judged:
    """What the models of all folds say of the training pictures.

    ``part`` holds those pictures (the given validation part with them), ``probabilities`` (n×K)
    belong to them in order, ``seconds`` is what the trainings took in all.
    """

    part: Part
    probabilities: np.ndarray
    recipe: str
    folds: int
    seconds: float


def training_pictures(dataset: Dataset) -> Part:
    """Return every picture but those of the test part, in their order."""
    train = dataset.part("train")
    validation = dataset.parts.get("validation")
    return train if validation is None else joined(train, validation)


def judge(
    dataset: Dataset, recipe: Recipe, folds: int, folder: Path, command: str, seed: int = 0
) -> Judged:
    """Train a model for each fold in ``folder`` and return what each says of its own fold.

    A fold that is finished is kept and not trained again; one that was cut is continued.
    ``command`` repeats the call. The estimate of the time is said first.

    Raises:
        SmaltiError: fewer than two folds, a class too small, or a folder of another plan.
    """
    course = _Course(dataset, _without_teacher(recipe), folds, folder, command, seed)
    course.begin()
    waiting = course.waiting()
    _say(course, waiting)
    show = Show(folds, command)
    with said_once():
        for done, number in enumerate(waiting, 1):
            course.follow(number, show, left=len(waiting) - done)
            gc.collect()
    return course.judged()


@dataclass(frozen=True)
class _Course:
    """The trainings of all folds, and where what they say is kept."""

    dataset: Dataset
    recipe: Recipe
    folds: int
    folder: Path
    command: str
    seed: int

    def begin(self) -> None:
        """Write the plan, or refuse a folder that holds that of other trainings."""
        part = training_pictures(self.dataset)
        sizes = np.bincount(part.labels, minlength=self.dataset.n_classes)
        most = len(part)
        if not FEWEST <= self.folds <= most:
            raise SmaltiError(f"--folds expects {FEWEST} to {count(most)}, not {self.folds}.")
        small = [name for name, n in zip(self.dataset.class_names, sizes, strict=True) if 0 < n < 3]
        if small:
            raise SmaltiError(
                f"Too few pictures in class {small[0]!r}: with folds each class needs at least 3, "
                "to train on, to validate and to be judged.",
                "Add pictures or remove the class.",
            )
        plan = self._plan()
        file = self.folder / "plan.json"
        if not file.exists():
            write_json(file, plan)
        elif read_json(file) != plan:
            was = read_json(file)
            changed = [key for key in plan if was.get(key) != plan[key]]
            raise SmaltiError(
                f"{self.folder} holds folds of another plan (it differs in {', '.join(changed)}).",
                f"Move that folder away, or remove it: rm -r {self.folder}",
            )

    def _plan(self) -> dict[str, Any]:
        return {
            "fingerprint": self.dataset.fingerprint,
            "pictures": _digest(training_pictures(self.dataset)),
            "folds": self.folds,
            "seed": self.seed,
            "recipe": {**to_dict(self.recipe), "data": {"validation": self.recipe.data.validation}},
        }

    def file(self, number: int) -> Path:
        """Return where what the model of a fold says is kept."""
        return self.folder / f"fold-{number + 1}.safetensors"

    def waiting(self) -> list[int]:
        """Return the folds that are still to be trained."""
        return [number for number in range(self.folds) if not self.file(number).exists()]

    def seconds(self) -> list[float]:
        """Return what each finished fold took."""
        done = [self.file(n) for n in range(self.folds) if self.file(n).exists()]
        return [float(read_tensors(path)[1]["seconds"]) for path in done]

    def dataset_of(self, number: int) -> Dataset:
        """Return the other folds as training pictures, and the fold as what is asked about."""
        part = training_pictures(self.dataset)
        fold = folds_of(part.labels, self.folds, self.seed)
        mark = f"{self.dataset.fingerprint} {self.seed} fold {number + 1} of {self.folds}"
        divided = replace(
            self.dataset,
            name=f"{self.dataset.name}-fold-{number + 1}",
            source="",
            parts={"train": part.only(fold != number), "test": part.only(fold == number)},
            fingerprint=hashlib.sha256(mark.encode()).hexdigest(),
            split=f"fold {number + 1} of {self.folds} of the training pictures",
        )
        return with_parts(divided, self.recipe.data.validation, self.recipe.data.split_seed)

    def follow(self, number: int, show: Show, left: int) -> None:
        """Train the model of a fold, and keep what it says of the fold instead of it."""
        dataset = self.dataset_of(number)
        show.heads(number, "fold")
        began = time.perf_counter()
        home = self.folder / f"training-{number + 1}"
        probabilities = self._answers(dataset, home, show)
        asked = dataset.part("test")
        right = float(np.mean(probabilities.argmax(axis=1) == asked.labels))
        seconds = time.perf_counter() - began
        arrays = {"probabilities": probabilities.astype(np.float32), "rows": asked.rows}
        write_tensors(self.file(number), arrays, {"seconds": seconds, "agrees": right})
        shutil.rmtree(home, ignore_errors=True)
        taken = self.seconds()
        ahead = left * sum(taken) / len(taken)
        said = f"agrees with {percent(right)} of {plural(len(asked), 'label')} it was not shown"
        show.tells(said, seconds, ahead)

    def _answers(self, dataset: Dataset, home: Path, show: Show) -> np.ndarray:
        asked = dataset.part("test")
        if self.recipe.baseline.name:
            return softmax(fitted(self.recipe, dataset)[0].logits_of(asked))
        begun = find_runs(home)
        if begun:
            run = session.resume(begun[0], dataset, show)
        else:
            run = session.start(self.recipe, dataset, home, show, self.command)
        return _probabilities(run, asked)

    def judged(self) -> Judged:
        """Return what all models say, in the order of the pictures."""
        part = training_pictures(self.dataset)
        fold = folds_of(part.labels, self.folds, self.seed)
        found = np.zeros((len(part), self.dataset.n_classes), np.float32)
        for number in range(self.folds):
            arrays, _ = read_tensors(self.file(number), f"rm {self.file(number)}; {self.command}")
            found[fold == number] = arrays["probabilities"]
        return Judged(part, found, self.recipe.name, self.folds, sum(self.seconds()))


def _probabilities(run: Run, part: Part) -> np.ndarray:
    classifier = NativeClassifier.load(run, "auto")
    return softmax(classifier.logits_of(part) / classifier.temperature)


def _without_teacher(recipe: Recipe) -> Recipe:
    """Return the recipe without a teacher, which was shown the very labels that are judged."""
    if not recipe.training.teacher:
        return recipe
    log.info("The folds are trained without the teacher: it was shown the labels.")
    return replace(recipe, training=replace(recipe.training, teacher=""))


def _say(course: _Course, waiting: Sequence[int]) -> None:
    if not waiting:
        log.info("all %d folds are trained; what they say is in %s", course.folds, course.folder)
        return
    known = course.seconds()
    one = (
        sum(known) / len(known)
        if known
        else estimated_seconds(
            session.completed(course.recipe, course.dataset_of(0)), course.dataset_of(0)
        )
    )
    source = "from the finished ones" if known else "from a few timed steps"
    log.info(
        "%s by the recipe %s, about %s, %s and this machine as busy as now; stopped, it goes on "
        "with: %s",
        plural(len(waiting), "training"), course.recipe.name, duration(len(waiting) * one), source,
        course.command,
    )  # fmt: skip


def _digest(part: Part) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(part.rows).tobytes())
    digest.update(np.ascontiguousarray(part.labels).tobytes())
    return digest.hexdigest()[:16]
