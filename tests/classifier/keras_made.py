"""Keras files made by hand: sound ones, and what nobody should open."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Weights = dict[str, list[np.ndarray]]


def dense_layers(*widths: int, activation: str = "softmax", shape: tuple[int, ...] = (12, 12)):
    """Return the layers of a flat network as Keras 2 writes them."""
    layers: list[dict[str, Any]] = [
        {
            "class_name": "Flatten",
            "config": {
                "name": "flatten",
                "trainable": True,
                "batch_input_shape": [None, *shape],
                "dtype": "float32",
                "data_format": "channels_last",
            },
        }
    ]
    for number, width in enumerate(widths):
        last = number == len(widths) - 1
        config = {
            "name": f"dense_{number}",
            "trainable": True,
            "dtype": "float32",
            "units": width,
            "activation": activation if last else "relu",
            "use_bias": True,
            "kernel_initializer": {
                "class_name": "GlorotUniform",
                "config": {"seed": None, "dtype": "float32"},
            },
            "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}},
            "bias_constraint": None,
        }
        layers.append({"class_name": "Dense", "config": config})
    return layers


def sequential(layers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}


def dense_weights(*widths: int, seed: int = 0) -> Weights:
    """Return random kernels and biases by layer; ``widths`` begins with the inputs."""
    random = np.random.default_rng(seed)
    return {
        f"dense_{number}": [
            random.normal(0, 0.3, (before, after)).astype(np.float32),
            random.normal(0, 0.3, after).astype(np.float32),
        ]
        for number, (before, after) in enumerate(itertools.pairwise(widths))
    }


def write_h5(
    path: Path, config: Any, weights: Weights, version: str = "2.4.0", names: tuple[str, ...] = ()
) -> Path:
    """Write a whole-model file in the layout of Keras 2."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = version
        file.attrs["backend"] = "tensorflow"
        group = file.create_group("model_weights")
        layers = names or tuple(weights)
        group.attrs["layer_names"] = [name.encode() for name in layers]
        for name in layers:
            inner = group.create_group(name)
            arrays = weights.get(name, [])
            stored = [f"{name}/{part}:0" for part in ("kernel", "bias")[: len(arrays)]]
            inner.attrs["weight_names"] = [entry.encode() for entry in stored]
            for entry, array in zip(stored, arrays, strict=True):
                inner.create_dataset(entry, data=array)
    return path


def dense_h5(path: Path, *widths: int, **options: Any) -> tuple[Path, Weights]:
    """Write a network on flattened 12×12 pictures; return its weights too."""
    weights = dense_weights(144, *widths)
    return write_h5(path, sequential(dense_layers(*widths, **options)), weights), weights


def write_keras(path: Path, config: Any, members: dict[str, bytes] | None = None) -> Path:
    """Write a ``.keras`` archive with a config and no weights to speak of."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_group("layers")
    parts = {
        "metadata.json": json.dumps({"keras_version": "3.8.0"}).encode(),
        "config.json": json.dumps(config).encode(),
        "model.weights.h5": content.getvalue(),
        **(members or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def expected_logits(weights: Weights, inputs: np.ndarray) -> np.ndarray:
    """Return what the layers give before the last activation, by NumPy alone."""
    layers = list(weights.values())
    values = inputs.reshape(len(inputs), -1)
    for number, (kernel, bias) in enumerate(layers):
        values = values @ kernel + bias
        if number < len(layers) - 1:
            values = np.maximum(values, 0)
    return values
