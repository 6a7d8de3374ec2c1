"""The other side of the comparisons with Keras: runs in Keras's own environment, knows no smalti.

Started by ``benchmarks/against_keras.py``, ``benchmarks/keras_recipe.py`` and
``benchmarks/prediction.py`` with an ``.npz`` of pictures (uint8 N×32×32×3) and labels, and for the
second those that validate. Reads one request a line from stdin, answers one line of JSON on stdout
(a training answers one an epoch); everything that TensorFlow says goes to stderr.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import numpy as np

CLASSES = 10
SHIFT, ROTATION, ZOOM = 0.1, 15 / 360, 0.1
"""Augmentation as in row D2, in the units of Keras's layers."""
FACTOR, PATIENCE = 0.5, 3
"""The plateau of row D2's plan: the rate is halved after three epochs without a better loss."""

Answer = Callable[[Mapping[str, Any]], None]


Pair = tuple[np.ndarray, np.ndarray]
"""Pictures and labels."""

ACTIONS = ("versions", "seed", "build", "train", "fit", "load", "predict", "single")
"""What can be asked for, by the method's name."""


class Peer:
    """Keras models by name, and the pictures that they are trained on.

    Pictures are float32 between 0 and 1 in a NumPy array, as Keras's own examples feed them.
    """

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, validation: Pair | None = None
    ) -> None:
        self.images, self.labels = _prepared(images, labels)
        self.validation = None if validation is None else _prepared(*validation)
        self.models: dict[str, Any] = {}
        self.feeds: dict[str, Any] = {}
        self.settings: dict[str, Mapping[str, Any]] = {}
        self.loaded: Any = None
        self.pictures = self.images[:0]
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

    def seed(self, value: int) -> dict[str, Any]:
        """Seed Python, NumPy and the engine: for the weights that are made next."""
        self.keras.utils.set_random_seed(value)
        return {}

    def fit(self, name: str, epochs: int, checkpoint: str, answer: Answer) -> dict[str, Any]:
        """Train as row D2's authors do, and answer after every epoch.

        One call of ``model.fit`` with validation, the rate reduced on a plateau, the best epoch
        written to ``checkpoint``; an epoch's seconds hold all of that.
        """
        settings, model = self.settings[name], self.models[name]
        images, batch = len(self.images), settings["batch"]
        pipeline = settings["augmented"] and settings["pipeline"]
        feed: dict[str, Any] = (
            {"x": self._pipeline(images, batch)}
            if pipeline
            else {"x": self.images, "y": self.labels, "batch_size": batch}
        )
        called = self.keras.callbacks
        callbacks = [
            called.ReduceLROnPlateau(monitor="val_loss", factor=FACTOR, patience=PATIENCE),
            called.ModelCheckpoint(checkpoint, monitor="val_accuracy", save_best_only=True),
            self._teller(answer),
        ]
        model.fit(
            **feed,
            epochs=epochs,
            validation_data=self.validation,
            callbacks=callbacks,
            verbose=0,
        )
        return {"finished": True}

    def _teller(self, answer: Answer) -> Any:
        """Return a callback that answers each epoch's seconds and scores; the last in its list."""
        began = 0.0

        def start(epoch: int, logs: Any = None) -> None:
            nonlocal began
            began = time.perf_counter()

        def tell(epoch: int, logs: Mapping[str, float]) -> None:
            scores = {key: round(float(value), 6) for key, value in logs.items()}
            answer({"epoch": epoch + 1, "seconds": time.perf_counter() - began, **scores})

        return self.keras.callbacks.LambdaCallback(on_epoch_begin=start, on_epoch_end=tell)

    def load(self, path: str) -> dict[str, Any]:
        """Load a model that takes pictures from 0 to 255, for ``predict`` and ``single``."""
        self.loaded = self.keras.models.load_model(path, compile=False)
        self.pictures = np.rint(self.images * 255)
        return {}

    def predict(self, images: int, batch: int) -> dict[str, Any]:
        """Run ``model.predict`` once over the first ``images`` pictures."""
        self.loaded.predict(self.pictures[:images], batch_size=batch, verbose=0)
        return {}

    def single(self, way: str, calls: int) -> dict[str, Any]:
        """Return the seconds of each of ``calls`` answers for one picture.

        ``way`` is ``predict``, or ``call`` for the model called as a function.
        """
        seconds = []
        for place in range(calls):
            one = self.pictures[place % len(self.pictures)][None]
            began = time.perf_counter()
            if way == "predict":
                self.loaded.predict(one, verbose=0)
            else:
                np.asarray(self.keras.ops.convert_to_numpy(self.loaded(one, training=False)))
            seconds.append(time.perf_counter() - began)
        return {"seconds": seconds}

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

    def answer(content: Mapping[str, Any]) -> None:
        print(json.dumps(content), file=answers, flush=True)

    for line in requests:
        request = json.loads(line)
        name = request.pop("do")
        if name not in ACTIONS:
            raise ValueError(f"unknown request {name!r}")
        if name == "fit":
            request["answer"] = answer
        action: Callable[..., dict[str, Any]] = getattr(peer, name)
        answer(action(**request))


def _prepared(images: np.ndarray, labels: np.ndarray) -> Pair:
    return images.astype(np.float32) / 255, labels.astype(np.int64)


def main() -> None:
    """Serve requests about the pictures in the file given."""
    answers, sys.stdout = sys.stdout, sys.stderr
    with np.load(sys.argv[1]) as content:
        names = ("validation_images", "validation_labels")
        validation = (content[names[0]], content[names[1]]) if names[0] in content else None
        peer = Peer(content["images"], content["labels"], validation)
    serve(peer, sys.stdin, answers)


if __name__ == "__main__":
    main()
