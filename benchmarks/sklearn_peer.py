"""scikit-learn's ``MLPClassifier`` as a peer: row A1's two layers of 128, everything else its own.

``python -m benchmarks.sklearn_peer mnist --seed 0`` trains on every training picture (flattened,
scaled to 0–1, float32) until scikit-learn itself stops, judges on the test set and prints one line
of JSON. Knows no PyTorch but what loading the data brings.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from smalti import api, device
from smalti.data.dataset import Dataset, Part

HIDDEN = (128, 128)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, judge and print, as the arguments say."""
    parser = argparse.ArgumentParser(description="Train scikit-learn's MLPClassifier.")
    parser.add_argument("data", help="pictures: mnist, or an .npz file")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    print(json.dumps(measured(api.load_data(asked.data, validation=0), asked.seed)))


def measured(dataset: Dataset, seed: int) -> dict[str, Any]:
    """Return seconds of training, of judging, epochs, and the accuracy on the test set."""
    import sklearn
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(HIDDEN, random_state=seed)
    train, test = dataset.part("train"), dataset.part("test")
    began = time.perf_counter()
    model.fit(_rows(train), train.labels)
    trained = time.perf_counter()
    accuracy = model.score(_rows(test), test.labels)
    return {
        "seconds": trained - began,
        "judging_seconds": time.perf_counter() - trained,
        "accuracy": {"1": float(accuracy)},
        "n": len(test),
        "epochs": model.n_iter_,
        "device_type": "cpu",
        "device": device.cpu_name(),
        "precision": "float32",
        "threads": device.usable_cores(),
        "versions": {"scikit-learn": sklearn.__version__},
    }


def _rows(part: Part) -> np.ndarray:
    """Return float32 N×(H·W·C) from 0 to 1."""
    return part.pictures().reshape(len(part), -1).astype(np.float32) / 255


if __name__ == "__main__":
    main()
