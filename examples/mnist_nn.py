"""Handwritten digits with a dense network: 784 → 128 → 128 → 10.

    python examples/mnist_nn.py

Trains, opens the test pictures once, draws what there is to see, saves the network as
epic_num_reader.h5 for Keras, loads that file again and asks it for the first test picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from steps import ask_for_the_first, draw, load, parser, place, plan, run

import smalti

FILE = "epic_num_reader.h5"


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__).parse_args(arguments)
    data = load("mnist", options)
    trained = smalti.train(data, "dense", **plan(options))

    print(smalti.evaluate(trained, data))
    drawings = [smalti.plot(trained, what) for what in ("curves", "confusion", "samples")]
    draw(options, trained.plots_folder, smalti.plot(data), *drawings)

    file = smalti.export(trained, to=place(FILE, options), replace=True)
    print(f"saved  {file.path}")
    answer = ask_for_the_first(smalti.load(file), data)
    draw(options, trained.plots_folder, answer)


if __name__ == "__main__":
    run(main)
