"""A convolutional network for handwritten digits, and for a picture of your own.

    python examples/mnist_script.py                  train, and save mnist_cnn_best.h5
    python examples/mnist_script.py my_seven.jpg     what is on this picture?

The picture may be a photo or a drawing, dark on light or light on dark; the digit may stand
anywhere. It is made like MNIST's before it is read, and drawn beside the answer. A network that
was saved before is used again; where there is none, it is trained first.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steps import ask_for_the_first, draw, load, parser, place, plan, run

import smalti
from smalti.wording import percent

FILE = "mnist_cnn_best.h5"


def main(arguments: Sequence[str] | None = None) -> None:
    made = parser(__doc__)
    made.add_argument("pictures", nargs="*", type=Path, metavar="PICTURE", help="what is on it?")
    options = made.parse_args(arguments)
    own = [(path, smalti.read_handwriting(path)) for path in options.pictures]
    if not own or not place(FILE, options).exists():
        train(options)
    model = smalti.load(place(FILE, options))
    for path, picture in own:
        classify(model, path, picture, options)


def train(options: argparse.Namespace) -> None:
    data = load("mnist", options)
    trained = smalti.train(data, "conv-pool", **plan(options))

    print(smalti.evaluate(trained, data))
    drawings = [smalti.plot(trained, what) for what in ("curves", "confusion", "samples")]
    draw(options, trained.plots_folder, smalti.plot(data), *drawings)

    file = smalti.export(trained, to=place(FILE, options), replace=True)
    print(f"saved  {file.path}")
    draw(options, trained.plots_folder, ask_for_the_first(smalti.load(file), data))


def classify(model: Any, path: Path, picture: Any, options: argparse.Namespace) -> None:
    [answer] = model.predict(picture[None])
    print(f"{path}: {answer.label} ({percent(answer.confidence)})")
    drawing = smalti.plot_prediction(answer, picture, given=path)
    draw(options, place(f"{path.stem}-prediction.png", options), drawing)


if __name__ == "__main__":
    run(main)
