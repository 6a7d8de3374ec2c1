"""Made-up runs to draw from: realistic files through ``smalti.runs.Run``, no training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from smalti import calibration, robustness
from smalti.metrics import (
    accuracy,
    confusion_matrix,
    expected_calibration_error,
    log_loss,
    per_class,
    softmax,
    top_k_accuracy,
    wilson_interval,
)
from smalti.names import CORRUPTIONS
from smalti.robustness import STRENGTHS, Attacked, Attacks, Robustness, Share
from smalti.runs import Run

CIFAR10 = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

HOSTILE = (
    "<b>x</b>", "日本", "a" * 40, '$1$ & "q"', "{{ 7 }}", "\\1 back", "</script>", "한글 😀",
    ' id="', "#5a6676", "a\tb", "--> x",
)  # fmt: skip
"""Names that break careless HTML, SVG, regular expressions, templates, fonts and layouts."""

HUNDRED = tuple(f"{size} {thing}" for size in "abcdefghij" for thing in CIFAR10)


@dataclass(frozen=True)
class Plan:
    """What a made-up run is like; ``n`` pictures are in its test part.

    ``strength`` is how far the right logit stands above the noise.
    """

    name: str = "cifar10-cnn-0"
    data: str = "cifar10"
    split: str = "official split"
    class_names: tuple[str, ...] = CIFAR10
    n: int = 2000
    epochs: int = 12
    validation: bool = True
    evaluated: bool = True
    seed: int = 0
    side: int = 32
    channels: int = 3
    strength: float = 3.2
    attacks: bool = True
    metrics: dict[str, Any] = field(default_factory=dict)


def make_run(parent: Path, plan: Plan) -> Run:
    """Write the files that training (and evaluating) leaves."""
    random = np.random.default_rng(plan.seed)
    run = Run.create(parent, plan.name, _config(plan))
    run.write_environment(_environment(plan))
    run.write_classifier(_classifier(plan))
    run.write_history(_history(plan, random))
    if plan.validation:
        logits, labels = _outputs(plan, random, plan.n // 2)
        run.write_outputs("validation", logits, labels)
        run.write_calibration(calibration.fit(logits, labels))
    augmented = [_picture(plan, random) for _ in range(16)]
    names = [plan.class_names[i % len(plan.class_names)] for i in range(16)]
    run.write_samples("augmented", augmented, [{"label": name} for name in names])
    if plan.evaluated:
        _evaluate(run, plan, random)
    return run


def _evaluate(run: Run, plan: Plan, random: np.random.Generator) -> None:
    logits, labels = _outputs(plan, random, plan.n)
    run.write_outputs("test", logits, labels)
    run.write_metrics({**_metrics(plan, logits, labels), **plan.metrics})
    predicted, confidence = logits.argmax(axis=1), softmax(logits).max(axis=1)
    for kind, rows in (
        ("right", np.flatnonzero(predicted == labels)[:16]),
        ("wrong", np.flatnonzero(predicted != labels)[:16]),
        ("confused", np.flatnonzero(predicted != labels)[:60]),
    ):
        notes = [
            {
                "index": int(row),
                "label": plan.class_names[labels[row]],
                "predicted": plan.class_names[predicted[row]],
                "confidence": float(confidence[row]),
            }
            for row in rows
        ]
        run.write_samples(kind, [_picture(plan, random) for _ in rows], notes)
    _look_inside(run, random)
    _stress(run, plan, labels, random)


def _look_inside(run: Run, random: np.random.Generator) -> None:
    """Write what evaluating a network of smalti's own stores of its mistakes and its inside."""
    samples = run.samples()
    notes = [
        {"of": entry["file"], "label": entry[key]}
        for entry in samples["wrong"]
        for key in ("predicted", "label")
    ]
    heat = [random.integers(0, 256, (96, 96, 3), dtype=np.uint8) for _ in notes]
    run.write_samples("reasons", heat, notes)
    sheet = random.integers(0, 256, (7, 63, 3), dtype=np.uint8)
    run.write_samples("filters", [sheet], [{"label": "32 filters of the first layer, 3×3"}])
    of = samples["right"][0]["file"] if samples["right"] else ""
    sheets = [random.integers(0, 256, (2 * s + 1, 8 * s + 7, 1), dtype=np.uint8) for s in (16, 8)]
    sizes = [{"of": of, "label": f"16 of 64 maps of {s}×{s}"} for s in (16, 8)]
    run.write_samples("maps", sheets, sizes)
    _map(run, random)


