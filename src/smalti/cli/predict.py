"""``smalti predict``."""

from __future__ import annotations

import csv
import glob
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from smalti.cli.file_options import fit_option, precision_option, scale_option
from smalti.errors import SmaltiError

if TYPE_CHECKING:
    from smalti.classifier.protocol import Classifier, Prediction
    from smalti.data.dataset import Dataset


@click.command()
@click.argument("run", type=click.Path())
@click.argument("pictures", nargs=-1)
@click.option("--data", help="Predict pictures of this data set instead of files.")
@scale_option
@fit_option
@precision_option
@click.option("--index", "indices", type=int, multiple=True, help="Which of them; from 0.")
@click.option("--part", default="test", show_default=True, help="train, validation or test.")
@click.option("--json", "form", flag_value="json", help="One JSON array.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a header line.")
@click.option(
    "--abstain-below",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Mark answers less sure than this. [half the errors, by validation]",
)
@click.option(
    "--conformal",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Give the set of classes that holds the true one at least so often.",
)
@click.option("--top", type=click.IntRange(min=1), default=3, show_default=True, help="How many.")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where data sets lie.")
def command(
    run: str,
    pictures: tuple[str, ...],
    data: str | None,
    scale: str | None,
    fit: bool,
    precision: str,
    indices: tuple[int, ...],
    part: str,
    form: str | None,
    abstain_below: float | None,
    conformal: float | None,
    top: int,
    data_dir: str | None,
) -> None:
    """Say what is on PICTURES: files, folders, or patterns such as 'photos/*.jpg'.

    RUN is a run folder, a Keras file (.keras, .h5) or an ONNX file that smalti wrote. Order is
    kept; a file that cannot be read is reported in its row. With --data and --index, pictures of a
    data set: label, prediction, right or wrong. A Keras file that does not say how it wants its
    pixels needs --scale, or the --data that it was trained for beside the pictures.

    What the answer is not sure of is marked with the reason: the threshold was chosen on validation
    when the training ended, so that the answers left are wrong half as often.

    With --conformal 95 each picture gets a set of classes, which holds the true one for at least
    95 % of the pictures like those of validation: one class where it is sure, else several.

    A run with an ONNX file of its weights (written at the end of a training where ONNX Runtime is
    installed) answers from it in float32; with --precision bfloat16 or auto PyTorch answers.
    """
    least = _fraction("--abstain-below", abstain_below)
    coverage = _fraction("--conformal", conformal)
    asked = Asked(run, data, scale, fit, precision, data_dir, least, coverage)
    if data is not None and not (pictures and asked.is_file):
        if pictures:
            raise SmaltiError("Give picture files or --data, not both.")
        rows = _from_data(asked, data, indices or (0,), part)
    else:
        if indices:
            raise SmaltiError("--index needs --data.", "For example: --data mnist --index 0")
        rows = _from_files(asked, pictures)
    _print(rows, form, top)
    failed = [row for row in rows if row["error"]]
    if len(failed) == len(rows):
        several = f"None of the {len(rows)} pictures could be read."
        raise SmaltiError(
            several if len(rows) > 1 else "The picture could not be read.",
            "Formats: PNG, JPEG, BMP, GIF, WebP, TIFF, PPM, PGM.",
        )


def _fraction(option: str, percent: float | None) -> float | None:
    """Return percent as a fraction; what looks like a fraction already is refused."""
    if percent is not None and 0 < percent <= 1:
        raise SmaltiError(
            f"{option} is in percent; {percent:g} would be {percent:g} %.",
            f"Perhaps: {option} {100 * percent:g}",
        )
    return None if percent is None else percent / 100


@dataclass(frozen=True)
class Asked:
    """Which classifier is asked, and what was said of it: options of the command line."""

    run: str
    data: str | None
    scale: str | None
    fit: bool
    precision: str
    data_dir: str | None
    least: float | None = None
    coverage: float | None = None
    quickest: bool = True

    @property
    def is_file(self) -> bool:
        from smalti.classifier.loading import is_model_file

        return is_model_file(self.run)

    def classifier(self) -> Classifier:
        from smalti import api

        return api.load(
            self.run,
            data=self.data if self.is_file else None,
            scale=self.scale,
            fit=self.fit,
            data_dir=self.data_dir,
            precision=self.precision,
            quickest=self.quickest,
        )

    def with_data(self, data: str) -> tuple[Classifier, Dataset]:
        """Return the classifier and the data, divided as they were for a run where it is its own.

        Other data are divided as they come.
        """
        from smalti import api
        from smalti.classifier.loading import require_float32
        from smalti.runs import Run

        if self.is_file:
            require_float32(self.run, self.precision)
            return api.load_for(
                self.run, data, scale=self.scale, fit=self.fit, data_dir=self.data_dir
            )
        classifier, folder = self.classifier(), Run(self.run)
        source = folder.config().get("data", {}).get("source")
        if source in (data, str(Path(data).resolve())):
            return classifier, api.dataset_of(folder, data_dir=self.data_dir)
        side = classifier.input_shape[0]
        return classifier, api.load_data(data, image_size=side, data_dir=self.data_dir)


