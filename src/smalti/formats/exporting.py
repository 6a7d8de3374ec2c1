"""What all exporters have in common: what is exported, what it is compared on, the parity gate."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import nn

from smalti import device
from smalti.calibration import Calibration
from smalti.classifier.native import network_of
from smalti.data.pictures import PictureError, read_picture
from smalti.errors import SmaltiError
from smalti.files import write_bytes
from smalti.metrics import softmax
from smalti.models.inference import Network
from smalti.models.preprocessing import Normalize
from smalti.models.views import views_of
from smalti.runs import BASELINE, Run
from smalti.wording import plural

LARGEST_DIFFERENCE = 1e-4
"""Of any probability in float32, between the run's network and the file."""

RANDOM_PICTURES = 32
_SEED = 0


@dataclass(frozen=True)
class Export(os.PathLike[str]):
    """A written file, usable as a path; what it was compared on and how far it was off.

    ``largest_difference`` is of a probability, over ``pictures`` pictures; ``notes`` are sentences
    that whoever uses the file has to know.
    """

    path: Path
    format: str
    largest_difference: float
    pictures: int
    classes: int
    input_shape: tuple[int, int, int]
    written_by: str
    notes: tuple[str, ...] = ()

    def __fspath__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class SeenView:
    """One view of a picture: its weight, and which rows and columns of the picture it shows."""

    weight: float
    rows: list[int]
    columns: list[int]


@dataclass(frozen=True)
class Subject:
    """What is exported: a network in evaluation mode, and the description of its classifier.

    ``weights`` is the fingerprint by which the run knows its weights.
    """

    name: str
    description: dict[str, Any]
    network: nn.Module
    weights: str = ""
    calibration: Calibration | None = None

    @property
    def temperature(self) -> float:
        """What the file divides logits by before the softmax."""
        return self.calibration.temperature if self.calibration else 1.0

    @property
    def input_shape(self) -> tuple[int, int, int]:
        height, width, channels = self.description["input_shape"]
        return height, width, channels

    @property
    def class_names(self) -> list[str]:
        return list(self.description["class_names"])

    def views(self) -> list[SeenView]:
        """Return the views whose logits are averaged; a single one is the picture itself."""
        seen = []
        for view in views_of(self._views):
            rows, columns = view.pixels(*self.input_shape[:2])
            seen.append(SeenView(view.weight, rows.tolist(), columns.tolist()))
        return seen

    def scale_and_offset(self) -> tuple[list[float], list[float]]:
        """Return what each channel's values 0–255 are multiplied with, and what is added then.

        That is what :class:`Normalize` does; another preprocessing is refused.
        """
        preprocessing = self.description["preprocessing"]
        if set(preprocessing) != {"mean", "std"}:
            unknown = ", ".join(sorted(set(preprocessing) - {"mean", "std"})) or "none"
            raise SmaltiError(
                f"This run prepares its pictures in a way that no exported file does: {unknown}."
            )
        mean, std = (np.array(preprocessing[key], np.float64) for key in ("mean", "std"))
        return (1 / (255 * std)).tolist(), (-mean / std).tolist()

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """Return what the run itself answers for uint8 pictures, in float32 on the CPU."""
        scaling = self.description["preprocessing"]
        normalize = Normalize(scaling["mean"], scaling["std"])
        judged = Network(self.network, normalize, device.plain_cpu(), self._views)
        return softmax(judged.logits(pictures.__getitem__, len(pictures)) / self.temperature)

    def notes(self) -> tuple[str, ...]:
        """Return what whoever uses the file has to know."""
        if self._views == 1:
            return ()
        return (
            f"The file averages {plural(self._views, 'view')} of a picture for an answer, as the "
            f"run does: an answer costs {self._views} times the arithmetic.",
        )

    @property
    def _views(self) -> int:
        return int(self.description.get("views", 1))


class Writer(Protocol):
    """A format: how a subject becomes a file, and what such a file answers."""

    repair: str
    """What to try where a file answers otherwise than its run."""

    def write(self, subject: Subject, draft: Path) -> str:
        """Write the file; return what wrote it, with its version."""

    def answer(self, draft: Path, pictures: np.ndarray) -> np.ndarray:
        """Return the probabilities that the file gives for uint8 pictures, loaded as by anybody."""


