"""A classifier from a run folder that smalti trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from smalti import device
from smalti.classifier.protocol import Classifier
from smalti.data.dataset import Part
from smalti.errors import SmaltiError
from smalti.models.building import build
from smalti.models.inference import Network, load_weights
from smalti.models.preprocessing import Normalize
from smalti.recipes import from_dict
from smalti.runs import Run


class NativeClassifier(Classifier):
    """The kept weights of a run with preprocessing, views and class names stored beside them."""

    def __init__(
        self, description: dict[str, Any], weights: dict[str, np.ndarray], hardware: device.Hardware
    ) -> None:
        self.class_names = tuple(description["class_names"])
        self.model = network_of(description, weights)
        height, width, channels = description["input_shape"]
        self.input_shape = (height, width, channels)
        self.hardware = hardware
        self.precision = hardware.precision
        scaling = description["preprocessing"]
        normalize = Normalize(scaling["mean"], scaling["std"], hardware.torch_device())
        self.views = int(description.get("views", 1))
        self._network = Network(self.model, normalize, hardware, self.views)

    @classmethod
    def load(
        cls, run: Run, precision: str = "float32", device_name: str = "auto"
    ) -> NativeClassifier:
        """Load a run's classifier; a missing, truncated or edited file is one clear sentence."""
        description = run.classifier()
        weights, _ = run.read_model()
        hardware = device.choose(device_name, precision)
        try:
            classifier = cls(description, weights, hardware)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise SmaltiError(
                f"{run.classifier_file} does not fit {run.model_file}: one of them was changed.",
                f"Write both again with: smalti train --resume {run.path}",
            ) from error
        classifier.calibration = run.calibration()
        return classifier

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return float32 N×K from uint8 pictures N×H×W×C."""
        # PyTorch takes no array that runs backwards, as mirrored ones do.
        images = np.ascontiguousarray(images)
        return self._network.logits(images.__getitem__, len(images))

    def prepared(self, images: np.ndarray) -> torch.Tensor:
        """Return what the network itself takes of uint8 pictures N×H×W×C: float32 N×C×H×W."""
        return self._network.prepared(images)

    def answer(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return float32 logits n×K of pictures n×C×H×W (0–255) on the device, with gradients."""
        return self._network(pictures)

    def logits_of(self, part: Part) -> np.ndarray:
        """Return the logits of a part without copying all of its pictures."""
        return self._network.logits(part.pictures, len(part))

    def embeddings(self, images: np.ndarray) -> np.ndarray:
        """Return float32 N×D: what the output layer is given of uint8 pictures, without views."""
        return self._network.embeddings(images.__getitem__, len(images))

    def embeddings_of(self, part: Part) -> np.ndarray:
        """Return the embeddings of a part without copying all of its pictures."""
        return self._network.embeddings(part.pictures, len(part))


def network_of(description: dict[str, Any], weights: Mapping[str, np.ndarray]) -> nn.Module:
    """Return the network that a classifier.json describes, with these weights.

    What was changed in either is a KeyError, TypeError, ValueError or RuntimeError.
    """
    height, width, channels = description["input_shape"]
    config = from_dict({"model": description["model"]}, "classifier.json").model
    model = build(config, (height, width, channels), len(description["class_names"]))
    load_weights(model, weights)
    return model
