"""Everything that the next epoch depends on, as arrays and one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from smalti.errors import SmaltiError
from smalti.models.inference import load_weights
from smalti.runs import Run
from smalti.training.optimizers import counting_device
from smalti.training.steering import Steering
from smalti.training.trainer import Trainer

Arrays = dict[str, np.ndarray]


@dataclass
class State:
    """What has happened so far: finished epochs, their history, the best weights, the counters."""

    epoch: int = 0
    history: list[dict[str, float | None]] = field(default_factory=list)
    steering: Steering = field(default_factory=Steering)
    best: Arrays = field(default_factory=dict)
    classifier: dict[str, Any] = field(default_factory=dict)
    finished: bool = False
    ended: str = ""


def weights_of(model: nn.Module) -> Arrays:
    """Return parameters and buffers as contiguous float32 (or integer) arrays, copied."""
    return {
        name: tensor.detach().to("cpu", copy=True).contiguous().numpy()
        for name, tensor in model.state_dict().items()
    }


def save_state(run: Run, trainer: Trainer, state: State) -> None:
    """Replace the run's last state by this one, whole or not at all."""
    arrays: Arrays = {f"weights.{key}": value for key, value in weights_of(trainer.model).items()}
    if trainer.average is not None:
        averaged = weights_of(trainer.average.model)
        arrays |= {f"average.{key}": value for key, value in averaged.items()}
    arrays |= {f"best.{key}": value for key, value in state.best.items()}
    for key, tensor in _optimizer_tensors(trainer):
        arrays[f"optimizer.{key}"] = tensor.detach().cpu().contiguous().numpy()
    note = {
        "epoch": state.epoch,
        "history": state.history,
        "steering": asdict(state.steering),
        "classifier": state.classifier,
        "finished": state.finished,
        "ended": state.ended,
    }
    run.write_last(arrays, note)


def load_state(run: Run) -> tuple[State, Arrays]:
    """Return the stored state, and the arrays that :func:`restore` puts into a trainer.

    Where no epoch was finished yet, both are empty.
    """
    stored = run.read_last()
    if stored is None:
        return State(), {}
    arrays, note = stored
    try:
        state = State(
            epoch=note["epoch"],
            history=note["history"],
            steering=Steering(**note["steering"]),
            best=_with_prefix(arrays, "best."),
            classifier=note["classifier"],
            finished=note["finished"],
            ended=note["ended"],
        )
    except (KeyError, TypeError) as error:
        raise _other_network(run) from error
    return state, arrays


def restore(run: Run, trainer: Trainer, arrays: Arrays) -> None:
    """Put stored weights, averages and optimizer moments back, bit for bit."""
    try:
        load_weights(trainer.model, _with_prefix(arrays, "weights."))
        if trainer.average is not None:
            load_weights(trainer.average.model, _with_prefix(arrays, "average."))
        _restore_optimizer(trainer, _with_prefix(arrays, "optimizer."))
    except (KeyError, RuntimeError, ValueError) as error:
        raise _other_network(run) from error


def write_again(run: Run, state: State) -> None:
    """Write the files of finished epochs as the state remembers them, lost or not."""
    run.write_model(state.best, state.steering.best_epoch)
    run.write_classifier(state.classifier)
    run.write_history(state.history)


def is_whole(run: Run, state: State) -> bool:
    """Tell whether what a finished training wrote is still there as the state remembers it."""
    judged = state.history[-1]["val_loss"] is not None
    try:
        weights, _ = run.read_model()
        run.environment()
        run.samples()
        return (
            weights.keys() == state.best.keys()
            and all(np.array_equal(weights[name], state.best[name]) for name in weights)
            and run.classifier() == state.classifier
            and len(run.history()) == len(state.history)
            and (run.outputs("validation") is not None or not judged)
            and (run.calibration() is not None or not judged)
        )
    except SmaltiError:
        return False


def _with_prefix(arrays: Mapping[str, np.ndarray], prefix: str) -> Arrays:
    return {
        key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)
    }


def _optimizer_tensors(trainer: Trainer) -> Iterator[tuple[str, torch.Tensor]]:
    for name, parameter in trainer.model.named_parameters():
        for key, value in trainer.optimizer.state.get(parameter, {}).items():
            if isinstance(value, torch.Tensor):
                yield f"{name}/{key}", value


def _restore_optimizer(trainer: Trainer, arrays: Arrays) -> None:
    optimizer, parameters = trainer.optimizer, dict(trainer.model.named_parameters())
    for key, array in arrays.items():
        name, _, moment = key.rpartition("/")
        parameter = parameters[name]
        moments = optimizer.state[parameter]
        if moment not in moments:
            moments[moment] = _room_for(moment, parameter, optimizer)
        # Into its place: a captured step reads no other. Older files hold a count as a vector.
        place = moments[moment]
        place.copy_(torch.from_numpy(array).reshape(place.shape))


def _room_for(
    moment: str, parameter: nn.Parameter, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """Return memory for a moment in the parameter's own layout, or for the count of its steps."""
    if moment == "step":
        return torch.zeros((), device=counting_device(optimizer, parameter))
    return torch.empty_like(parameter).detach()


def _other_network(run: Run) -> SmaltiError:
    return SmaltiError(
        f"{run.last_file} does not fit the network that {run.config_file} describes: "
        "one of them was changed.",
        f"Start afresh with: smalti train DATA --recipe {run.config_file}",
    )
