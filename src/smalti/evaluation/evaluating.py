"""Opening the test set: every picture seen, every figure stored with its interval."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from smalti import conformal, metrics
from smalti.calibration import Calibration
from smalti.classifier.loading import load_quickest
from smalti.classifier.protocol import Classifier
from smalti.data.dataset import Dataset, Part
from smalti.errors import SmaltiError, log
from smalti.evaluation import summary
from smalti.runs import Run

TOP_5_FROM = 20
"""Classes from which on top-5 says something: with ten, half of all guesses would be right."""

METRICS_KEYS = ("weights", "n", "accuracy", "accuracy_low", "accuracy_high", "loss", "ece")
"""What stored results hold at least."""

SAMPLES = 12
OF_A_PAIR = 6
"""Pictures that are kept of each of the most confused pairs of classes."""


@dataclass(frozen=True)
class Evaluation:
    """The results on one part: ``metrics`` as in a run's metrics.json.

    ``path`` is what was measured; ``run`` holds the results, None where nothing was written.
    """

    path: Path
    run: Run | None
    metrics: dict[str, Any]
    class_names: tuple[str, ...]
    confusion: np.ndarray
    stored: bool
    """Whether these are results of an earlier call, shown again."""

    @property
    def accuracy(self) -> float:
        return float(self.metrics["accuracy"])

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson 95 % interval of the accuracy, as fractions."""
        return float(self.metrics["accuracy_low"]), float(self.metrics["accuracy_high"])

    @property
    def n(self) -> int:
        return int(self.metrics["n"])

    @property
    def loss(self) -> float:
        """The mean cross-entropy, in nats."""
        return float(self.metrics["loss"])

    @property
    def class_table(self) -> str:
        """Precision, recall, F1 and number of pictures of every class, as lines of text."""
        return summary.class_table(self.metrics, self.class_names)

    def __str__(self) -> str:
        return summary.headline(self.metrics)

    def _repr_html_(self) -> str:
        return summary.as_html(self.metrics, self.class_names)


def evaluate(
    run: Run,
    load_dataset: Callable[[], Dataset],
    again: bool = False,
    precision: str = "float32",
    device: str = "auto",
) -> Evaluation:
    """Measure a run on the test part and store everything a report needs.

    Results that are there already are shown as they are unless ``again``; ``times_opened`` counts
    the real openings. The data must be those that the run was trained with. Writes metrics.json,
    predictions.csv, outputs/ and samples/.
    """
    if not again:
        stored = stored_evaluation(run)
        if stored is not None:
            return stored
    dataset = load_dataset()
    require_same_data(run, dataset)
    dataset.part("test")
    classifier = classifier_of(run, dataset, precision, device)
    return evaluate_classifier(classifier, dataset, run.path, run)


def classifier_of(run: Run, dataset: Dataset, precision: str, device: str) -> Classifier:
    """Return what answers for a run; a classical method is fitted again."""
    if run.is_baseline():
        from smalti.baselines.fitting import refitted

        return refitted(run, dataset)
    return load_quickest(run, precision, device, many=True)


