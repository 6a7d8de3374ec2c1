"""What is written once a training has ended: the description, validation outputs, samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from smalti import calibration
from smalti.data.dataset import Dataset
from smalti.models.building import build, count_parameters
from smalti.models.inference import Network, load_weights
from smalti.models.preprocessing import Normalize
from smalti.recipes import to_dict
from smalti.runs import Run
from smalti.training import randomness
from smalti.training.environment import now
from smalti.training.feeding import Fed
from smalti.training.placement import Batch
from smalti.training.state import State
from smalti.training.trainer import Trainer
from smalti.version import __version__

AUGMENTED_SAMPLES = 16


def finish(
    run: Run, trainer: Trainer, dataset: Dataset, state: State, spent: Mapping[str, float]
) -> None:
    """Write what makes the run usable and reportable without the training code.

    ``spent`` are the times that the environment records, in seconds.
    """
    if "validation" in dataset.parts:
        write_validation_outputs(run, trainer, dataset, state)
    run.write_samples("augmented", *_augmented_samples(trainer, dataset))
    record = run.environment()
    run.write_environment({**record, "finished": now(), **spent})


def describe_classifier(trainer: Trainer, dataset: Dataset, epoch: int) -> dict[str, Any]:
    """Return everything that using the weights of ``epoch`` needs."""
    return {
        "kind": "native",
        "smalti": __version__,
        "model": to_dict(trainer.recipe)["model"],
        "class_names": list(dataset.class_names),
        "input_shape": list(dataset.image_shape),
        "preprocessing": {"mean": list(trainer.mean), "std": list(trainer.std)},
        "views": trainer.recipe.prediction.views,
        "parameters": count_parameters(trainer.model),
        "epoch": epoch,
        "data": dataset.name,
    }


def write_validation_outputs(run: Run, trainer: Trainer, dataset: Dataset, state: State) -> None:
    """Store the kept weights' float32 logits of the validation part, and what they say of them."""
    part = dataset.part("validation")
    hardware = replace(trainer.hardware, precision="float32")
    model = build(trainer.recipe.model, dataset.image_shape, dataset.n_classes)
    load_weights(model, state.best)
    normalize = Normalize(trainer.mean, trainer.std, hardware.torch_device())
    network = Network(model, normalize, hardware, trainer.recipe.prediction.views)
    logits = network.logits(part.pictures, len(part))
    run.write_outputs("validation", logits, part.labels)
    run.write_calibration(calibration.fit(logits, part.labels))


def _augmented_samples(
    trainer: Trainer, dataset: Dataset
) -> tuple[list[np.ndarray], list[Mapping[str, Any]]]:
    """Return training pictures as the network was fed them, with their labels."""
    part = dataset.part("train")
    chosen = np.linspace(0, len(part) - 1, min(AUGMENTED_SAMPLES, len(part))).astype(int)
    draws = randomness.generator(trainer.recipe.seed, 1, randomness.AUGMENTATION)
    pictures = torch.from_numpy(part.pictures(chosen)).permute(0, 3, 1, 2)
    batch = Batch(pictures, torch.from_numpy(part.labels[chosen]), torch.from_numpy(chosen))
    fed = trainer.fed(batch, trainer.recipe.training.epochs, draws)
    changed = fed.pictures.round().clamp(0, 255).to(torch.uint8)
    images = list(changed.permute(0, 2, 3, 1).numpy())
    return images, [{"label": text} for text in _label_texts(fed, dataset.class_names)]


def _label_texts(fed: Fed, names: Sequence[str]) -> list[str]:
    """Return the class name of each picture; of mixed ones both, with their parts."""
    own = [names[label] for label in fed.labels.tolist()]
    if fed.partners is None or fed.share is None:
        return own
    return [
        f"{name} {share:.0%} + {names[other]}"
        for name, other, share in zip(own, fed.partners.tolist(), fed.share.tolist(), strict=True)
    ]
