"""One training from start to finished run folder, new or continued."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from smalti import device
from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError, log
from smalti.names import DATASETS
from smalti.recipes import Recipe, to_dict
from smalti.recipes.doubts import doubts, require_validation
from smalti.recipes.resolve import fit_to_pictures
from smalti.runs import Run
from smalti.training.course import Course
from smalti.training.environment import environment, warn_of_differences
from smalti.training.memory import placing_advice
from smalti.training.progress import Listener
from smalti.training.state import State, is_whole, load_state, restore, write_again
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
    recipe = completed(recipe, dataset)
    if "validation" not in dataset.parts:
        require_validation(recipe)
    for doubt in doubts(recipe, dataset.name, len(dataset.part("train"))):
        log.warning(doubt)
    hardware = _hardware(recipe)
    # Before the folder: a recipe that no network can be built from leaves nothing behind.
    with placing_advice(hardware.device, dataset):
        trainer = Trainer(recipe, dataset, hardware)
    run = Run.create(out, f"{dataset.name}-{recipe.name}-{recipe.seed}", to_dict(recipe))
    run.write_environment(environment(recipe, dataset, hardware, command))
    Course(run, dataset, trainer, State(), listener or Listener()).follow()
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
    with placing_advice(hardware.device, dataset):
        trainer = Trainer(recipe, dataset, hardware)
    if arrays:
        restore(run, trainer, arrays)
        write_again(run, state)
    Course(run, dataset, trainer, state, listener or Listener()).follow()
    return run


def already_finished(run: Run) -> bool:
    """Tell whether a run is finished and undamaged, and say so; needs no data."""
    finished = is_finished(run)
    if finished:
        log.info("%s is finished (%s); nothing to resume.", run.path, load_state(run)[0].ended)
    return finished


def is_finished(run: Run) -> bool:
    """Tell whether a run is finished and undamaged; needs no data."""
    run.recipe()  # a damaged config is an error here too
    state, _ = load_state(run)
    return state.finished and is_whole(run, state)


def _recorded_environment(run: Run) -> dict[str, Any] | None:
    """Return the record of the run's beginning, or None where it is lost or damaged."""
    try:
        return run.environment()
    except SmaltiError:
        return None


def completed(recipe: Recipe, dataset: Dataset) -> Recipe:
    """Fill in what only the pictures decide, so that the config repeats the run by itself."""
    source = dataset.source
    if source and source not in DATASETS:
        source = str(Path(source).expanduser().resolve())
    recipe = replace(recipe, data=replace(recipe.data, source=source))
    if recipe.training.teacher:
        teacher = str(Path(recipe.training.teacher).expanduser().resolve())
        recipe = replace(recipe, training=replace(recipe.training, teacher=teacher))
    return fit_to_pictures(recipe, dataset.image_shape)


def _hardware(recipe: Recipe) -> device.Hardware:
    training = recipe.training
    idle = device.unused_gpu()
    if idle:
        log.warning(idle)
    hardware = device.choose(
        training.device,
        training.precision,
        training.threads,
        training.deterministic,
        training.layout,
    )
    device.try_convolutions(hardware, training.deterministic)
    return hardware
