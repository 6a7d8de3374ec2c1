"""Run folders without training: networks of random weights, as far from special as can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from smalti.models.building import build
from smalti.recipes import resolve, to_dict
from smalti.runs import Run


def untrained_run(
    parent: Path,
    options: dict[str, Any] | None = None,
    shape: tuple[int, int, int] = (12, 12, 3),
    class_names: tuple[str, ...] = ("bar", "column", "ring"),
    name: str = "run",
) -> Run:
    """Return a run whose every weight and running statistic is random."""
    recipe = resolve(options.pop("recipe", "cnn") if options else "cnn", "tiny", options or {})
    torch.manual_seed(0)
    model = build(recipe.model, shape, len(class_names))
    for key, tensor in model.state_dict().items():
        if key.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif key.endswith(("running_mean", "bias")) or tensor.ndim == 1:
            tensor.normal_(std=0.3)
        elif key.endswith("weight"):
            # Twice the usual deviation: probabilities far from equal, so that a mistake shows.
            tensor.normal_(std=2 / float(np.sqrt(tensor[0].numel())))
    run = Run.create(parent, name, to_dict(recipe))
    run.write_model({key: value.numpy() for key, value in model.state_dict().items()}, 1)
    channels = shape[2]
    run.write_classifier(
        {
            "kind": "native",
            "model": to_dict(recipe)["model"],
            "class_names": list(class_names),
            "input_shape": list(shape),
            "preprocessing": {
                "mean": [0.3 + 0.1 * channel for channel in range(channels)],
                "std": [0.2 + 0.05 * channel for channel in range(channels)],
            },
            "data": "tiny",
        }
    )
    return run
