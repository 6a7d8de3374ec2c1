"""The other side of the comparison with Keras: runs in Keras's own environment, knows no smalti.

Started by ``benchmarks/against_keras.py`` with an ``.npz`` of pictures (uint8 N×32×32×3) and
labels. Reads one request a line from stdin, answers one line of JSON on stdout; everything that
TensorFlow says goes to stderr.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import numpy as np

CLASSES = 10
SHIFT, ROTATION, ZOOM = 0.1, 15 / 360, 0.1
"""Augmentation as in row D2, in the units of Keras's layers."""


class Peer:
    """Keras models by name, and the pictures that they are trained on.

    Pictures are float32 between 0 and 1 in a NumPy array, as Keras's own examples feed them.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.images = images.astype(np.float32) / 255
        self.labels = labels.astype(np.int64)
        self.models: dict[str, Any] = {}
        self.feeds: dict[str, Any] = {}
        self.settings: dict[str, Mapping[str, Any]] = {}
        # Imported late, and by name: smalti's own environment has neither.
        self.keras: Any = importlib.import_module("keras")

    def versions(self) -> dict[str, Any]:
        """Return what is installed, and which engine Keras runs on."""
        names = ("keras", "tensorflow-cpu", "tensorflow", "numpy")
        installed = {}
        for name in names:
            try:
                installed[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
        return {**installed, "backend": self.keras.backend.backend()}

    def build(self, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Make row D2's network; returns its number of parameters as Keras counts them.

        ``settings``: ``precision`` (a dtype policy), ``jit`` (None leaves Keras's default),
        ``batch``, ``augmented``, ``pipeline`` (augment in a tf.data pipeline, not in the model).
        """
        self.keras.config.set_dtype_policy(settings["precision"])
        within = settings["augmented"] and not settings["pipeline"]
        model = self._network(augmented=within)
        jit = {} if settings["jit"] is None else {"jit_compile": settings["jit"]}
        model.compile(
            optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"], **jit
        )
        self.models[name], self.settings[name] = model, settings
        return {"parameters": model.count_params()}

    def train(self, name: str, images: int) -> dict[str, Any]:
        """Run ``model.fit`` once over the first ``images`` pictures, without validation."""
        settings = self.settings[name]
        batch = settings["batch"]
        model = self.models[name]
        if settings["augmented"] and settings["pipeline"]:
            model.fit(self._pipeline(images, batch), epochs=1, verbose=0)
        else:
            x, y = self.images[:images], self.labels[:images]
            model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
        return {}

    def _network(self, augmented: bool) -> Any:
        layers = self.keras.layers
        model = self.keras.Sequential([layers.Input((32, 32, 3))])
        for layer in self._augmentation() if augmented else ():
            model.add(layer)
        for filters in (32, 64, 128):
            for _ in range(2):
                model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
                model.add(layers.BatchNormalization())
            model.add(layers.MaxPooling2D(2))
            model.add(layers.Dropout(0.25))
        model.add(layers.Flatten())
        model.add(layers.Dense(256, activation="relu"))
        model.add(layers.BatchNormalization())
        model.add(layers.Dropout(0.5))
        # In float32 under every policy, as Keras's guide on mixed precision asks for.
        model.add(layers.Dense(CLASSES, activation="softmax", dtype="float32"))
        return model

    def _augmentation(self) -> list[Any]:
        layers = self.keras.layers
        return [
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(SHIFT, SHIFT),
            layers.RandomRotation(ROTATION),
            layers.RandomZoom(ZOOM),
        ]

    def _pipeline(self, images: int, batch: int) -> Any:
        """Return batches augmented on all cores while the model trains on earlier ones."""
        key = f"{images}/{batch}"
        if key not in self.feeds:
            data = importlib.import_module("tensorflow").data
            augment = self.keras.Sequential(self._augmentation())
            pairs = data.Dataset.from_tensor_slices((self.images[:images], self.labels[:images]))
            batches = pairs.shuffle(images).batch(batch).map(
                lambda x, y: (augment(x, training=True), y), num_parallel_calls=data.AUTOTUNE
            )  # fmt: skip
            self.feeds[key] = batches.prefetch(data.AUTOTUNE)
        return self.feeds[key]


def serve(peer: Peer, requests: TextIO, answers: TextIO) -> None:
    """Carry out one request a line, ``{"do": name, …arguments}``, until there are no more."""
    actions: dict[str, Callable[..., dict[str, Any]]] = {
        "versions": peer.versions,
        "build": peer.build,
        "train": peer.train,
    }
    for line in requests:
        request = json.loads(line)
        answer = actions[request.pop("do")](**request)
        print(json.dumps(answer), file=answers, flush=True)


def main() -> None:
    """Serve requests about the pictures in the file given."""
    answers, sys.stdout = sys.stdout, sys.stderr
    with np.load(sys.argv[1]) as content:
        peer = Peer(content["images"], content["labels"])
    serve(peer, sys.stdin, answers)


if __name__ == "__main__":
    main()
