"""Classifiers from a file: matching its classes and its pictures to a data set."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smalti.classifier.keras.form import Form, Shape
from smalti.classifier.protocol import Classifier
from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError, log


class FileClassifier(Classifier):
    """A classifier that one file holds.

    ``columns`` are the file's outputs in the order of the class names; empty where that is their
    own order. ``fit`` brings arrays of another size or colour to what the file takes.
    """

    kind: str
    """What the file is, as classifier.json says it."""
    columns: Sequence[int] = ()
    fit: bool = False

    @property
    @abstractmethod
    def scale(self) -> str:
        """How pixels go in, by its name in :data:`smalti.names.SCALES`."""

    @abstractmethod
    def describe(self, data: str) -> dict[str, Any]:
        """Return what ``classifier.json`` says of a file: enough to use it without its data."""

    def _shaped(self, images: np.ndarray) -> np.ndarray:
        return super()._shaped(fitted_to(images, self.input_shape) if self.fit else images)

    def _batch_by_batch(
        self,
        answer: Callable[[np.ndarray], np.ndarray],
        pictures: Callable[[slice], np.ndarray],
        n: int,
        step: int,
    ) -> np.ndarray:
        """Return float32 N×K: the answers for ``n`` pictures, fitted and given ``step`` at once."""
        rows = [np.zeros((0, len(self.class_names)), np.float32)]
        for start in range(0, n, step):
            logits = answer(fitted_to(pictures(slice(start, start + step)), self.input_shape))
            rows.append(logits[:, self.columns] if self.columns else logits)
        return np.concatenate(rows)


def fitted_to(images: np.ndarray, shape: Shape) -> np.ndarray:
    """Return uint8 pictures brought to another size (scaled, centre cut) and colour."""
    from smalti.data.pictures import fitted

    height, _, channels = shape
    if images.shape[1:3] != shape[:2]:
        images = fitted(images, height)
    if images.shape[3] == channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=3)
    # ITU-R 601 luma, as for picture files.
    grey = images.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(grey).astype(np.uint8)[..., None]


def require_fit(file: str, form: Form, dataset: Dataset, fit: bool) -> None:
    """Refuse pictures of another size or colour than the file takes, unless ``fit``."""
    has, wants = dataset.image_shape, form.picture
    if has == wants:
        return
    said = f"{file} takes {form.sentence()}; {dataset.name} has {Form(has, 'last').sentence()}"
    if wants[0] != wants[1] and has[:2] != wants[:2]:
        raise SmaltiError(f"{said}.", "Pictures of a data set are scaled to squares only.")
    if not fit:
        raise SmaltiError(f"{said}.", "With --fit they are scaled and recoloured to suit it.")
    log.info("%s: scaled and recoloured to suit it.", said)


def matched(
    file: str, inside: Sequence[str], n: int, dataset: Dataset
) -> tuple[tuple[str, ...], list[int]]:
    """Return the data set's class names, and the file's column for each of them.

    Classes are matched by name where the file names them (``inside``), and by number otherwise;
    another number of classes than the file's ``n`` is an error.
    """
    wanted = dataset.class_names
    if n != len(wanted):
        raise SmaltiError(
            f"{file} tells {n} classes apart; {dataset.name} has {len(wanted)}.",
            "Evaluate it on the data that it was trained for.",
        )
    if sorted(inside) == sorted(wanted):
        columns = [list(inside).index(name) for name in wanted]
        return wanted, columns if columns != list(range(n)) else []
    if inside:
        log.warning(
            "The classes in %s have other names than those of %s: matched by their numbers.",
            file,
            dataset.name,
        )
    return wanted, []


def require_file(path: str | Path) -> Path:
    """Return a path; one that is no file is an error."""
    path = Path(path)
    if not path.is_file():
        raise SmaltiError(f"There is no file {path}.")
    return path
