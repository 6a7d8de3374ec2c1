"""A deeper convolutional network for CIFAR-10, or for similar pictures of your own.

    python examples/cifar_script.py
    python examples/cifar_script.py --data my_pictures/     a folder with a folder for each class

Three stages of two convolutions with batch norm, max pooling and dropout, then dense layers.
Saves the network as cifar_cnn_best.h5 for Keras, loads that file again and asks it for the first
test picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from steps import ask_for_the_first, draw, load, parser, place, plan, run

import smalti

FILE = "cifar_cnn_best.h5"
DRAWINGS = ("curves", "augmented", "confusion", "confusion-normalised", "samples")


def main(arguments: Sequence[str] | None = None) -> None:
    made = parser(__doc__)
    made.add_argument("--data", default="cifar10", help="data set, folder or .npz file")
    options = made.parse_args(arguments)
    data = load(options.data, options)
    trained = smalti.train(data, "cnn", **plan(options))

    result = smalti.evaluate(trained, data)
    print(f"{result}\n\n{result.class_table}\n")
    drawings = [smalti.plot(trained, what) for what in DRAWINGS]
    draw(options, trained.plots_folder, smalti.plot(data), *drawings)

    file = smalti.export(trained, to=place(FILE, options), replace=True)
    print(f"saved  {file.path}")
    draw(options, trained.plots_folder, ask_for_the_first(smalti.load(file), data))


if __name__ == "__main__":
    run(main)
