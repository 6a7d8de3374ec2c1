"""A classifier that answers from a Keras file, in the process that Keras runs in."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smalti.classifier.files import (
    FileClassifier,
    fitted_to,
    matched,
    require_file,
    require_fit,
)
from smalti.classifier.keras.form import Form, find_form
from smalti.classifier.keras.process import KerasProcess, shared
from smalti.classifier.keras.scaling import Scaling, candidates, find, require_fitting
from smalti.data.dataset import Dataset, Part
from smalti.errors import SmaltiError, log
from smalti.models.preprocessing import channel_statistics

PICTURES_TO_CHOOSE = 1000
"""Validation pictures on which scalings are compared."""

_BATCH_BYTES = 32 << 20
_LARGEST_BATCH = 500
_TINIEST = float(np.finfo(np.float32).tiny)
_MODULE = "smalti.classifier.keras.reading"


class KerasFile:
    """A loaded Keras file: its facts, and its outputs for batches in its own form."""

    def __init__(self, path: Path, process: KerasProcess | None = None) -> None:
        self.path = path
        self.process = process or shared()
        self.facts, _ = self.process.call(f"{_MODULE}:load", {"path": str(path.resolve())})
        model = {"model": self.facts["model"]}
        weakref.finalize(self, self.process.call_later, f"{_MODULE}:close", model)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def n_outputs(self) -> int:
        """How many numbers one picture gives; an error where they are no row of classes."""
        shape = self.facts["output"]
        if len(shape) != 2 or shape[1] is None:
            said = "×".join("N" if side is None else str(side) for side in shape)
            raise SmaltiError(
                f"{self.name} gives {said} numbers; a classifier gives one row of K for a picture."
            )
        return int(shape[1])

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """Return float32 N×K for one batch; log-probabilities where the file has no logits."""
        _, [outputs] = self.process.call(
            f"{_MODULE}:predict", {"model": self.facts["model"]}, [batch]
        )
        if self.facts["output_kind"] == "logits" and self.n_outputs > 1:
            return outputs
        if self.n_outputs == 1:
            outputs = _two_classes(outputs, self.facts["output_kind"])
        return np.log(np.maximum(outputs, _TINIEST)).astype(np.float32)


class KerasClassifier(FileClassifier):
    """A Keras file with its class names, the form of its input and the scaling of its pixels."""

    kind = "keras"

    def __init__(
        self,
        file: KerasFile,
        form: Form,
        scaling: Scaling,
        class_names: Sequence[str],
        columns: Sequence[int] = (),
        fit: bool = False,
    ) -> None:
        self.file, self.form, self.scaling = file, form, scaling
        self.class_names = tuple(class_names)
        self.input_shape = form.picture
        self.columns = list(columns)
        self.fit = fit
        require_fitting(scaling, form.picture[2])

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return float32 N×K from uint8 pictures N×H×W×C."""
        return self._scaled_logits(self.scaling, images.__getitem__, len(images))

    def logits_of(self, part: Part) -> np.ndarray:
        """Return the logits of a part, brought to the network's size and colour batch by batch."""
        return self._scaled_logits(self.scaling, part.pictures, len(part))

    @property
    def scale(self) -> str:
        return self.scaling.name

    def describe(self, data: str) -> dict[str, Any]:
        """Return what ``classifier.json`` says of the file."""
        scaling = self.scaling
        return {
            "kind": self.kind,
            "model": {"name": self.kind, "written_by": f"Keras {self.file.facts['keras_version']}"},
            "class_names": list(self.class_names),
            "input_shape": list(self.input_shape),
            "preprocessing": {
                "scale": scaling.name,
                "mean": list(scaling.mean),
                "std": list(scaling.std),
                "planes_first": scaling.planes_first,
                "order": self.form.order,
                "columns": self.columns,
            },
            "parameters": self.file.facts["parameters"],
            "data": data,
        }

    def compare(self, part: Part, scaling: Scaling) -> np.ndarray:
        """Return the logits of a part as another scaling would give them."""
        return self._scaled_logits(scaling, part.pictures, len(part))

    def _scaled_logits(
        self, scaling: Scaling, pictures: Callable[[slice], np.ndarray], n: int
    ) -> np.ndarray:
        def answer(images: np.ndarray) -> np.ndarray:
            return self.file.logits(self.form.arranged(scaling(images), scaling.planes_first))

        size = _BATCH_BYTES // (4 * int(np.prod(self.input_shape)))
        return self._batch_by_batch(answer, pictures, n, max(1, min(_LARGEST_BATCH, size)))


