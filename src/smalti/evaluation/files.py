"""Measuring a file that others trained; on request as a folder that looks like a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from smalti.classifier.files import FileClassifier, require_file
from smalti.classifier.loading import FILE_KINDS
from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError
from smalti.evaluation.evaluating import Evaluation, evaluate_classifier, stored_evaluation
from smalti.files import write_bytes
from smalti.names import DATASETS
from smalti.runs import Run
from smalti.version import __version__

Opening = Callable[[], tuple[FileClassifier, Dataset]]


def evaluate(path: Path, open_classifier: Opening, out: Path | None, again: bool) -> Evaluation:
    """Measure a Keras or ONNX file on the test part of the data that it is opened with.

    ``out`` becomes a run folder with a copy of the file, so that ``report`` and ``predict`` take
    it; where it is one of this very file already, its stored results are shown unless ``again``.
    Without it nothing is written.
    """
    require_file(path)
    kept = None if out is None else _earlier(out, path)
    classifier, dataset = open_classifier()
    dataset.part("test")  # before a folder is made
    if kept is not None:
        _require_same(kept, classifier, dataset)
        stored = None if again else stored_evaluation(kept)
        if stored is not None:
            return stored
    if out is None:
        return evaluate_classifier(classifier, dataset, path)
    run = kept or _begin(out, path, classifier, dataset)
    return evaluate_classifier(classifier, dataset, run.path, run)


def _earlier(out: Path, path: Path) -> Run | None:
    """Return the run that an earlier call made of this very file, or None where there is none."""
    if not (out / "config.json").is_file():
        return None
    run = Run(out)
    same = run.classifier_file.exists() and run.classifier()["kind"] in FILE_KINDS.values()
    if not same or run.weights_fingerprint() != _fingerprint(path):
        raise SmaltiError(
            f"{out} is the run of something else; nothing is ever overwritten.",
            "Choose another folder with --out.",
        )
    return run


def _require_same(kept: Run, classifier: FileClassifier, dataset: Dataset) -> None:
    """Refuse other data, another division or another scaling than the folder is of."""
    data = kept.environment().get("data", {})
    was = (data.get("fingerprint"), data.get("split"))
    scale = kept.classifier()["preprocessing"].get("scale")
    if was != (dataset.fingerprint, dataset.split) or scale != classifier.scale:
        raise SmaltiError(
            f"{kept.path} holds this file's results on {data.get('name')} ({data.get('split')}), "
            f"with pixels scaled {scale}, and not on {dataset.name} ({dataset.split}), "
            f"{classifier.scale}; nothing is ever overwritten.",
            "Choose another folder with --out.",
        )


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _begin(out: Path, path: Path, classifier: FileClassifier, dataset: Dataset) -> Run:
    source = dataset.source
    if source and source not in DATASETS:
        source = str(Path(source).expanduser().resolve())
    config = {
        "name": path.stem,
        "data": {
            "source": source,
            "image_size": dataset.image_size,
            "validation": dataset.validation,
            "split_seed": dataset.split_seed,
            "split": dataset.pooled,
        },
        "model": {"name": classifier.kind},
    }
    run = Run.become(out, config)
    parts = {part: len(dataset.parts.get(part, ())) for part in ("train", "validation", "test")}
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    run.write_environment(
        {
            "smalti": __version__,
            "data": {
                "name": dataset.name,
                "source": source,
                "fingerprint": dataset.fingerprint,
                "split": dataset.split,
                **parts,
                "skipped": len(dataset.skipped),
            },
            "file": str(path.resolve()),
            "finished": now,
        }
    )
    write_bytes(run.exported_file(_format(path)), path.read_bytes())
    run.write_classifier(classifier.describe(dataset.name))
    part = dataset.part("validation") if "validation" in dataset.parts else None
    if part is not None:
        run.write_outputs("validation", classifier.logits_of(part), part.labels)
    if classifier.calibration is not None:
        run.write_calibration(classifier.calibration)
    return run


def _format(path: Path) -> str:
    ending = path.suffix.lower().removeprefix(".")
    return {"hdf5": "h5"}.get(ending, ending)
