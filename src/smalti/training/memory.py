"""When memory or a disk runs out: what is kept, and which batch size would fit, found by trying."""

from __future__ import annotations

import copy
import gc
import math
import shlex
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from smalti import machine
from smalti.advice.remedies import smaller
from smalti.data.dataset import Dataset
from smalti.errors import MachineError, log
from smalti.models.building import Shape
from smalti.runs import Run
from smalti.training.placement import Batch
from smalti.training.trainer import Trainer

_SIGNS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
    "alloc_failed",  # cuBLAS and cuDNN
    # What oneDNN says where its own allocation failed.
    "could not create a primitive",
    "could not create a memory",
)
"""Words of PyTorch and its libraries for a failed allocation; they have no type of their own."""

_TRANSIENT = 1.5
"""Peak memory of a step over what its forward pass keeps, on the cautious side. Measured with 400
pictures of 64 pixels: 1.11 (cnn), 1.18 (cnn in bfloat16), 1.48 (simple-cnn); 32 pixels: resnet
1.33, separable 1.14."""

_WORTH_A_LOOK = 5_000_000
"""Pixel values a batch below which no common network fills a machine: no time is spent."""


_ROOM_BESIDE_A_STEP = 48 * 2**20
"""Bytes that validation and the storing of an epoch take beside a step; the state's own twice."""


class OutOfMemory(MachineError):
    """Memory ran out; the hint names what would fit."""


@contextmanager
def naming_the_run(run: Run) -> Iterator[None]:
    """Add to a failure of the machine how this run goes on once it is mended.

    Not where memory ran out: continuing the same run would need as much again.
    """
    try:
        yield
    except OutOfMemory:
        raise
    except MachineError as error:
        hint = f"{error.hint} Then continue with: {run.repair}".strip()
        raise MachineError(error.problem, hint) from error


@contextmanager
def out_of_memory_advice(trainer: Trainer, image_shape: Shape, run: Run) -> Iterator[None]:
    """Turn a failed allocation into one sentence, with a batch size that was tried and fits."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        # Whoever still holds the error holds its frames, and they the failed step's tensors.
        traceback.clear_frames(error.__traceback__)
    else:
        return
    raise _failure(trainer, image_shape, run)


@contextmanager
def placing_advice(device: str, dataset: Dataset) -> Iterator[None]:
    """Turn an allocation that failed before the first step into one sentence."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        side = min(dataset.image_shape[:2]) // 2
        size = math.prod(dataset.image_shape) * len(dataset.part("train")) / 1e9
        other = "end other programs" if device == "cpu" else "train with --device cpu"
        raise OutOfMemory(
            f"Out of memory on {device} while placing the network and {size:.1f} GB of pictures."
            f"{others_on_gpu(device)}",
            f"Try --image-size {side}, or {other}.",
        ) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Tell an allocation that failed (CPU or GPU) from every other runtime error."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return any(sign in text for sign in _SIGNS)


def largest_fitting(trainer: Trainer, image_shape: Shape, asked: int) -> int | None:
    """Return the largest halving of ``asked`` with which a whole step fits, or None.

    Spoils the trainer's weights: for after a failure only.
    """
    smallest = 2 if trainer.recipe.model.batch_norm else 1
    size = asked // 2
    while size >= smallest:
        if _fits(trainer, image_shape, size):
            return size
        size //= 2
    return None


def warn_where_memory_is_short(trainer: Trainer, image_shape: Shape) -> None:
    """Say beforehand where a step will need more memory than there is.

    On the CPU the system grants what it does not have, and later kills the process without a
    word: nothing could be said then.
    """
    free = machine.memory_free() if trainer.hardware.device == "cpu" else None
    values = trainer.batch_size * image_shape[0] * image_shape[1] * image_shape[2]
    if free is None or values < _WORTH_A_LOOK:
        return
    each = bytes_a_picture(trainer, image_shape)
    needed = each * trainer.batch_size
    if needed <= 0.9 * free:
        return
    fitting = trainer.batch_size
    while fitting > 2 and each * fitting > 0.8 * free:
        fitting //= 2
    log.warning(
        "A step with %d pictures may need up to %.1f GB of memory, and %.1f GB are free: the "
        "system may end the training without a word. Try --batch-size %d.",
        trainer.batch_size,
        needed / 1e9,
        free / 1e9,
        fitting,
    )