def open_file(path: str | Path, scale: str | None = None) -> KerasClassifier:
    """Return the classifier of a file for pictures of the user's own.

    The scaling is what the file says (those that smalti exported do) or ``scale``; a network that
    opens with a scaling layer is taken to expect 0–255.
    """
    file = KerasFile(require_file(path))
    names = file.facts["class_names"]
    form = find_form(file.facts, None, file.name)
    scaling = Scaling(_known_scale(file, scale))
    return KerasClassifier(file, form, scaling, _named(file, names))


def open_for(
    path: str | Path,
    dataset: Dataset | Callable[[int], Dataset],
    scale: str | None = None,
    fit: bool = False,
) -> tuple[KerasClassifier, Dataset]:
    """Return the classifier of a file for a data set, and that data set.

    Classes are matched by name where the file names them, and by number otherwise. The scaling is
    found out on validation pictures unless ``scale`` or the file gives it. ``dataset`` may be a
    function from the side that the network takes (0: any), so that folders are read at that size.

    Raises:
        SmaltiError: the number of classes differs; or size or colour do, and ``fit`` is not set.
    """
    file = KerasFile(require_file(path))
    if callable(dataset):
        dataset = dataset(_side(file))
    form = find_form(file.facts, dataset.image_shape, file.name)
    inside, n = file.facts["class_names"], max(2, file.n_outputs)
    names, columns = matched(file.name, inside, n, dataset)
    require_fit(file.name, form, dataset, fit)
    mean, std = _statistics(dataset, form)
    scale = scale or file.facts["data"].get("scale")
    chosen = Scaling(scale or "0-255", mean, std)
    classifier = KerasClassifier(file, form, chosen, names, columns, fit)
    if scale is None:
        classifier.scaling = _find_scaling(classifier, dataset, mean, std)
    return classifier, dataset


def _find_scaling(
    classifier: KerasClassifier,
    dataset: Dataset,
    mean: tuple[float, ...],
    std: tuple[float, ...],
) -> Scaling:
    part = dataset.part("validation")
    spread = np.linspace(0, len(part) - 1, min(PICTURES_TO_CHOOSE, len(part))).astype(int)
    part = part.only(np.unique(spread))
    flat = classifier.form.order == "flat"
    tried = candidates(mean, std, classifier.input_shape[2], flat)
    found = find(lambda scaling: classifier.compare(part, scaling), part.labels, tried)
    log.info("%s: %s.", classifier.file.name, found.sentence())
    if found.doubtful:
        log.warning(
            "No scaling makes %s better than guessing on %s: other classes, their order, or pixels "
            "prepared in a way that smalti does not know.",
            classifier.file.name,
            dataset.name,
        )
    return found.scaling


def _known_scale(file: KerasFile, scale: str | None) -> str:
    if scale is not None:
        return scale
    if "scale" in file.facts["data"]:
        return str(file.facts["data"]["scale"])
    if file.facts["scales_inside"]:
        log.info(
            "%s opens with a layer that scales pixels: taken to expect 0–255 (else say --scale).",
            file.name,
        )
        return "0-255"
    raise SmaltiError(
        f"{file.name} does not say how its pixels are scaled.",
        "Say it with --scale 0-1, 0-255 or -1-1, or name the data that it is for, for example "
        "--data mnist: it is then found out on validation pictures.",
    )


def _named(file: KerasFile, names: list[str]) -> list[str]:
    n = max(2, file.n_outputs)
    if len(names) == n:
        return names
    log.info("%s holds no class names: its classes are numbered from 0.", file.name)
    return [str(number) for number in range(n)]


def _statistics(dataset: Dataset, form: Form) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of the training pictures as the network would be given them."""
    part = dataset.part("train")
    mean, std = channel_statistics(part.images, part.rows)
    channels = form.picture[2]
    if len(mean) == channels:
        return mean, std
    if channels == 3:
        return mean * 3, std * 3
    grey = fitted_to(part.pictures(slice(0, 5000)), (*dataset.image_shape[:2], 1))
    return channel_statistics(grey, np.arange(len(grey)))


def _side(file: KerasFile) -> int:
    """Return the side of the square pictures that a network takes, or 0 for any."""
    form = None
    if None not in file.facts["input"][1:]:
        form = find_form(file.facts, None, file.name)
    return form.picture[0] if form and form.picture[0] == form.picture[1] else 0


def _two_classes(outputs: np.ndarray, kind: str) -> np.ndarray:
    """Return N×2 probabilities from the one output of a network for two classes."""
    positive = outputs if kind == "sigmoid" else 1 / (1 + np.exp(-outputs))
    return np.concatenate([1 - positive, positive], axis=1)
