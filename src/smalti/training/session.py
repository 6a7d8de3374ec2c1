"""One training from start to finished run folder, new or continued."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from smalti import device
from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError, log
from smalti.models.building import count_parameters
from smalti.names import DATASETS
from smalti.recipes import Recipe, to_dict
from smalti.recipes.doubts import doubts, require_validation
from smalti.recipes.resolve import fit_to_pictures
from smalti.runs import Run
from smalti.training.environment import environment, warn_of_differences
from smalti.training.finishing import describe_classifier, finish
from smalti.training.memory import naming_the_run, out_of_memory_advice
from smalti.training.progress import Listener, Plan
from smalti.training.state import State, load_state, restore, save_state, weights_of
from smalti.training.trainer import Trainer


def start(
    recipe: Recipe,
    dataset: Dataset,
    out: str | Path = "runs",
    listener: Listener | None = None,
    command: str = "",
) -> Run:
    """Train a new run and return its folder ``out/<data>-<recipe>-<seed>``.

    The complete config is written first; nothing is ever overwritten.
    """
    recipe = _completed(recipe, dataset)
    if "validation" not in dataset.parts:
        require_validation(recipe)
    for doubt in doubts(recipe, dataset.name, len(dataset.part("train"))):
        log.warning(doubt)
    hardware = _hardware(recipe)
    run = Run.create(out, f"{dataset.name}-{recipe.name}-{recipe.seed}", to_dict(recipe))
    run.write_environment(environment(recipe, dataset, hardware, command))
    _train(run, recipe, dataset, hardware, State(), {}, listener or Listener())
    return run


def resume(run: Run, dataset: Dataset, listener: Listener | None = None) -> Run:
    """Continue a run exactly where it stopped; a finished one is left as it is, and said.

    On the machine, thread count and versions recorded in the run, the weights end up bit for bit
    as if it had never stopped; where these differ, a warning says that bits may.
    """
    if already_finished(run):
        return run
    recipe = run.recipe()
    state, arrays = load_state(run)
    hardware = _hardware(recipe)
    now = environment(recipe, dataset, hardware, "")
    recorded = _recorded_environment(run)
    if recorded is None:
        run.write_environment(now)
    else:
        warn_of_differences(run, recorded, now)
    run.remove_leftovers()
    _train(run, recipe, dataset, hardware, state, arrays, listener or Listener())
    return run


def already_finished(run: Run) -> bool:
    """Tell whether a run is finished and undamaged, and say so; needs no data."""
    state, _ = load_state(run)
    finished = state.finished and _is_whole(run, state)
    if finished:
        log.info("%s is finished (%s); nothing to resume.", run.path, state.ended)
    return finished


def _is_whole(run: Run, state: State) -> bool:
    """Tell whether what training wrote is still there as the last state remembers it."""
    try:
        weights, _ = run.read_model()
        same = weights.keys() == state.best.keys() and all(
            np.array_equal(weights[name], state.best[name]) for name in weights
        )
        has_outputs = state.history[-1]["val_loss"] is None or run.outputs("validation") is not None
        run.environment()
        run.samples()
        rows = len(run.history())
        return (
            same
            and has_outputs
            and run.classifier() == state.classifier
            and (rows == len(state.history))
        )
    except SmaltiError:
        return False


def _recorded_environment(run: Run) -> dict[str, Any] | None:
    """Return the record of the run's beginning, or None where it is lost or damaged."""
    try:
        return run.environment()
    except SmaltiError:
        return None


def _completed(recipe: Recipe, dataset: Dataset) -> Recipe:
    """Fill in what only the pictures decide, so that the config repeats the run by itself."""
    source = dataset.source
    if source and source not in DATASETS:
        source = str(Path(source).expanduser().resolve())
    recipe = replace(recipe, data=replace(recipe.data, source=source))
    return fit_to_pictures(recipe, dataset.image_shape)


def _hardware(recipe: Recipe) -> device.Hardware:
    training = recipe.training
    idle = device.unused_gpu()
    if idle:
        log.warning(idle)
    return device.choose(
        training.device,
        training.precision,
        training.threads,
        training.deterministic,
        training.layout,
    )


def _train(
    run: Run,
    recipe: Recipe,
    dataset: Dataset,
    hardware: device.Hardware,
    state: State,
    arrays: Mapping[str, Any],
    listener: Listener,
) -> None:
    began = time.perf_counter()
    trainer = Trainer(recipe, dataset, hardware)
    if arrays:
        restore(run, trainer, dict(arrays))
        run.write_history(state.history)
        run.write_model(state.best, state.steering.best_epoch)
        run.write_classifier(state.classifier)
    listener.started(_plan(run, recipe, dataset, hardware, trainer, state))
    with naming_the_run(run), out_of_memory_advice(trainer, dataset.image_shape):
        while not state.finished and state.epoch < recipe.training.epochs:
            if _stopped_early(state, recipe):
                break
            _epoch(run, trainer, dataset, state, listener)
    _require_some_epochs(state)
    state.ended = _reason(state, recipe)
    state.finished = True
    finish(run, trainer, dataset, state, time.perf_counter() - began)
    save_state(run, trainer, state)
    listener.ended(state.ended)


def _epoch(run: Run, trainer: Trainer, dataset: Dataset, state: State, listener: Listener) -> None:
    """Train, judge and store one epoch; model, history, last state, in this order."""
    began = time.perf_counter()
    epoch = state.epoch + 1
    factor = state.steering.rate_factor
    rate = trainer.learning_rate(epoch - 0.5, factor)
    training = trainer.train_epoch(epoch, factor, listener)
    validation = trainer.validate()
    accuracy = validation.accuracy if validation else None
    loss = validation.loss if validation else None
    best = state.steering.record(epoch, accuracy, loss, trainer.recipe.schedule)
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
    if best:
        state.best = weights_of(trainer.scored_model)
        state.classifier = describe_classifier(trainer, dataset, epoch)
        run.write_model(state.best, epoch)
        run.write_classifier(state.classifier)
    run.write_history(state.history)
    save_state(run, trainer, state)
    listener.finished_epoch(state.history[-1], best)


def _stopped_early(state: State, recipe: Recipe) -> bool:
    return state.steering.should_stop(state.epoch, recipe.training.early_stopping)


def _reason(state: State, recipe: Recipe) -> str:
    if state.epoch < recipe.training.epochs:
        return (
            f"stopped after epoch {state.epoch}: no better validation accuracy for "
            f"{recipe.training.early_stopping} epochs"
        )
    return f"all {state.epoch} epochs done" if state.epoch > 1 else "the one epoch is done"


def _require_some_epochs(state: State) -> None:
    if state.epoch == 0:
        raise SmaltiError("No epoch was trained.", "Set training.epochs to at least 1.")


def _plan(
    run: Run,
    recipe: Recipe,
    dataset: Dataset,
    hardware: device.Hardware,
    trainer: Trainer,
    state: State,
) -> Plan:
    validation = dataset.parts.get("validation")
    return Plan(
        run=run,
        data=dataset.name,
        recipe=recipe.name,
        seed=recipe.seed,
        train=len(dataset.part("train")),
        validation=len(validation) if validation else 0,
        epochs=recipe.training.epochs,
        first_epoch=state.epoch + 1,
        steps=trainer.steps,
        batch_size=trainer.batch_size,
        parameters=count_parameters(trainer.model),
        hardware=hardware.sentence(),
    )