def bytes_a_picture(trainer: Trainer, image_shape: Shape) -> float:
    """Return about how much memory a training step needs for each picture of its batch.

    Counted on a forward pass of two and of four pictures, whose difference leaves out what does
    not depend on the batch.
    """
    model = copy.deepcopy(trainer.model).train()  # its running statistics are not to be touched
    two, four = (_kept_bytes(trainer, model, image_shape, size) for size in (2, 4))
    return _TRANSIENT * (four - two) / 2


def _kept_bytes(trainer: Trainer, model: torch.nn.Module, shape: Shape, size: int) -> int:
    """Return the bytes that a forward pass keeps for the backward one."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    height, width, channels = shape
    pictures = torch.zeros(size, channels, height, width)
    pictures = pictures.contiguous(memory_format=trainer.hardware.memory_format())
    with (
        torch.random.fork_rng(devices=[]),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        trainer.hardware.autocast(),
    ):
        model(pictures)
    return sum(kept.values())


def others_on_gpu(device: str) -> str:
    """Return a sentence on what other programs hold of a GPU's memory, where it is much."""
    if device != "cuda":
        return ""
    free, total = torch.cuda.mem_get_info()
    others = total - free - torch.cuda.memory_reserved()
    if others < 0.1 * total:
        return ""
    return f" Other programs hold {others / 1e9:.1f} of its {total / 1e9:.1f} GB."


def _failure(trainer: Trainer, image_shape: Shape, run: Run) -> OutOfMemory:
    asked, device = trainer.batch_size, trainer.hardware.device
    problem = f"Out of memory on {device} with {asked} pictures a batch.{others_on_gpu(device)}"
    trainer.release_graphs()
    if _fits(trainer, image_shape, asked):
        # A step is not what failed: it is the validation pass, or the end, where nothing but the
        # pictures and the network decide.
        fitting = None
    else:
        fitting = largest_fitting(trainer, image_shape, asked)
    if fitting:
        advice = f"--batch-size {fitting}"
    else:
        advice = " ".join(map(str, smaller(trainer.recipe, min(image_shape[:2]))[:1]))
    if not advice:
        return OutOfMemory(problem, "Try a smaller network or pictures; finished epochs are kept.")
    kept = "; finished epochs are kept"
    if not trainer.recipe.data.source:
        return OutOfMemory(problem, f"Try {advice}{kept}.")
    command = f"smalti train --recipe {shlex.quote(str(run.config_file))} {advice}"
    return OutOfMemory(problem, f"Try {advice}{kept}. Begin again with: {command}")


def _fits(trainer: Trainer, image_shape: Shape, size: int) -> bool:
    """Tell whether a whole step with ``size`` pictures fits, and storing the epoch after it.

    Whatever it raises, memory is short already: not every library says so in words we know.
    """
    gc.collect()
    if trainer.hardware.device == "cuda":
        torch.cuda.empty_cache()
    device = trainer.hardware.torch_device()
    height, width, channels = image_shape
    trainer.model.train()
    try:
        room = _room_to_store(trainer)
        pictures = torch.zeros(size, channels, height, width, dtype=torch.uint8, device=device)
        labels = torch.zeros(size, dtype=torch.int64, device=device)
        # The very step of the training, its optimizer's moments included.
        batch = Batch(pictures, labels, torch.zeros(size, dtype=torch.int64))
        trainer.step(batch, trainer.recipe.training.epochs, torch.Generator())
    except (RuntimeError, MemoryError):
        fits = False
    else:
        del room
        fits = True
    trainer.optimizer.zero_grad(set_to_none=True)
    return fits


def _room_to_store(trainer: Trainer) -> torch.Tensor:
    """Take as much of the computer's own memory as storing a state needs beside a step."""
    weights = sum(parameter.nbytes for parameter in trainer.model.parameters())
    copies = 2 * 4  # weights, average and two moments, each copied and then written
    return torch.empty(_ROOM_BESIDE_A_STEP + copies * weights, dtype=torch.uint8)