def evaluate_classifier(
    classifier: Classifier, dataset: Dataset, path: Path, run: Run | None = None
) -> Evaluation:
    """Measure a classifier on the test part; every picture is seen, in order.

    ``path`` is what is measured. Where ``run`` is given, everything a report needs is stored in it.
    """
    part = dataset.part("test")
    logits = classifier.logits_of(part)
    if len(logits) != len(part):
        raise AssertionError(f"evaluated {len(logits)} of {len(part)} test pictures")
    names = classifier.class_names
    results = {
        "data": dataset.name,
        "part": "test",
        "split": dataset.split,
        **measure(logits, part.labels, names, classifier.calibration),
        "times_opened": 1 + (_times_opened(run) if run is not None else 0),
        "weights": run.weights_fingerprint() if run is not None else "",
        "precision_used": classifier.precision,
        "views": classifier.views,
        **({"outputs": "scores"} if not classifier.gives_probabilities else {}),
        "evaluated": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    if run is not None:
        run.write_outputs("test", logits, part.labels)
        probabilities = metrics.softmax(logits / classifier.temperature)
        _write_predictions(run, probabilities, part.labels, names)
        _write_samples(run, part, probabilities, names)
        run.write_metrics(results)
    confusion = _confusion(logits, part.labels, names)
    return Evaluation(path, run, results, names, confusion, stored=False)


def stored_evaluation(run: Run) -> Evaluation | None:
    """Return the results of an earlier evaluation of these very weights, or None."""
    results = run.metrics()
    outputs = run.outputs("test")
    if results is None or outputs is None:
        return None
    missing = [key for key in METRICS_KEYS if key not in results]
    if missing:
        raise SmaltiError(
            f"{run.metrics_file} is damaged: it lacks {', '.join(missing)}.",
            f"Measure again with: smalti evaluate {shlex.quote(str(run.path))} --again",
        )
    if results["weights"] != run.weights_fingerprint():
        log.info("The weights of %s changed since the stored result: measuring again.", run.path)
        return None
    logits, labels = outputs
    names = tuple(run.classifier()["class_names"])
    if results["n"] != len(labels):
        raise SmaltiError(
            f"{run.metrics_file} and {run.outputs_file('test')} do not belong together.",
            f"Measure again with: smalti evaluate {shlex.quote(str(run.path))} --again",
        )
    confusion = _confusion(logits, labels, names)
    return Evaluation(run.path, run, results, names, confusion, stored=True)


def measure(
    logits: np.ndarray,
    labels: np.ndarray,
    class_names: tuple[str, ...],
    calibration: Calibration | None = None,
) -> dict[str, Any]:
    """Return n, accuracy with its interval, loss, calibration error and scores of each class.

    With a calibration loss and error are by its temperature, and beside them stand those before
    and what its threshold makes of the pictures.
    """
    accuracy = metrics.accuracy(logits, labels)
    low, high = metrics.wilson_interval(accuracy, len(labels))
    cooled = logits / calibration.temperature if calibration else logits
    results: dict[str, Any] = {
        "n": len(labels),
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "loss": metrics.log_loss(cooled, labels),
        "ece": metrics.expected_calibration_error(metrics.softmax(cooled), labels),
    }
    if calibration:
        results |= _calibrated(logits, cooled, labels, calibration)
    if len(class_names) >= TOP_5_FROM:
        results["top5_accuracy"] = metrics.top_k_accuracy(logits, labels, 5)
    scores = metrics.per_class(_confusion(logits, labels, class_names))
    for place, name in enumerate(class_names):
        results[f"precision/{name}"] = float(scores.precision[place])
        results[f"recall/{name}"] = float(scores.recall[place])
        results[f"f1/{name}"] = float(scores.f1[place])
        results[f"support/{name}"] = int(scores.support[place])
    return results


def _calibrated(
    logits: np.ndarray, cooled: np.ndarray, labels: np.ndarray, calibration: Calibration
) -> dict[str, Any]:
    """Return what the calibration changed, and how good the answers are that it does not mark."""
    probabilities = metrics.softmax(cooled)
    sure = probabilities.max(axis=1) >= calibration.abstain_below
    return {
        "temperature": calibration.temperature,
        "loss_before": metrics.log_loss(logits, labels),
        **_of_sets(probabilities, labels, calibration),
        "ece_before": metrics.expected_calibration_error(metrics.softmax(logits), labels),
        "abstain_below": calibration.abstain_below,
        "coverage": float(sure.mean()),
        "covered_accuracy": metrics.accuracy(logits[sure], labels[sure]) if sure.any() else None,
    }


def _of_sets(
    probabilities: np.ndarray, labels: np.ndarray, calibration: Calibration
) -> dict[str, float]:
    """Return how often sets of each shown coverage hold the true class, and their mean size."""
    results = {}
    for wanted in conformal.SHOWN:
        name = conformal.key(wanted)
        if name in calibration.conformal:
            inside = conformal.sets(probabilities, calibration.conformal[name])
            results[f"set_coverage/{name}"] = float(inside[np.arange(len(labels)), labels].mean())
            results[f"set_size/{name}"] = float(inside.sum(axis=1).mean())
    return results


def _confusion(logits: np.ndarray, labels: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    return metrics.confusion_matrix(logits.argmax(axis=1), labels, len(names))


def _times_opened(run: Run) -> int:
    """Return how often the test set was opened before; a damaged record counts as never."""
    try:
        return int((run.metrics() or {}).get("times_opened", 0))
    except (SmaltiError, TypeError, ValueError):
        return 0


def require_same_data(run: Run, dataset: Dataset) -> None:
    """Raise an error where the data are not those that the run was trained with."""
    was = run.environment().get("data", {}).get("fingerprint")
    if was and was != dataset.fingerprint:
        raise SmaltiError(
            f"These are not the pictures that {run.path} was trained with: fingerprint "
            f"{was[:12]} then, {dataset.fingerprint[:12]} now.",
            "Restore them or name the right ones, or train again: the old test pictures are what "
            "the split kept away.",
        )


def _write_predictions(
    run: Run, probabilities: np.ndarray, labels: np.ndarray, names: tuple[str, ...]
) -> None:
    predicted = probabilities.argmax(axis=1)
    rows = [
        (index, names[label], names[guess], f"{probabilities[index, guess]:.6f}")
        for index, (label, guess) in enumerate(zip(labels, predicted, strict=True))
    ]
    run.write_predictions(rows)


def _write_samples(run: Run, part: Part, probabilities: np.ndarray, names: tuple[str, ...]) -> None:
    """Keep some right predictions, spread over the test part, and mistakes.

    Those are the most confident ones, and the most confident of each pair that is confused most.
    """
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = np.flatnonzero(predicted == part.labels)
    wrong = np.flatnonzero(predicted != part.labels)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    spread = np.linspace(0, len(right) - 1, min(SAMPLES, len(right))).astype(int)
    confusion = metrics.confusion_matrix(predicted, part.labels, len(names))
    of_pairs = [
        wrong[(part.labels[wrong] == true) & (predicted[wrong] == guess)][:OF_A_PAIR]
        for true, guess in metrics.most_confused(confusion)
    ]
    kinds = {
        "right": right[spread] if len(right) else right,
        "wrong": wrong[:SAMPLES],
        "confused": np.concatenate([*of_pairs, wrong[:0]]),
    }
    for kind, chosen in kinds.items():
        notes = [
            {
                "index": int(index),
                "label": names[part.labels[index]],
                "predicted": names[predicted[index]],
                "confidence": round(float(confidence[index]), 6),
            }
            for index in chosen
        ]
        run.write_samples(kind, list(part.pictures(chosen)), notes)
