"""A classifier that answers from an ONNX file of smalti's own, without PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smalti.classifier.files import FileClassifier, matched, require_file, require_fit
from smalti.classifier.keras.form import Form
from smalti.classifier.onnx.metadata import (
    INPUT,
    LOGITS,
    METADATA_KEY,
    PROBABILITIES,
    SCALE,
    Facts,
    is_whole,
    read_facts,
)
from smalti.classifier.onnx.session import is_installed, open_session, require_extra
from smalti.data.dataset import Dataset, Part
from smalti.errors import SmaltiError, log
from smalti.files import unreadable
from smalti.runs import Run

_BATCH = 64
"""Pictures at once: from 4 to 512 the speed differs by 4 %, the memory for feature maps by 128."""

_PIXELS_A_BATCH = 2**20


class OnnxFile:
    """A loaded file: what it says of itself, and its logits for batches of pictures.

    Only files that smalti wrote are taken: they say what their classes are and how pixels go in.
    """

    def __init__(self, path: Path) -> None:
        require_extra()
        self.path = path
        try:
            content = path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from error
        whole = is_whole(content)
        if whole is False:
            raise SmaltiError(
                f"{path} is damaged: its content does not match its checksum.", _WRITE_ONE
            )
        self._session, text = _opened(path, content)
        self.facts = _facts(path, self._session, text if whole else "")

    @property
    def name(self) -> str:
        return self.path.name

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """Return float32 N×K for uint8 pictures N×H×W×C."""
        given = {INPUT: np.ascontiguousarray(batch)}
        try:
            logits: np.ndarray = self._session.run([LOGITS], given)[0]
        except Exception as error:  # of ONNX Runtime's own classes, as when it opens a file
            raise SmaltiError(
                f"ONNX Runtime could not run {self.path}: it was changed, or memory is short.",
                _WRITE_ONE,
            ) from error
        return logits


class OnnxClassifier(FileClassifier):
    """An ONNX file with the class names in it, or with those of a data set."""

    kind = "onnx"

    def __init__(
        self,
        file: OnnxFile,
        class_names: Sequence[str] = (),
        columns: Sequence[int] = (),
        fit: bool = False,
    ) -> None:
        self.file = file
        self.class_names = tuple(class_names) or file.facts.class_names
        self.input_shape = file.facts.input_shape
        self.views = file.facts.views
        self.calibration = file.facts.calibration
        self.columns = list(columns)
        self.fit = fit

    @property
    def scale(self) -> str:
        return SCALE

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return float32 N×K from uint8 pictures N×H×W×C."""
        return self._logits(images.__getitem__, len(images))

    def logits_of(self, part: Part) -> np.ndarray:
        """Return the logits of a part, brought to the file's size and colour batch by batch."""
        return self._logits(part.pictures, len(part))

    def describe(self, data: str) -> dict[str, Any]:
        """Return what ``classifier.json`` says of the file."""
        return {
            "kind": self.kind,
            "model": {"name": self.kind, "written_by": f"smalti {self.file.facts.version}"},
            "class_names": list(self.class_names),
            "input_shape": list(self.input_shape),
            "preprocessing": {"scale": self.scale, "columns": list(self.columns)},
            "views": self.views,
            "parameters": self.file.facts.parameters,
            "data": data,
        }

    def _logits(self, pictures: Callable[[slice], np.ndarray], n: int) -> np.ndarray:
        height, width, _ = self.input_shape
        step = max(1, min(_BATCH, _PIXELS_A_BATCH // (height * width)))
        return self._batch_by_batch(self.file.logits, pictures, n, step)


def open_file(path: str | Path, scale: str | None = None) -> OnnxClassifier:
    """Return the classifier of a file for pictures of the user's own."""
    _require_no_scale(path, scale)
    return OnnxClassifier(OnnxFile(require_file(path)))


def open_for(
    path: str | Path,
    dataset: Dataset | Callable[[int], Dataset],
    scale: str | None = None,
    fit: bool = False,
) -> tuple[OnnxClassifier, Dataset]:
    """Return the classifier of a file for a data set, and that data set.

    ``dataset`` may be a function from the side that the network takes (0: no square), so that
    folders are read at that size.

    Raises:
        SmaltiError: the number of classes differs; or size or colour do, and ``fit`` is not set.
    """
    _require_no_scale(path, scale)
    file = OnnxFile(require_file(path))
    height, width, _ = file.facts.input_shape
    if callable(dataset):
        dataset = dataset(height if height == width else 0)
    inside = file.facts.class_names
    names, columns = matched(file.name, inside, len(inside), dataset)
    require_fit(file.name, Form(file.facts.input_shape, "last"), dataset, fit)
    return OnnxClassifier(file, names, columns, fit), dataset


def open_stored(run: Run) -> OnnxClassifier:
    """Return the classifier of a run folder that ``evaluate FILE --out`` made."""
    description = run.classifier()
    try:
        columns = [int(column) for column in description["preprocessing"]["columns"]]
    except (KeyError, TypeError, ValueError) as error:
        raise SmaltiError(
            f"{run.classifier_file} is damaged: it does not say in which order the classes are.",
            "Evaluate the ONNX file again with --out.",
        ) from error
    file, names = OnnxFile(run.weights_file), description["class_names"]
    if len(names) != len(file.facts.class_names):
        raise SmaltiError(
            f"{run.classifier_file} does not fit {file.path}: one of them was changed.",
            "Evaluate the ONNX file again with --out.",
        )
    return OnnxClassifier(file, names, columns)


def open_fresh(run: Run) -> OnnxClassifier | None:
    """Return a native run's classifier from its own ONNX file, or None where PyTorch has to answer.

    That is where there is no file, no ONNX Runtime to read it, or where the file was made of other
    weights or another classifier.json than the run has now: a stale file never answers.
    """
    path = run.exported_file("onnx")
    if not (path.is_file() and is_installed()):
        return None
    try:
        file = OnnxFile(path)
    except SmaltiError as error:
        log.info("%s The run answers without it.", error.problem)
        return None
    if not file.facts.describes(run.classifier(), run.weights_fingerprint()):
        log.info("%s is of other weights than the run has now: it is not used.", path)
        return None
    return OnnxClassifier(file)


def _opened(path: Path, content: bytes) -> tuple[Any, str]:
    """Return a session, and what the file says of itself."""
    try:
        session = open_session(content)
        text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY, "")
        return session, text
    except Exception as error:  # ONNX Runtime raises classes of its own, with nothing in common
        raise SmaltiError(
            f"{path} is damaged, or no ONNX file that ONNX Runtime can run.", _WRITE_ONE
        ) from error


def _facts(path: Path, session: Any, text: str) -> Facts:
    facts = read_facts(text)
    if facts is None:
        raise SmaltiError(
            f"{path} was not written by smalti: it does not say what its classes are and how "
            "pixels go in.",
            _WRITE_ONE,
        )
    inputs = [(item.name, item.type, item.shape[1:]) for item in session.get_inputs()]
    outputs = [(item.name, item.type, item.shape[1:]) for item in session.get_outputs()]
    classes = [len(facts.class_names)]
    if inputs != [(INPUT, "tensor(uint8)", list(facts.input_shape))] or outputs != [
        (name, "tensor(float)", classes) for name in (LOGITS, PROBABILITIES)
    ]:
        raise SmaltiError(
            f"{path} was changed: its input and outputs are not those that it says it has.",
            _WRITE_ONE,
        )
    return facts


def _require_no_scale(path: str | Path, scale: str | None) -> None:
    if scale is not None:
        raise SmaltiError(
            f"--scale is for Keras files; {path} takes pixels as they are.", "Leave it out."
        )


_WRITE_ONE = "Write one with: smalti export RUN --format onnx"
