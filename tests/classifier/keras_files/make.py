"""How the files in this folder were made, by the Keras versions that their names give.

    pip install "tensorflow-cpu==2.12.*"     python make.py tensorflow.keras keras-2.12
    pip install tf_keras tensorflow-cpu      python make.py tf_keras tf-keras-2.21
    pip install keras tensorflow-cpu         python make.py keras keras-3

Some of what it makes is kept, each under 50 kB. Keras 2.12 writes HDF5 under any name.
Weights are pseudo-random; ``expected.json`` holds what the network itself gave for ``inputs()``.
Not run by the tests.
"""

import importlib
import json
import math
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent


def inputs(shape, n=4):
    """Return ``n`` inputs that are the same on every machine and with every NumPy."""
    size = n * math.prod(shape)
    return ((np.arange(size) * 37 % 101) / 101).astype(np.float32).reshape(n, *shape)


def teachable(keras):
    """As Teachable Machine builds it: two stacks, the first with a frozen network inside."""
    layers = keras.layers
    start = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(start)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="valid", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    frozen = keras.Model(start, layers.Conv2D(6, 1)(x))
    frozen.trainable = False
    features = keras.Sequential([frozen, layers.GlobalAveragePooling2D()])
    last = layers.Dense(2, use_bias=False, activation="softmax")
    head = keras.Sequential([layers.Dense(5, activation="relu", input_shape=(6,)), last])
    model = keras.Sequential([features, head])
    model.build((None, 32, 32, 3))
    return model


def residual(keras):
    """A graph with a sum; Keras 2 allows a slash in a layer's name."""
    layers = keras.layers
    slash = "/" if keras.__version__.startswith("2") else "_"
    start = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, padding="same", name=f"block{slash}conv")(start)
    y = layers.BatchNormalization()(x)
    y = layers.Activation("swish" if slash == "/" else "silu")(y)
    x = layers.LeakyReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(start, layers.Dense(3, activation="softmax")(x))


def rows(keras):
    """A recurrent network that reads a picture row by row."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Bidirectional(layers.GRU(3), input_shape=(12, 12)),
            layers.Dense(3, kernel_initializer="he_normal", kernel_regularizer="l2"),
        ]
    )


def planes(keras):
    """Channels first, as in files made for Theano."""
    layers = keras.layers
    first = {"data_format": "channels_first"}
    return keras.Sequential(
        [
            layers.Conv2D(2, 3, activation="relu", input_shape=(3, 12, 10), **first),
            layers.Flatten(**first),
            layers.Dense(3, activation="softmax"),
        ]
    )


def main(module, prefix):
    """Make every file with one version."""
    keras = importlib.import_module(module)
    keras = getattr(keras, "keras", keras)
    expected = json.loads((FOLDER / "expected.json").read_text())
    random = np.random.default_rng(0)
    for build in (teachable, residual, rows, planes):
        model = build(keras)
        model.set_weights(
            [
                random.uniform(-0.3, 0.7, w.shape)
                if w.ndim > 1
                else random.uniform(0.1, 0.6, w.shape)
                for w in model.get_weights()
            ]
        )
        outputs = np.asarray(model(inputs(model.input_shape[1:]), training=False))
        model.compile("adam", "categorical_crossentropy")
        for suffix in ("h5", "keras"):
            name = f"{prefix}-{build.__name__}.{suffix}"
            model.save(FOLDER / name)
            expected[name] = outputs.astype(float).round(7).tolist()
    (FOLDER / "expected.json").write_text(json.dumps(dict(sorted(expected.items()))))


if __name__ == "__main__":
    main(*sys.argv[1:])
