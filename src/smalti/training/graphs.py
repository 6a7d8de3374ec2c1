"""Training steps as CUDA graphs: captured once, then replayed.

A step is some hundred kernels, and a CPU takes longer to start one than many of them run. A graph
starts all of them at once. What it holds is fixed: numbers, shapes, and the places in memory that
are read and written. So every batch is copied to the place where the captured step reads it, rates
stand in the GPU's memory (:func:`~smalti.training.optimizers.make_capturable`), and each shape of
a batch has a graph of its own. How it is done: PyTorch's notes on CUDA semantics, "CUDA Graphs".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Protocol

import torch

from smalti.device import Hardware
from smalti.errors import SmaltiError
from smalti.recipes import Recipe
from smalti.training.feeding import Fed

WARM_UP = 3
"""Steps of each shape before its capture: libraries choose and set up what they do meanwhile."""

Outcome = tuple[torch.Tensor, torch.Tensor]
"""The logits n×K of a batch and its loss, both from before the step."""

Step = Callable[[Fed], Outcome]
Work = Callable[[], Outcome]


@dataclass(frozen=True)
class Decision:
    """Whether steps are captured, and the reason in words."""

    captured: bool
    reason: str


def decide(recipe: Recipe, hardware: Hardware) -> Decision:
    """Return whether the steps of a training are captured, from ``training.cuda_graph``.

    ``on`` where it cannot be is an error.
    """
    wanted, obstacle = recipe.training.cuda_graph, _obstacle(recipe, hardware.device)
    if wanted == "on" and obstacle:
        raise SmaltiError(
            f"training.cuda_graph=on, but {obstacle}.",
            "Leave it at auto, which captures steps where that is possible.",
        )
    if wanted == "off":
        return Decision(False, "as asked for")
    return Decision(not obstacle, obstacle or "the device is a CUDA GPU")


def _obstacle(recipe: Recipe, device: str) -> str:
    """Return why steps cannot be captured; empty where they can be."""
    if device != "cuda":
        return f"only CUDA GPUs have graphs, and the device is {device}"
    if recipe.schedule.name == "one-cycle":
        return "schedule.name=one-cycle moves the momentum, a number that a graph holds fixed"
    return ""


class GraphMaker(Protocol):
    """What captures work on a device."""

    def warm_up(self, work: Work) -> Outcome:
        """Do the work once, as it is done before a capture."""

    def capture(self, work: Work) -> Work:
        """Return what does the same work anew at each call; it is not done meanwhile."""


def graph_maker(recipe: Recipe, hardware: Hardware) -> GraphMaker | None:
    """Return what captures the steps of a training, or None where they are taken one by one."""
    return CudaGraphs() if decide(recipe, hardware).captured else None


class GraphedSteps:
    """Takes the steps that ``step`` would take, those of whole batches as graphs.

    A batch of another length than ``batch_size`` comes once an epoch, and ``step`` takes it.
    """

    def __init__(self, step: Step, maker: GraphMaker, batch_size: int) -> None:
        self._step, self._maker, self._batch_size = step, maker, batch_size
        self._shapes: dict[tuple[object, ...], _StepsOfOneShape] = {}

    def __call__(self, fed: Fed) -> Outcome:
        """Take a step; what it returns holds until the next one."""
        if len(fed.labels) != self._batch_size:
            return self._step(fed)
        shape = tuple(None if part is None else (part.shape, part.dtype) for part in _parts(fed))
        if shape not in self._shapes:
            self._shapes[shape] = _StepsOfOneShape(self._step, self._maker, fed)
        return self._shapes[shape](fed)


class _StepsOfOneShape:
    """The first steps as they are, then a capture, and replays of it from then on."""

    def __init__(self, step: Step, maker: GraphMaker, first: Fed) -> None:
        self._maker = maker
        self._place = _room_for(first)
        self._work: Work = lambda: step(self._place)
        self._to_warm_up = WARM_UP
        self._replay: Work | None = None

    def __call__(self, fed: Fed) -> Outcome:
        for place, part in zip(_parts(self._place), _parts(fed), strict=True):
            if place is not None and part is not None:
                place.copy_(part)
        if self._to_warm_up:
            self._to_warm_up -= 1
            return self._maker.warm_up(self._work)
        if self._replay is None:
            self._replay = self._maker.capture(self._work)
        return self._replay()


def _room_for(fed: Fed) -> Fed:
    """Return memory of the same shapes, types and layouts."""
    mixed = (None if part is None else torch.empty_like(part) for part in (fed.partners, fed.share))
    return Fed(torch.empty_like(fed.pictures), torch.empty_like(fed.labels), *mixed)


def _parts(fed: Fed) -> list[torch.Tensor | None]:
    return [getattr(fed, field.name) for field in fields(fed)]


class CudaGraphs:
    """Captures on a stream of its own, into memory that all its graphs share.

    Sharing keeps the memory at what the largest needs. It is safe as they run one after the other
    and none reads what another one has left: a step's results are used up before the next step.
    Dropout draws anew at each replay, from the state of PyTorch's generator at that moment; an
    autocast that begins and ends within the work casts the weights anew, too.
    """

    def __init__(self) -> None:
        self._stream = torch.cuda.Stream()
        self._pool = torch.cuda.graph_pool_handle()

    def warm_up(self, work: Work) -> Outcome:
        """Do the work on the stream of the captures: what libraries set up belongs to a stream."""
        current = torch.cuda.current_stream()
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            outcome = work()
        current.wait_stream(self._stream)
        return outcome

    def capture(self, work: Work) -> Work:
        """Capture the work; where that fails, CUDA is left in no state to go on from."""
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
                outcome = work()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            raise SmaltiError(
                f"The training step could not be captured as a CUDA graph: {error}",
                "Begin again without: --set training.cuda_graph=off",
            ) from error

        def replay() -> Outcome:
            graph.replay()
            return outcome

        return replay
