"""Short flags for the fields that people set most; every field can be set with --set."""

from __future__ import annotations

FLAGS = {
    "model": "model.name",
    "epochs": "training.epochs",
    "batch-size": "training.batch_size",
    "optimizer": "optimizer.name",
    "learning-rate": "optimizer.learning_rate",
    "weight-decay": "optimizer.weight_decay",
    "schedule": "schedule.name",
    "augmentation": "augmentation.policy",
    "label-smoothing": "training.label_smoothing",
    "ema": "training.ema",
    "early-stopping": "training.early_stopping",
    "validation": "data.validation",
    "split": "data.split",
    "split-seed": "data.split_seed",
    "image-size": "data.image_size",
    "target": "target",
    "seed": "seed",
    "name": "name",
    "device": "training.device",
    "precision": "training.precision",
    "threads": "training.threads",
}
"""Flag to field; the command line makes them, and advice is worded with them."""
