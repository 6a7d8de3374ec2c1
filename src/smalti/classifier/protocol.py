"""What every classifier can do, however its numbers are made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smalti import conformal
from smalti.calibration import Calibration
from smalti.data.dataset import Part
from smalti.errors import SmaltiError
from smalti.metrics import softmax
from smalti.wording import percent

Pictures = np.ndarray | str | Path | bytes | Sequence[str | Path | bytes]


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture: class name, its probability, all probabilities by class.

    ``unsure`` says why the answer is better left open, and is empty where it is not. ``error`` says
    why there is no answer (an unreadable file); the label is then empty. ``classes`` is the set
    that holds the true class as often as was wanted, likeliest first; empty where none was asked.
    """

    source: str
    label: str
    confidence: float
    probabilities: dict[str, float]
    error: str = ""
    unsure: str = ""
    classes: tuple[str, ...] = ()


class Classifier(ABC):
    """A trained classifier with its class names and everything that prepares a picture for it.

    A subclass gives :meth:`logits`; the rest follows from it.
    """

    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
    """Height, width, channels of the pictures that it takes."""
    calibration: Calibration | None = None
    """What validation said about its confidence; None where nobody asked it."""
    precision: str = "float32"
    """Number format of the arithmetic."""
    views: int = 1
    """Views of each picture that an answer is the average of."""
    gives_probabilities: bool = True
    """Whether the softmax of the logits is a probability, and not of mere scores."""

    @property
    def temperature(self) -> float:
        """What logits are divided by before the softmax."""
        return self.calibration.temperature if self.calibration else 1.0

    @abstractmethod
    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return float32 N×K from uint8 pictures N×H×W×C of the input shape."""

    def logits_of(self, part: Part) -> np.ndarray:
        """Return the logits of a data set's part, in order."""
        return self.logits(part.pictures())

    def predict_proba(self, pictures: Pictures) -> np.ndarray:
        """Return probabilities N×K of an array (uint8 N×H×W×C) or of picture files.

        A file that cannot be read is an error here; :meth:`predict` reports it in its place.
        """
        return softmax(self.logits(self.read(pictures)) / self.temperature)

    def read(self, pictures: Pictures) -> np.ndarray:
        """Return pictures as the classifier takes them, uint8 N×H×W×C, from files or an array.

        A file that cannot be read is an error.
        """
        if not isinstance(pictures, np.ndarray):
            pictures = np.stack([self._read(source) for source in _listed(pictures)])
        return self._shaped(pictures)

    def predict(
        self,
        pictures: Pictures,
        abstain_below: float | None = None,
        coverage: float | None = None,
    ) -> list[Prediction]:
        """Return a prediction for every picture, in order; bad files get one that says why.

        Answers less sure than ``abstain_below`` (a probability; without it the threshold of the
        calibration) are marked as unsure. With ``coverage``, a fraction up to 0.999, each has the
        set of classes that holds the true one at least so often (:mod:`smalti.conformal`).
        """
        if abstain_below is not None and not 0 <= abstain_below <= 1:
            raise SmaltiError(
                f"abstain_below expects a probability, 0 to 1, not {abstain_below:g}."
            )
        inside = None if coverage is None else self.set_threshold(coverage)
        if isinstance(pictures, np.ndarray):
            rows = self.predict_proba(pictures)
            return [
                self._prediction(str(i), row, abstain_below, inside) for i, row in enumerate(rows)
            ]
        sources = _listed(pictures)
        arrays, errors = self._read_all(sources)
        read = iter(self.predict_proba(np.stack(arrays)) if arrays else [])
        return [
            Prediction(name, "", 0.0, {}, error)
            if error
            else self._prediction(name, next(read), abstain_below, inside)
            for name, error in zip(map(_name, sources), errors, strict=True)
        ]

    def set_threshold(self, coverage: float) -> float:
        """Return the probability from which on classes are in the sets of a wanted coverage."""
        highest = conformal.COVERAGES[-1]
        if not 0 < round(coverage, 6) <= highest:
            raise SmaltiError(f"coverage expects a fraction up to {highest:g}, not {coverage:g}.")
        fitted = self.calibration.conformal if self.calibration else {}
        found = conformal.threshold(fitted, coverage)
        if found is None:
            raise self._no_sets(coverage)
        return found[1]

    def _no_sets(self, coverage: float) -> SmaltiError:
        wanted = f"Sets that hold the true class in {percent(coverage)}"
        if self.calibration is None or not self.calibration.conformal:
            return SmaltiError(
                f"{wanted} are fitted on validation pictures, and there were none for this "
                "classifier.",
                "Train it with a validation part: smalti train DATA --validation 0.1",
            )
        needed = conformal.pictures_needed(coverage)
        most = list(self.calibration.conformal)[-1]
        return SmaltiError(
            f"{wanted} need at least {needed:,} validation pictures; this classifier had "
            f"{self.calibration.n:,}.",
            f"Those are enough for: --conformal {most}",
        )

    def _prediction(
        self, source: str, row: np.ndarray, least: float | None, inside: float | None
    ) -> Prediction:
        best = int(row.argmax())
        named = {name: float(p) for name, p in zip(self.class_names, row, strict=True)}
        return Prediction(
            source,
            self.class_names[best],
            float(row[best]),
            named,
            unsure=self._unsure(float(row[best]), least),
            classes=() if inside is None else self._set(row, inside),
        )

    def _set(self, row: np.ndarray, inside: float) -> tuple[str, ...]:
        """Return the classes of a set, likeliest first."""
        [chosen] = conformal.sets(row[None], inside)
        order = np.argsort(-row, kind="stable")
        return tuple(self.class_names[place] for place in order if chosen[place])

    def _unsure(self, confidence: float, least: float | None) -> str:
        """Return why an answer of this confidence is better left open, or nothing."""
        found = self.calibration
        if least is not None:
            return f"below the {percent(least)} asked for" if confidence < least else ""
        if found is None or confidence >= found.abstain_below:
            return ""
        where = f"below {percent(found.abstain_below)}"
        if found.marked_accuracy is None:
            return f"{where}, the least sure of {found.n:,} validation pictures"
        right = percent(found.marked_accuracy)
        return f"{where}, where {right} of the answers on validation pictures were right"

    def _read(self, source: str | Path | bytes) -> np.ndarray:
        from smalti.data.pictures import read_picture

        return read_picture(source, self.input_shape)

    def _read_all(
        self, sources: Iterable[str | Path | bytes]
    ) -> tuple[list[np.ndarray], list[str]]:
        from smalti.data.pictures import PictureError

        arrays, errors = [], []
        for source in sources:
            try:
                arrays.append(self._read(source))
                errors.append("")
            except PictureError as error:
                errors.append(error.reason)
        return arrays, errors

    def _shaped(self, images: np.ndarray) -> np.ndarray:
        """Check an array against the input shape; grey N×H×W gets its channel."""
        if images.ndim == 3 and self.input_shape[2] == 1:
            images = images[..., None]
        if images.dtype != np.uint8 or images.shape[1:] != self.input_shape:
            expected = "×".join(map(str, self.input_shape))
            raise SmaltiError(
                f"This classifier takes uint8 pictures N×{expected}, not {images.dtype} "
                f"{'×'.join(map(str, images.shape))}.",
                "Picture files of any size can be given by their path instead.",
            )
        return images


def _listed(pictures: str | Path | bytes | Sequence[str | Path | bytes]) -> list:
    return [pictures] if isinstance(pictures, (str, Path, bytes)) else list(pictures)


def _name(source: str | Path | bytes) -> str:
    return "(bytes)" if isinstance(source, bytes) else str(source)
