"""The classic small CNN for handwritten digits: convolution, pooling, dropout, flatten, dense.

    python examples/cnn_mnist.py

Prints the layers, trains, opens the test pictures once, and asks the trained network, loaded from
its run folder, for the first test picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from steps import ask_for_the_first, draw, load, parser, plan, run

import smalti


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__).parse_args(arguments)
    data = load("mnist", options)
    trained = smalti.train(data, "conv-pool", **plan(options))

    model = smalti.load(trained)
    print(model.model)
    print(smalti.evaluate(trained, data))
    drawings = [smalti.plot(trained, what) for what in ("curves", "confusion", "samples")]
    draw(options, trained.plots_folder, smalti.plot(data), *drawings)
    draw(options, trained.plots_folder, ask_for_the_first(model, data))


if __name__ == "__main__":
    run(main)
