"""Learning from another run's answers (knowledge distillation)."""

from __future__ import annotations

import shlex
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from smalti.data.dataset import Dataset
from smalti.device import Hardware
from smalti.errors import SmaltiError, log
from smalti.models.building import build, takes_any_size
from smalti.models.inference import Network, load_weights
from smalti.models.preprocessing import Normalize
from smalti.recipes import Recipe, from_dict
from smalti.runs import Run


class Teacher:
    """A finished run that is asked about the very pictures that the student is fed.

    The same augmented picture for both, as in Beyer et al., Knowledge distillation: A good teacher
    is patient and consistent, CVPR 2022; its answers cost one forward pass a step.
    """

    def __init__(self, recipe: Recipe, dataset: Dataset, hardware: Hardware) -> None:
        run, description = _opened(recipe.training.teacher)
        _require_fit(run, description, dataset)
        _warn_of_seen_validation(run, dataset)
        model = _network(run, description)
        _require_sizes(model, run, recipe.training.image_sizes, dataset.image_shape)
        scaling = description["preprocessing"]
        normalize = Normalize(scaling["mean"], scaling["std"], hardware.torch_device())
        self._network = Network(model, normalize, hardware)

    @torch.no_grad()
    def answers(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return float32 logits n×K for pictures n×C×H×W with values 0–255."""
        return self._network(pictures)


def distillation_loss(
    logits: torch.Tensor, answers: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Return the mean divergence of the student from the teacher, both softened.

    Multiplied by the square of the temperature, so that its gradients keep their size (Hinton et
    al., Distilling the Knowledge in a Neural Network, 2015).
    """
    student = functional.log_softmax(logits / temperature, dim=1)
    teacher = functional.log_softmax(answers / temperature, dim=1)
    divergence = functional.kl_div(student, teacher, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def _opened(path: str) -> tuple[Run, dict[str, Any]]:
    """Return a run and its description; one that cannot teach is one clear sentence."""
    try:
        run = Run(path)
        description = run.classifier()
        finished = run.environment().get("finished")
    except SmaltiError as error:
        raise SmaltiError(f"The teacher cannot be read. {error.problem}", error.hint) from error
    if description["kind"] != "native":
        raise SmaltiError(
            f"The teacher {path} is not a network of smalti's own but {description['kind']}.",
            "A teacher is a run that smalti trained.",
        )
    if not finished:
        raise SmaltiError(
            f"The teacher {path} has not finished: it would teach other things later.",
            f"Finish it first: {run.repair}",
        )
    return run, description


def _network(run: Run, description: dict[str, Any]) -> nn.Module:
    height, width, channels = description["input_shape"]
    try:
        config = from_dict({"model": description["model"]}, str(run.classifier_file)).model
        model = build(config, (height, width, channels), len(description["class_names"]))
        weights, _ = run.read_model()
        load_weights(model, weights)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise SmaltiError(
            f"The teacher's {run.classifier_file} does not fit {run.model_file}: one of them was "
            "changed.",
            f"Write both again with: {run.repair}",
        ) from error
    return model


def _require_fit(run: Run, description: dict, dataset: Dataset) -> None:
    names, shape = tuple(description["class_names"]), tuple(description["input_shape"])
    if names != tuple(dataset.class_names):
        raise SmaltiError(
            f"The teacher {run.path} knows {len(names)} classes ({', '.join(names[:3])} …), the "
            f"data have {dataset.n_classes} ({', '.join(dataset.class_names[:3])} …).",
            "A teacher must have been trained on the same classes.",
        )
    if shape != tuple(dataset.image_shape):
        raise SmaltiError(
            f"The teacher {run.path} takes pictures of {_shown(shape)}, the data have "
            f"{_shown(dataset.image_shape)}.",
            f"Train with --image-size {shape[0]}, or train a teacher on these.",
        )


def _require_sizes(
    model: nn.Module, run: Run, sizes: tuple[int, ...], shape: tuple[int, int, int]
) -> None:
    if sizes and not takes_any_size(model, shape, sizes):
        raise SmaltiError(
            f"The teacher {run.path} does not take pictures of {', '.join(map(str, sizes))} "
            "pixels, to which training.image_sizes scales them.",
            "Leave out one of the two, or train a teacher that takes any size: --model resnet.",
        )


def _warn_of_seen_validation(run: Run, dataset: Dataset) -> None:
    """A teacher that was trained on the student's validation pictures makes them flattering."""
    if "validation" not in dataset.parts:
        return
    theirs = run.environment().get("data", {})
    known = (theirs.get("fingerprint"), theirs.get("division"))
    if known != (dataset.fingerprint, dataset.division):
        log.warning(
            "The teacher %s was trained on another division of the pictures: it may have seen "
            "those that validate here, which makes validation flattering. Train a teacher with "
            "the same --validation and --split-seed.",
            shlex.quote(str(run.path)),
        )


def _shown(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
