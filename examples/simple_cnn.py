"""What batch norm and dropout do to a simple CNN: two convolutions, one pooling, one dense layer.

    python examples/simple_cnn.py --data mnist
    python examples/simple_cnn.py --data cifar10

All pictures are pooled and divided 80/10/10 into training, validation and test. Four networks are
trained: with neither, with one of the two, with both. Validation compares them; the test pictures
are opened for the one that it chooses, and for no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from steps import ask_for_the_first, draw, load, parser, plan, run

import smalti
from smalti.wording import percent

NO_DROPOUT = {"model.dropout": 0.0, "model.head_dropout": 0.0}
VARIANTS: dict[str, dict[str, Any]] = {
    "neither": {"model.batch_norm": False, **NO_DROPOUT},
    "batch-norm": NO_DROPOUT,
    "dropout": {"model.batch_norm": False},
    "both": {},
}


def main(arguments: Sequence[str] | None = None) -> None:
    made = parser(__doc__)
    made.add_argument("--data", default="mnist", choices=("mnist", "cifar10"))
    options = made.parse_args(arguments)
    data = load(options.data, options, split="80/10/10")
    runs = [
        smalti.train(data, "simple-cnn", set={"name": name, **fields}, **plan(options))
        for name, fields in VARIANTS.items()
    ]

    print("\nbest validation accuracy")
    for name, trained in zip(VARIANTS, runs, strict=True):
        print(f"  {name:<12}{percent(trained.best_validation()):>8}")
    best = max(runs, key=lambda trained: trained.best_validation() or 0.0)
    print(f"\n{best.name}: {smalti.evaluate(best, data)}")

    drawings = [smalti.plot(best, what) for what in ("curves", "confusion", "samples")]
    draw(options, best.plots_folder, smalti.plot(data), smalti.plot(runs), *drawings)
    draw(options, best.plots_folder, ask_for_the_first(smalti.load(best), data))


if __name__ == "__main__":
    run(main)
