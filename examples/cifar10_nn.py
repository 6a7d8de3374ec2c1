"""CIFAR-10 with a dense network: 3072 → 512 → 256 → 10, batch norm and dropout.

    python examples/cifar10_nn.py

Trains, opens the test pictures once, prints how well each class is told (the classification
report), draws the curves and both confusion matrices, saves the network as cifar10_model.h5 for
Keras, loads that file again and asks it for the first test picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from steps import ask_for_the_first, draw, load, parser, place, plan, run

import smalti

FILE = "cifar10_model.h5"
DRAWINGS = ("curves", "confusion", "confusion-normalised", "samples")


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__).parse_args(arguments)
    data = load("cifar10", options)
    trained = smalti.train(data, "dense", **plan(options))

    result = smalti.evaluate(trained, data)
    print(f"{result}\n\n{result.class_table}\n")
    drawings = [smalti.plot(trained, what) for what in DRAWINGS]
    draw(options, trained.plots_folder, smalti.plot(data), *drawings)

    file = smalti.export(trained, to=place(FILE, options), replace=True)
    print(f"saved  {file.path}")
    answer = ask_for_the_first(smalti.load(file), data)
    draw(options, trained.plots_folder, answer)


if __name__ == "__main__":
    run(main)
