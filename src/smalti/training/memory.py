"""When the machine fails: what is kept, and which batch size would fit, found by trying."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from smalti.errors import MachineError
from smalti.models.building import Shape
from smalti.runs import Run
from smalti.training.trainer import Trainer


@contextmanager
def naming_the_run(run: Run) -> Iterator[None]:
    """Add to a failure of the machine how this run goes on once it is mended."""
    try:
        yield
    except MachineError as error:
        hint = f"{error.hint} Then continue with: {run.repair}".strip()
        raise MachineError(error.problem, hint) from error


@contextmanager
def out_of_memory_advice(trainer: Trainer, image_shape: Shape) -> Iterator[None]:
    """Turn a failed allocation into one sentence with a batch size that fits."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        asked = trainer.batch_size
    else:
        return
    # Outside the except clause: the traceback would keep the failed step's tensors alive.
    fitting = largest_fitting(trainer, image_shape, asked)
    advice = f"Try --batch-size {fitting}" if fitting else "Try a smaller network or pictures"
    raise MachineError(
        f"Out of memory on {trainer.hardware.device} with {asked} pictures a batch.",
        f"{advice}; finished epochs are kept.",
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell an allocation that failed (CPU or GPU) from every other runtime error."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text


def largest_fitting(trainer: Trainer, image_shape: Shape, asked: int) -> int | None:
    """Return the largest halving of ``asked`` whose forward and backward pass fit, or None."""
    size = asked // 2
    while size >= 1:
        try:
            _try_batch(trainer, image_shape, size)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return size
        size //= 2
    return None


def _try_batch(trainer: Trainer, image_shape: Shape, size: int) -> None:
    height, width, channels = image_shape
    shape = (size, channels, height, width)
    pictures = torch.zeros(shape, device=trainer.hardware.torch_device())
    model = trainer.model.train(size > 1)
    with trainer.hardware.autocast():
        model(pictures).sum().backward()
    trainer.optimizer.zero_grad(set_to_none=True)