def _from_files(asked: Asked, pictures: tuple[str, ...]) -> list[dict[str, Any]]:
    files = expand(pictures)
    if not files:
        raise SmaltiError(
            "smalti predict expects picture files, a folder or a pattern.",
            f"For example: smalti predict {asked.run} a.png",
        )
    paths = [Path(file) for file in files]
    answers = asked.classifier().predict(paths, asked.least, asked.coverage)
    return [_row(item) for item in answers]


def _from_data(
    asked: Asked, data: str, indices: tuple[int, ...], part: str
) -> list[dict[str, Any]]:
    classifier, dataset = asked.with_data(data)
    images, labels = chosen_pictures(dataset, data, indices, part)
    answers = classifier.predict(images, asked.least, asked.coverage)
    rows = []
    for index, answer, label in zip(indices, answers, labels, strict=True):
        row = {**_row(answer), "source": f"{data} {part} {index}", "true": label}
        rows.append({**row, "right": label == answer.label})
    return rows


def chosen_pictures(
    dataset: Dataset, data: str, indices: tuple[int, ...], part: str
) -> tuple[np.ndarray, list[str]]:
    """Return pictures of a part by their index, and their labels; one that is not there is said."""
    chosen = dataset.part(part)
    for index in indices:
        if not 0 <= index < len(chosen):
            raise SmaltiError(
                f"--index expects 0 to {len(chosen) - 1} for {part} of {data}, not {index}."
            )
    labels = [dataset.class_names[chosen.labels[index]] for index in indices]
    return chosen.pictures(np.array(indices)), labels


def expand(patterns: tuple[str, ...]) -> list[str]:
    """Return the files that arguments mean: files as they are, folders' files, patterns' matches.

    A name that matches nothing is kept, so that it gets its row with the reason.
    """
    files: list[str] = []
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            visible = (inner for inner in path.iterdir() if not inner.name.startswith("."))
            files += sorted(str(inner) for inner in visible if inner.is_file())
        elif not path.exists() and glob.has_magic(pattern):
            # Path.glob takes no absolute patterns.
            files += sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
        else:
            files.append(pattern)
    return files


def _row(prediction: Prediction) -> dict[str, Any]:
    return {
        "source": prediction.source,
        "label": prediction.label,
        "confidence": prediction.confidence,
        "unsure": prediction.unsure,
        "probabilities": prediction.probabilities,
        "error": prediction.error,
        **({"classes": list(prediction.classes)} if prediction.classes else {}),
    }


def _print(rows: list[dict[str, Any]], form: str | None, top: int) -> None:
    if form == "json":
        click.echo(json.dumps([_for_json(row) for row in rows], indent=2, ensure_ascii=False))
    elif form == "csv":
        _print_csv(rows)
    else:
        for row in rows:
            click.echo(_sentence(row, top))


def _for_json(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key != "error"}
    return {"source": row["source"], "error": row["error"]} if row["error"] else kept


def _print_csv(rows: list[dict[str, Any]]) -> None:
    columns = ["source", "label", "confidence", "unsure", "error"]
    if "true" in rows[0]:
        columns[1:1] = ["true", "right"]
    if any("classes" in row for row in rows):
        columns.insert(-1, "classes")
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        confidence = "" if row["error"] else f"{row['confidence']:.6f}"
        classes = "; ".join(row.get("classes", []))
        writer.writerow({**row, "confidence": confidence, "classes": classes})


def _sentence(row: dict[str, Any], top: int) -> str:
    from smalti.wording import percent

    if row["error"]:
        return f"{row['source']}: not read: {row['error']}"
    ranked = sorted(row["probabilities"].items(), key=lambda item: -item[1])[:top]
    best = f"{row['label']} {percent(row['confidence'])}"
    others = ", ".join(f"{name} {percent(value)}" for name, value in ranked[1:])
    verdict = ""
    if "right" in row:
        verdict = " ✓ right" if row["right"] else f" ✗ wrong, it is {row['true']}"
    classes = f"  set: {', '.join(row['classes'])}" if "classes" in row else ""
    doubt = f"  ? unsure: {row['unsure']}" if row["unsure"] else ""
    return (
        f"{row['source']}: {best}{verdict}" + (f"  ({others})" if others else "") + classes + doubt
    )
