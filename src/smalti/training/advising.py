"""Looking at a training while it runs and at its end, with the rules of ``smalti.advice``."""

from __future__ import annotations

from smalti import machine
from smalti.advice import learning_rate
from smalti.advice.course import Course, read_course
from smalti.advice.finding import Finding
from smalti.advice.judging import advise, judge
from smalti.advice.machine import slowness
from smalti.data.dataset import Dataset
from smalti.data.survey import survey
from smalti.training.state import State
from smalti.training.trainer import Trainer

_LAST_EARLY_EPOCH = 5
"""Later than this, the end will tell it."""

_LONG = 60.0
"""Seconds of training above which it is worth saying why it was slow."""


class Adviser:
    """Knows the recipe, the data and when the training began; says what is wrong, if anything."""

    def __init__(self, trainer: Trainer, dataset: Dataset) -> None:
        self._recipe, self._hardware = trainer.recipe, trainer.hardware
        self._dataset = dataset
        self._pictures = survey(dataset)
        self._began = machine.processor_time()
        self._noticed = False

    def early(self, state: State) -> Finding | None:
        """Return what is clearly wrong after one of the first epochs, once."""
        planned = self._recipe.training.epochs
        if self._noticed or state.epoch > _LAST_EARLY_EPOCH or state.epoch >= planned:
            return None
        found = learning_rate.early(self._course(state))
        self._noticed = found is not None
        return found

    def at_the_end(self, state: State) -> list[Finding]:
        """Return what to try next, best first; nothing for a healthy training."""
        course = self._course(state)
        pictures = self._pictures
        if any(map(learning_rate.is_about_labels, judge(course))):
            pictures = survey(self._dataset, neighbours=True)
        return advise(course, pictures, self._slowness(course))

    def _course(self, state: State) -> Course:
        dataset = self._dataset
        return read_course(
            state.history,
            self._recipe,
            data=dataset.name,
            chosen_epoch=state.steering.best_epoch,
            n_classes=dataset.n_classes,
            largest_class=self._pictures.largest_share,
            n_train=self._pictures.train,
            n_validation=self._pictures.validation,
            device=self._hardware.device,
        )

    def _slowness(self, course: Course) -> Finding | None:
        now = machine.processor_time()
        if self._began is None or now is None or now.at - self._began.at < _LONG:
            return None
        if self._hardware.device != "cpu":
            return None
        others = now.others_since(self._began)
        return slowness(others, machine.usable_cores(), self._hardware.threads)
