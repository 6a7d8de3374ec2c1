"""A CNN for clothes, Fashion-MNIST, with image augmentation.

    python examples/mnist_fashion_CNN.py

Draws the training pictures as the network was fed them (mirrored, shifted) beside curves,
confusion matrices and samples.
"""

from __future__ import annotations

from collections.abc import Sequence

from steps import ask_for_the_first, draw, load, parser, plan, run

import smalti

DRAWINGS = ("curves", "augmented", "confusion", "confusion-normalised", "samples")


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__).parse_args(arguments)
    data = load("fashion-mnist", options)
    trained = smalti.train(data, "cnn", **plan(options))

    result = smalti.evaluate(trained, data)
    print(f"{result}\n\n{result.class_table}\n")
    drawings = [smalti.plot(trained, what) for what in DRAWINGS]
    draw(options, trained.plots_folder, smalti.plot(data), *drawings)
    draw(options, trained.plots_folder, ask_for_the_first(smalti.load(trained), data))


if __name__ == "__main__":
    run(main)
