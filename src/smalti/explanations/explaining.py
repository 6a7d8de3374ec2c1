"""Why a classifier answers as it does: for each picture its likeliest classes, with heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.classifier.native import NativeClassifier
from smalti.classifier.protocol import Classifier
from smalti.errors import unknown
from smalti.explanations import gradients, occlusion
from smalti.metrics import softmax

GRADIENTS, OCCLUSION = "gradients of its feature maps (LayerCAM)", "hiding parts (occlusion)"


@dataclass(frozen=True)
class Reason:
    """A class, its probability, and where the picture speaks for it: H×W from 0 to 1."""

    label: str
    probability: float
    heat: np.ndarray


def explain(
    classifier: Classifier,
    pictures: np.ndarray,
    classes: Sequence[Sequence[str]] = (),
    top: int = 2,
) -> list[list[Reason]]:
    """Return for each picture (uint8 n×H×W×C) its reasons, the likeliest class first.

    ``classes`` names for each picture the classes that are explained, in that order; without it
    the ``top`` likeliest are.

    Raises:
        SmaltiError: a class is not among the classifier's.
    """
    names = list(classifier.class_names)
    logits = classifier.logits(pictures)
    shares = softmax(logits / classifier.temperature)
    if classes:
        asked = [[_number(label, names) for label in labels] for labels in classes]
    else:
        asked = [list(map(int, row[: min(top, len(names))])) for row in np.argsort(-logits, axis=1)]
    places = [place for place, numbers in enumerate(asked) for _ in numbers]
    numbers = np.array([number for row in asked for number in row], np.int64)
    maps = iter(_heat(classifier, pictures[places], numbers))
    return [
        [Reason(names[number], float(shares[place, number]), next(maps)) for number in row]
        for place, row in enumerate(asked)
    ]


def method_of(classifier: Classifier) -> str:
    """Return in words how its heat maps are made."""
    return GRADIENTS if isinstance(classifier, NativeClassifier) else OCCLUSION


def _heat(classifier: Classifier, pictures: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    if isinstance(classifier, NativeClassifier):
        return gradients.heat_maps(classifier.model, classifier.prepared(pictures), numbers)
    return occlusion.heat_maps(classifier.logits, pictures, numbers)


def _number(label: str, names: list[str]) -> int:
    if label not in names:
        raise unknown("class", label, names, "smalti evaluate RUN")
    return names.index(label)