def _map(run: Run, random: np.random.Generator, across: int = 12) -> None:
    """Write where every second test picture, 60 at most, lie on the map."""
    stored = run.outputs("test")
    assert stored is not None
    indices = np.arange(0, len(stored[1]), 2)[:60]
    rows = -(-len(indices) // across)
    sheet = random.integers(0, 256, (8 * rows, 8 * across, 3), dtype=np.uint8)
    run.write_samples("sprites", [sheet], [{"across": across, "height": 8}])
    run.write_embedding(random.normal(0, 1, (len(indices), 2)), indices, (0.31, 0.12))


def _stress(run: Run, plan: Plan, labels: np.ndarray, random: np.random.Generator) -> None:
    """Write what measuring on worse pictures stores; each corruption costs more than the last."""
    n_classes = len(plan.class_names)
    given = {}
    for place, name in enumerate(CORRUPTIONS, start=1):
        lost = np.array(STRENGTHS)[:, None] * place / 80
        wrong = random.random((len(STRENGTHS), len(labels))) < lost
        given[name] = np.where(wrong, (labels + 1) % n_classes, labels)
    right = np.stack([answers == labels for answers in given.values()])
    under = [Share.of(random.random(plan.n) < kept) for kept in (0.8, 0.5, 0.2)]
    found = Robustness(
        data=plan.data,
        part="test",
        split=plan.split,
        n=plan.n,
        of=plan.n,
        seed=0,
        clean=Share.of(np.ones(plan.n, bool)),
        mean=Share.mean(right),
        corruptions=tuple(
            robustness.corrupted(name, answers, labels, plan.class_names)
            for name, answers in given.items()
        ),
        attacks=Attacks(
            plan.n,
            Share.of(np.ones(plan.n, bool)),
            10,
            tuple(Attacked(2**place, one, one) for place, one in enumerate(under)),
        )
        if plan.attacks
        else None,
        no_attacks="" if plan.attacks else "They were left out.",
        precision_used="float32",
        views=1,
        seconds=41.5,
        images_per_second=3614.5,
        measured="2026-03-01T15:00:00+01:00",
    )
    states = [{"corruption": name, "strength": s} for name in CORRUPTIONS for s in STRENGTHS]
    notes = [{"label": plan.class_names[0], **state} for state in states]
    run.write_samples("corrupted", [_picture(plan, random) for _ in notes], notes)
    run.write_stress(found)


def _config(plan: Plan) -> dict[str, Any]:
    return {
        "name": "cnn",
        "seed": plan.seed,
        "data": {"source": plan.data, "image_size": 0, "validation": 0.1, "split_seed": 0},
        "model": {"name": "cnn", "filters": [32, 64, 128], "hidden": [256], "dropout": 0.25},
        "optimizer": {"name": "adamw", "learning_rate": 0.002, "weight_decay": 0.01},
        "schedule": {"name": "cosine", "warmup": 1.0},
        "augmentation": {"policy": "affine", "horizontal_flip": True, "shift": 0.1, "zoom": 0.0},
        "training": {"epochs": plan.epochs, "batch_size": 64, "device": "auto"},
    }


def _environment(plan: Plan) -> dict[str, Any]:
    return {
        "smalti": "0.1.0",
        "git_commit": "0123456789abcdef0123456789abcdef01234567",
        "python": "3.11.2",
        "torch": "2.13.0",
        "device": "cpu",
        "device_name": "Two-core processor",
        "precision": "bfloat16",
        "channels_last": True,
        "threads": 2,
        "deterministic": True,
        "data": {
            "name": plan.data,
            "source": plan.data,
            "fingerprint": "feedbeef" * 8,
            "split": plan.split,
            "train": 45_000 if plan.validation else 50_000,
            "validation": 5_000 if plan.validation else 0,
            "test": plan.n,
            "skipped": 0,
        },
        "seed": plan.seed,
        "command": f"smalti train {plan.data} --recipe cnn",
        "started": "2026-03-01T14:00:00+01:00",
        "finished": "2026-03-01T14:08:31+01:00",
        "seconds": 511.3,
    }


def _classifier(plan: Plan) -> dict[str, Any]:
    return {
        "kind": "native",
        "smalti": "0.1.0",
        "model": {"name": "cnn", "filters": [32, 64, 128]},
        "class_names": list(plan.class_names),
        "input_shape": [plan.side, plan.side, plan.channels],
        "preprocessing": {"mean": [0.5] * plan.channels, "std": [0.25] * plan.channels},
        "parameters": 815_530,
        "epoch": max(1, plan.epochs - 1) if plan.validation else plan.epochs,
        "data": plan.data,
    }


def _history(plan: Plan, random: np.random.Generator) -> list[dict[str, float | None]]:
    rows: list[dict[str, float | None]] = []
    for epoch in range(1, plan.epochs + 1):
        done = epoch / plan.epochs
        noise = random.normal(0, 0.006, 2)
        val_loss = 0.45 + 0.9 * np.exp(-4 * done) + noise[0]
        val_accuracy = 0.86 - 0.4 * np.exp(-4.5 * done) + noise[1]
        rows.append(
            {
                "epoch": epoch,
                "lr": 0.001 * (1 + np.cos(np.pi * (done - 1 / plan.epochs))),
                "train_loss": 0.40 + 1.3 * np.exp(-3.5 * done),
                "train_accuracy": 0.86 - 0.5 * np.exp(-3.5 * done),
                "val_loss": val_loss if plan.validation else None,
                "val_accuracy": val_accuracy if plan.validation else None,
                "seconds": 41.5 + random.normal(),
            }
        )
    return rows


def _outputs(plan: Plan, random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logits that confuse neighbouring classes more than others."""
    n_classes = len(plan.class_names)
    labels = np.arange(n) % n_classes
    logits = random.normal(0, 1, (n, n_classes))
    logits[np.arange(n), labels] += plan.strength
    logits[np.arange(n), (labels + 1) % n_classes] += 1.2
    return logits.astype(np.float32), labels


def _metrics(plan: Plan, logits: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    n_classes, value = len(plan.class_names), accuracy(logits, labels)
    low, high = wilson_interval(value, len(labels))
    scores = per_class(confusion_matrix(logits.argmax(axis=1), labels, n_classes))
    metrics: dict[str, Any] = {
        "data": plan.data,
        "part": "test",
        "split": plan.split,
        "n": len(labels),
        "accuracy": value,
        "accuracy_low": low,
        "accuracy_high": high,
        "loss": log_loss(logits, labels),
        "ece": expected_calibration_error(softmax(logits), labels),
    }
    if n_classes >= 20:
        metrics["top5_accuracy"] = top_k_accuracy(logits, labels)
    for place, name in enumerate(plan.class_names):
        metrics[f"precision/{name}"] = float(scores.precision[place])
        metrics[f"recall/{name}"] = float(scores.recall[place])
        metrics[f"f1/{name}"] = float(scores.f1[place])
        metrics[f"support/{name}"] = int(scores.support[place])
    return {**metrics, "times_opened": 1, "precision_used": "float32", "evaluated": "2026-03-01"}


def _picture(plan: Plan, random: np.random.Generator) -> np.ndarray:
    """Return a smooth random picture."""
    coarse = random.integers(0, 256, (5, 5, plan.channels))
    places = np.linspace(0, 4, plan.side).round().astype(int)
    return coarse[places][:, places].astype(np.uint8)
