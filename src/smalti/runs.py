"""A run is a folder with fixed file names; only this module knows them.

Weights and arrays are safetensors, everything else JSON or CSV: nothing in a run is a pickle.
Arrays outside, tensors inside: this module speaks NumPy and knows no framework.
"""

from __future__ import annotations

import csv
import hashlib
import html
import io
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smalti import calibration, robustness
from smalti.calibration import Calibration
from smalti.errors import SmaltiError, log, nearest
from smalti.files import (
    machine_errors,
    read_json,
    read_tensors,
    unreadable,
    write_bytes,
    write_csv,
    write_json,
    write_tensors,
)
from smalti.metrics import accuracy
from smalti.names import FORMATS
from smalti.recipes import Recipe, from_dict
from smalti.robustness import Robustness
from smalti.wording import UNKNOWN, percent

HISTORY_COLUMNS = (
    "epoch",
    "lr",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "seconds",
)


CLASSIFIER_KEYS = ("kind", "model", "class_names", "input_shape", "preprocessing")
"""What classifier.json holds at least."""

BASELINE = "baseline"
"""The ``kind`` in classifier.json of a classical method's run: figures and outputs, no model."""


class Run:
    """A run folder: where its files are, and safe ways to read and write them.

    Opening a folder that is not a run is an error that names the runs beside it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not (self.path / "config.json").is_file():
            raise _not_a_run(self.path)

    @classmethod
    def become(cls, path: str | os.PathLike[str], config: Mapping[str, Any]) -> Run:
        """Make this very folder a run; one that holds something already is an error."""
        folder = Path(path)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise SmaltiError(
                f"{folder} exists and is not empty; nothing is ever overwritten.",
                "Choose another folder with --out.",
            )
        write_json(folder / "config.json", config)
        return cls(folder)

    @classmethod
    def create(cls, parent: str | os.PathLike[str], name: str, config: Mapping[str, Any]) -> Run:
        """Make a new run folder ``parent/name`` and write its config first.

        Nothing is ever overwritten: where the name is taken, ``-2``, ``-3``, … is added; two
        trainings started at once get two folders.
        """
        base = Path(parent) / safe_name(name)
        with machine_errors(base):
            base.parent.mkdir(parents=True, exist_ok=True)
            path, copy = base, 1
            while True:
                try:
                    path.mkdir()
                    break
                except FileExistsError:
                    copy += 1
                    path = base.with_name(f"{base.name}-{copy}")
        write_json(path / "config.json", config)
        return cls(path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        return self.path.resolve().name

    @property
    def repair(self) -> str:
        """The command that writes again whatever of the training was lost or damaged."""
        return f"smalti train --resume {shlex.quote(str(self.path))}"

    def remove_leftovers(self) -> None:
        """Remove half-written files of a process that was killed."""
        for leftover in self.path.rglob(".*.tmp"):
            leftover.unlink(missing_ok=True)

    def _repr_html_(self) -> str:
        """Show the run in a notebook: where it is and how good it is, in one small table."""
        results = self.metrics()
        rows = {
            "run": str(self.path),
            "recipe": self.config().get("name", UNKNOWN),
            "epochs": str(len(self.history())),
            "best validation accuracy": percent(self.best_validation()),
            "test accuracy": percent(results["accuracy"] if results else None),
        }
        cells = (
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(str(value))}</td></tr>"
            for name, value in rows.items()
        )
        return f"<table>{''.join(cells)}</table>"

    # The files, in the order in which a run comes to have them.

    @property
    def config_file(self) -> Path:
        """The complete recipe; accepted back by ``--recipe``."""
        return self.path / "config.json"

    @property
    def environment_file(self) -> Path:
        """Versions, device, precision, threads, data fingerprint, seed, command."""
        return self.path / "environment.json"

    @property
    def classifier_file(self) -> Path:
        """What is needed to use the model: architecture, classes, input shape, preprocessing."""
        return self.path / "classifier.json"

    @property
    def model_file(self) -> Path:
        """The weights that count: best on validation, or the last ones without validation."""
        return self.path / "model.safetensors"

    @property
    def calibration_file(self) -> Path:
        """Temperature and thresholds, fitted on validation when training ends."""
        return self.path / "calibration.json"

    @property
    def history_file(self) -> Path:
        """One line an epoch."""
        return self.path / "history.csv"

    @property
    def last_file(self) -> Path:
        """The complete state after the last finished epoch: what resuming starts from."""
        return self.path / "last.safetensors"

    @property
    def metrics_file(self) -> Path:
        """Test results, flat keys; written by ``evaluate``."""
        return self.path / "metrics.json"

    @property
    def predictions_file(self) -> Path:
        """One line a test picture: index, label, predicted, confidence."""
        return self.path / "predictions.csv"

    @property
    def stress_file(self) -> Path:
        """How far the accuracy holds where pictures get worse; written by ``stress``."""
        return self.path / "stress.json"

    @property
    def report_file(self) -> Path:
        """The one-file report."""
        return self.path / "report.html"

    @property
    def card_file(self) -> Path:
        """The model card."""
        return self.path / "MODEL_CARD.md"

    @property
    def plots_folder(self) -> Path:
        return self.path / "plots"

    @property
    def samples_folder(self) -> Path:
        """Pictures that a report shows, as PNG, with an index."""
        return self.path / "samples"

    @property
    def data_check_folder(self) -> Path:
        """What ``data check`` found with the run: page, tables, and what its folds say."""
        return self.path / "data-check"

    def log_folder(self, tracker: str) -> Path:
        """Where a tracker keeps its log of the training."""
        return self.path / tracker

    def outputs_file(self, part: str) -> Path:
        """Logits and labels of a part (``validation`` or ``test``), in order."""
        return self.path / "outputs" / f"{part}.safetensors"

    def exported_file(self, file_format: str) -> Path:
        """The classifier as a file for other programs; written by ``export``."""
        return self.path / f"model.{file_format}"

    # Reading and writing what has a fixed form.

    def config(self) -> dict[str, Any]:
        """Return the recipe as it was written."""
        return read_json(self.config_file)

    def recipe(self) -> Recipe:
        """Return the recipe that made the run."""
        return from_dict(self.config(), str(self.config_file))

    def data_recipe(self) -> Recipe:
        """Return the recipe as far as it says which data the run is of, and how divided.

        That much every run has, those of files that others trained too.
        """
        data = {"data": self.config().get("data", {})}
        return from_dict(data, str(self.config_file))

    def environment(self) -> dict[str, Any]:
        """Return the record of versions, device, data fingerprint and seed."""
        return read_json(self.environment_file, self.repair)

    def classifier(self) -> dict[str, Any]:
        """Return the description of the trained classifier; all that using it needs is there."""
        description = read_json(self.classifier_file, self.repair)
        missing = [key for key in CLASSIFIER_KEYS if key not in description]
        if missing:
            raise SmaltiError(
                f"{self.classifier_file} is damaged: it lacks {', '.join(missing)}.",
                f"Repair it with: {self.repair}",
            )
        return description

    def calibration(self) -> Calibration | None:
        """Return temperature and thresholds, None where there are none of the weights of now."""
        if not self.calibration_file.exists():
            return None
        content = read_json(self.calibration_file, self.repair)
        if content.get("weights") != self.weights_fingerprint():
            log.info(
                "%s is of other weights than the run has now: not used.", self.calibration_file
            )
            return None
        try:
            found = calibration.read(content)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise SmaltiError(
                f"{self.calibration_file} is damaged: its temperature or thresholds are missing or "
                "out of range.",
                f"Repair it with: {self.repair}",
            ) from error
        outputs = self.outputs("validation") if "conformal" not in content else None
        return found if outputs is None else calibration.with_sets(found, *outputs)

    def stress(self) -> Robustness | None:
        """Return what ``stress`` found, None where there is nothing of the weights of now."""
        if not self.stress_file.exists():
            return None
        again = f"smalti stress {shlex.quote(str(self.path))} --again"
        content = read_json(self.stress_file, again)
        if content.get("weights") != self.weights_fingerprint():
            log.info("%s is of other weights than the run has now: not used.", self.stress_file)
            return None
        try:
            return robustness.read(content).stored_in(self.path)
        except (KeyError, TypeError, ValueError) as error:
            raise SmaltiError(
                f"{self.stress_file} is damaged: figures are missing or out of range.",
                f"Measure again with: {again}",
            ) from error

    def is_baseline(self) -> bool:
        """Tell whether this is a classical method's run, which keeps no model."""
        return bool(self.config().get("baseline"))

    def metrics(self) -> dict[str, Any] | None:
        """Return the stored test results, or None where the test set was never opened."""
        if not self.metrics_file.exists():
            return None
        return read_json(self.metrics_file, f"smalti evaluate {self.path} --again")

    def history(self) -> list[dict[str, float | None]]:
        """Return one mapping an epoch with ``HISTORY_COLUMNS``; empty cells are None."""
        if not self.history_file.exists():
            return []
        try:
            with self.history_file.open(newline="", encoding="utf-8") as file:
                table = csv.DictReader(file)
                if tuple(table.fieldnames or ()) != HISTORY_COLUMNS:
                    raise ValueError
                return [
                    {key: float(cell) if cell else None for key, cell in cells.items()}
                    for cells in table
                ]
        except OSError as error:
            raise unreadable(self.history_file, error) from error
        except (TypeError, ValueError) as error:
            raise SmaltiError(
                f"{self.history_file} is damaged: expected the columns "
                f"{', '.join(HISTORY_COLUMNS)} with numbers.",
                f"Rewrite it with: {self.repair}",
            ) from error

    def best_validation(self) -> float | None:
        """Return the best epoch's validation accuracy, or None where there is no validation.

        What has no epochs is judged by its stored outputs.
        """
        history = self.history()
        if not history:
            judged = self.outputs("validation")
            return None if judged is None else accuracy(*judged)
        values = [row["val_accuracy"] for row in history]
        return max((value for value in values if value is not None), default=None)

    def write_history(self, rows: Sequence[Mapping[str, float | None]]) -> None:
        """Replace the history by these rows (a missing value leaves its cell empty)."""
        write_csv(
            self.history_file,
            HISTORY_COLUMNS,
            [[_cell(key, row.get(key)) for key in HISTORY_COLUMNS] for row in rows],
        )

    def write_environment(self, record: Mapping[str, Any]) -> None:
        """Replace the record of what the run was made with."""
        write_json(self.environment_file, record)

    def write_classifier(self, description: Mapping[str, Any]) -> None:
        """Replace the description of the classifier."""
        write_json(self.classifier_file, description)

    def write_calibration(self, found: Calibration) -> None:
        """Replace temperature and thresholds by those of the weights of now."""
        content = {**found.to_dict(), "weights": self.weights_fingerprint()}
        write_json(self.calibration_file, content)

    def write_stress(self, found: Robustness) -> None:
        """Replace what ``stress`` found by figures of the weights of now."""
        write_json(self.stress_file, {**found.to_dict(), "weights": self.weights_fingerprint()})

    def write_metrics(self, results: Mapping[str, Any]) -> None:
        """Replace the stored test results."""
        write_json(self.metrics_file, results)

    def write_predictions(self, rows: Sequence[Sequence[Any]]) -> None:
        """Replace the table of test predictions: index, label, predicted, confidence."""
        write_csv(self.predictions_file, ("index", "label", "predicted", "confidence"), rows)

    def write_samples(
        self, kind: str, pictures: Sequence[np.ndarray], notes: Sequence[Mapping[str, Any]]
    ) -> None:
        """Store pictures (uint8 H×W×C) of a kind as PNG, and what is known of each in the index.

        Kinds: ``augmented``, ``right``, ``wrong``, ``confused`` (of the most confused pairs),
        ``reasons`` (heat maps over the wrong ones), ``filters``, ``maps`` (sheets), ``corrupted``
        (one picture in every state), ``sprites`` (a sheet of the pictures on the map). What a kind
        held before is replaced.
        """
        index = self.samples()
        names = [f"{kind}-{number:02d}.png" for number in range(len(pictures))]
        for name, picture in zip(names, pictures, strict=True):
            write_bytes(self.samples_folder / name, _png(picture))
        entries = [{"file": name, **note} for name, note in zip(names, notes, strict=True)]
        write_json(self.samples_folder / "index.json", {**index, kind: entries})

    def samples(self) -> dict[str, list[dict[str, Any]]]:
        """Return the index of stored pictures by kind; empty where there are none."""
        index = self.samples_folder / "index.json"
        return read_json(index, f"smalti evaluate {self.path} --again") if index.exists() else {}

    def write_model(self, weights: Mapping[str, np.ndarray], epoch: int) -> None:
        """Replace the weights that count, from the given epoch."""
        write_tensors(self.model_file, weights, {"epoch": epoch})

    def read_model(self) -> tuple[dict[str, np.ndarray], int]:
        """Return the weights that count and the epoch that they are from."""
        weights, state = read_tensors(self.model_file, self.repair)
        return weights, int(state.get("epoch", 0))

    @property
    def weights_file(self) -> Path:
        """What the classifier's answers are made from: its own weights, or another's file."""
        others = (self.exported_file(file_format) for file_format in FORMATS)
        kept = [path for path in (self.model_file, *others) if path.exists()]
        return kept[0] if kept else self.model_file

    def weights_fingerprint(self) -> str:
        """Return a fingerprint of the weights file, by which results know what they are of."""
        path = self.weights_file
        if not path.exists():
            return ""
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        except OSError as error:
            raise unreadable(path, error) from error

    def write_last(self, arrays: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        """Replace the state that resuming starts from."""
        write_tensors(self.last_file, arrays, state)

    def read_last(self) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return the last state, or None where no epoch was finished."""
        if not self.last_file.exists():
            return None
        again = f"a new run: smalti train DATA --recipe {self.config_file}"
        return read_tensors(self.last_file, again)

    def write_outputs(self, part: str, logits: np.ndarray, labels: np.ndarray) -> None:
        """Store logits (float32, N×classes) and labels (int64, N) of a part, in order."""
        arrays: dict[str, np.ndarray] = {
            "logits": logits.astype(np.float32),
            "labels": labels.astype(np.int64),
        }
        write_tensors(self.outputs_file(part), arrays)

    def outputs(self, part: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Return logits (N×classes) and labels (N) of a part, or None where there are none."""
        path = self.outputs_file(part)
        if not path.exists():
            return None
        command = "evaluate" if part == "test" else "train --resume"
        again = " --again" if part == "test" else ""
        tensors, _ = read_tensors(path, f"smalti {command} {self.path}{again}")
        try:
            logits, labels = tensors["logits"], tensors["labels"]
        except KeyError as error:
            raise SmaltiError(f"{path} is damaged: it holds no {error}.") from error
        return logits, labels

    def write_embedding(
        self, points: np.ndarray, indices: np.ndarray, explained: Sequence[float]
    ) -> None:
        """Store where sampled test pictures lie on the map of features: places n×2, which they are.

        ``explained`` are the shares of the variance that the two axes hold.
        """
        arrays: dict[str, np.ndarray] = {
            "points": points.astype(np.float32),
            "indices": indices.astype(np.int64),
        }
        write_tensors(self.outputs_file("embedding"), arrays, {"explained": list(explained)})

    def embedding(self) -> tuple[np.ndarray, np.ndarray, tuple[float, float]] | None:
        """Return what :meth:`write_embedding` stored, or None where there is nothing."""
        path = self.outputs_file("embedding")
        if not path.exists():
            return None
        again = f"smalti evaluate {self.path} --again"
        arrays, state = read_tensors(path, again)
        try:
            points, indices = arrays["points"], arrays["indices"]
            first, second = (float(share) for share in state["explained"])
            if points.shape != (len(indices), 2) or not np.isfinite(points).all():
                raise ValueError("expected finite places n×2")
        except (KeyError, TypeError, ValueError) as error:
            raise SmaltiError(f"{path} is damaged: {error}.", f"Write it with: {again}") from error
        return points, indices, (first, second)


def find_runs(parent: str | os.PathLike[str]) -> list[Run]:
    """Return the runs directly inside a folder, oldest first."""
    folder = Path(parent)
    if not folder.is_dir():
        return []
    paths = [path for path in folder.iterdir() if (path / "config.json").is_file()]
    return [Run(path) for path in sorted(paths, key=lambda p: (p / "config.json").stat().st_mtime)]


def safe_name(name: str) -> str:
    """Return a good folder name: letters of any script, digits, dots, dashes, underscores."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    return safe or "run"


def _cell(column: str, value: float | None) -> str:
    if value is None:
        return ""
    if column == "epoch":
        return str(int(value))
    return f"{value:.1f}" if column == "seconds" else f"{value:.6g}"


def _png(picture: np.ndarray) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(content, "PNG")
    return content.getvalue()


def _not_a_run(path: Path) -> SmaltiError:
    if not path.exists():
        close = nearest(path.name, [run.name for run in find_runs(path.parent)])
        guess = f" Did you mean {path.parent / close}?" if close else ""
        return SmaltiError(f"There is no run folder {path}.{guess}", "List them with: smalti runs")
    return SmaltiError(
        f"{path} is not a run folder: it holds no config.json.", "List them with: smalti runs"
    )
