"""A dense network for handwritten digits with an activation function of your choice.

    python examples/mnistTrain.py --activation tanh

Names: `relu`, `tanh`, `sigmoid`, `gelu`, … (all of them: smalti.names.ACTIVATIONS).
"""

from __future__ import annotations

from collections.abc import Sequence

from steps import ask_for_the_first, draw, load, parser, plan, run

import smalti
from smalti.names import ACTIVATIONS


def main(arguments: Sequence[str] | None = None) -> None:
    made = parser(__doc__)
    made.add_argument("--activation", default="relu", help=", ".join(ACTIVATIONS))
    options = made.parse_args(arguments)
    activation = ACTIVATIONS[options.activation].name  # a mistyped name is said before data load
    data = load("mnist", options)
    trained = smalti.train(data, "dense", set={"model.activation": activation}, **plan(options))

    print(f"{activation}: {smalti.evaluate(trained, data)}")
    drawings = [smalti.plot(trained, what) for what in ("curves", "confusion", "samples")]
    draw(options, trained.plots_folder, smalti.plot(data), *drawings)

    answer = ask_for_the_first(smalti.load(trained), data)
    draw(options, trained.plots_folder, answer)


if __name__ == "__main__":
    run(main)
