"""The course of one training: epochs until the end, each stored whole before the next begins."""

from __future__ import annotations

import time
from collections.abc import Mapping

from smalti.data.dataset import Dataset
from smalti.models.building import count_parameters
from smalti.runs import Run
from smalti.training.advising import Adviser
from smalti.training.clock import Clock
from smalti.training.finishing import describe_classifier, finish
from smalti.training.memory import (
    naming_the_run,
    out_of_memory_advice,
    warn_where_memory_is_short,
)
from smalti.training.progress import Listener, Plan
from smalti.training.state import State, save_state, weights_of
from smalti.training.trainer import Trainer


class Course:
    """A training on its way: where it stands (``state``) and everything that moves it on."""

    def __init__(
        self, run: Run, dataset: Dataset, trainer: Trainer, state: State, listener: Listener
    ) -> None:
        self.run, self.dataset, self.trainer = run, dataset, trainer
        self.state, self.listener = state, listener
        self.recipe = trainer.recipe
        self._adviser = Adviser(trainer, dataset)

    def follow(self) -> None:
        """Train until the end and complete the run folder.

        Ctrl-C drops the epoch that it falls into; everything before it is stored already.
        """
        warn_where_memory_is_short(self.trainer, self._shape)
        self.listener.started(self._plan())
        # After the listener: a tracker may take long to open its log, which is no training.
        clock = Clock(self.state.history)
        try:
            with (
                naming_the_run(self.run),
                out_of_memory_advice(self.trainer, self._shape, self.run),
            ):
                while not self._is_over():
                    self._epoch()
                self._finish(clock.spent())
        except KeyboardInterrupt:
            self.listener.interrupted(self.state.epoch)
            raise
        self.listener.ended(self.state.ended)
        findings = self._adviser.at_the_end(self.state)
        if findings:
            self.listener.advised(findings)

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.dataset.image_shape

    def _is_over(self) -> bool:
        state, training = self.state, self.recipe.training
        return (
            state.finished
            or state.epoch >= training.epochs
            or state.steering.should_stop(state.epoch, training.early_stopping)
        )

    def _epoch(self) -> None:
        """Train and judge one epoch, then store it."""
        began = time.perf_counter()
        state, trainer = self.state, self.trainer
        epoch, factor = state.epoch + 1, state.steering.rate_factor
        rate = trainer.learning_rate(epoch - 0.5, factor)
        training = trainer.train_epoch(epoch, factor, self.listener)
        validation = trainer.validate()
        accuracy = validation.accuracy if validation else None
        loss = validation.loss if validation else None
        best = state.steering.record(epoch, accuracy, loss, self.recipe.schedule)
        state.epoch = epoch
        state.history.append(
            {
                "epoch": epoch,
                "lr": rate,
                "train_loss": training.loss,
                "train_accuracy": training.accuracy,
                "val_loss": loss,
                "val_accuracy": accuracy,
                "seconds": time.perf_counter() - began,
            }
        )
        self._store(best)
        self.listener.finished_epoch(state.history[-1], best)
        noticed = self._adviser.early(state)
        if noticed:
            self.listener.noticed(noticed)

    def _store(self, best: bool) -> None:
        """Write the model where it is the best so far, the history, and last the state.

        In this order: the state is what resuming believes, so it must not run ahead.
        """
        state, run = self.state, self.run
        if best:
            state.best = weights_of(self.trainer.scored_model)
            state.classifier = describe_classifier(self.trainer, self.dataset, state.epoch)
            run.write_model(state.best, state.epoch)
            run.write_classifier(state.classifier)
        run.write_history(state.history)
        save_state(run, self.trainer, state)

    def _finish(self, spent: Mapping[str, float]) -> None:
        state = self.state
        state.ended, state.finished = self._reason(), True
        finish(self.run, self.trainer, self.dataset, state, spent)
        save_state(self.run, self.trainer, state)

    def _reason(self) -> str:
        epoch, training = self.state.epoch, self.recipe.training
        if epoch < training.epochs:
            return (
                f"stopped after epoch {epoch}: no better validation accuracy for "
                f"{training.early_stopping} epochs"
            )
        return f"all {epoch} epochs done" if epoch > 1 else "the one epoch is done"

    def _plan(self) -> Plan:
        validation = self.dataset.parts.get("validation")
        return Plan(
            run=self.run,
            data=self.dataset.name,
            recipe=self.recipe.name,
            seed=self.recipe.seed,
            train=len(self.dataset.part("train")),
            validation=len(validation) if validation else 0,
            epochs=self.recipe.training.epochs,
            first_epoch=self.state.epoch + 1,
            steps=self.trainer.steps,
            batch_size=self.trainer.batch_size,
            parameters=count_parameters(self.trainer.model),
            hardware=self.trainer.hardware.sentence(),
        )