def export(run: Run, target: Path, file_format: str, writer: Writer) -> Export:
    """Write a run's classifier at ``target``.

    The file is put in its place only if it predicts within LARGEST_DIFFERENCE of the run on the
    run's sample pictures and random ones.

    Raises:
        SmaltiError: the network has no counterpart in the format, or the two disagree.
        MachineError: the file cannot be written.
    """
    subject = subject_of(run)
    pictures = pictures_to_compare(run, subject.input_shape)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"model.{file_format}"
        version = writer.write(subject, draft)
        found = writer.answer(draft, pictures)
        difference = float(np.abs(found - subject.probabilities(pictures)).max())
        _require_parity(difference, target, writer.repair)
        write_bytes(target, draft.read_bytes(), "another file with --to")
    return Export(
        target,
        file_format,
        difference,
        len(pictures),
        len(subject.class_names),
        subject.input_shape,
        version,
        subject.notes(),
    )


def subject_of(run: Run) -> Subject:
    """Return what is exported of a run; one that holds no network of smalti's own is refused."""
    description = run.classifier()
    if description["kind"] == BASELINE:
        raise SmaltiError(
            f"{run.path} is of a classical method, of which no model is kept: nothing to export.",
            "Networks are exported: smalti runs lists them.",
        )
    if description["kind"] != "native":
        raise SmaltiError(
            f"{run.path} is not a network of smalti's own but {description['kind']}.",
            "Export one of its members, or the run that it was made from.",
        )
    weights, _ = run.read_model()
    try:
        model = network_of(description, weights)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise SmaltiError(
            f"{run.classifier_file} does not fit {run.model_file}: one of them was changed.",
            f"Write both again with: {run.repair}",
        ) from error
    weights_are = run.weights_fingerprint()
    return Subject(run.name, description, model.eval(), weights_are, run.calibration())


def pictures_to_compare(run: Run, shape: tuple[int, int, int]) -> np.ndarray:
    """Return uint8 pictures to compare on: the run's stored samples, and random ones."""
    stored = []
    for entries in run.samples().values():
        for entry in entries:
            try:
                stored.append(read_picture(run.samples_folder / Path(entry["file"]).name, shape))
            except (PictureError, KeyError, TypeError):
                continue  # a damaged sample is no reason not to export
    random = np.random.default_rng(_SEED).integers(0, 256, (RANDOM_PICTURES, *shape), np.uint8)
    return np.concatenate([np.stack(stored), random]) if stored else random


def _require_parity(difference: float, target: Path, repair: str) -> None:
    """Refuse a difference above the limit, and one that is no number."""
    if not difference <= LARGEST_DIFFERENCE:
        raise SmaltiError(
            f"{target} was not written: its probabilities would differ by {difference:.2g} from "
            f"the run's, more than {LARGEST_DIFFERENCE:g}.",
            repair,
        )


def require_new(target: Path) -> None:
    """Raise an error where a file is there already."""
    if target.exists():
        raise SmaltiError(
            f"{target} exists already; nothing is overwritten unasked.",
            "Replace it with --replace (replace=True in Python), or choose another name.",
        )


def format_of(target: str | Path | None, file_format: str | None) -> str:
    """Return the format that is meant: as said, or by the ending of the file; default ``keras``."""
    from smalti.names import FORMATS

    ending = Path(target).suffix.lower().removeprefix(".") if target is not None else ""
    by_ending = {"hdf5": "h5"}.get(ending, ending)
    if file_format is None:
        if target is not None and by_ending not in FORMATS:
            raise SmaltiError(
                f"{target} does not end in the ending of a format.",
                f"Known endings: {', '.join(f'.{name}' for name in FORMATS)}; or say --format.",
            )
        return by_ending or "keras"
    FORMATS[file_format]
    if target is not None and by_ending != file_format:
        raise SmaltiError(
            f"{target} does not end in .{file_format}, by which others know the format.",
            f"Name it {Path(target).with_suffix('.' + file_format)}, or leave out --format.",
        )
    return file_format


def parity_sentence(done: Export) -> str:
    """Return how far the file is off, in words."""
    return (
        f"largest difference of a probability {done.largest_difference:.1e} over "
        f"{plural(done.pictures, 'picture')} (limit {LARGEST_DIFFERENCE:g})"
    )
