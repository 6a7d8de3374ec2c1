"""What the scripts here have in common: their options, where files go, errors as sentences.

The lesson itself is in each script, and what it draws, trains and saves is smalti's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import smalti
from smalti.cli.saying import say_aloud
from smalti.wording import percent

QUICK_PICTURES = 600
"""Pictures in each part with ``--quick``: enough to see that everything works, and no more."""


def parser(text: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of every script; ``text`` is the script's own head."""
    made = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--quick", action="store_true", help="few pictures, one epoch")
    made.add_argument("--epochs", type=int, help="passes over the training pictures")
    made.add_argument("--seed", type=int, default=0, help="seed of weights, order and dropout")
    made.add_argument("--out", type=Path, default=Path("runs"), help="folder for the run")
    made.add_argument("--show", action="store_true", help="open every drawing in a viewer")
    return made


def load(name: str, options: argparse.Namespace, **how: Any) -> smalti.Dataset:
    """Return a data set, a small sample of it with ``--quick``."""
    data = smalti.load_data(name, **how)
    return data.sample(QUICK_PICTURES) if options.quick else data


def plan(options: argparse.Namespace) -> dict[str, Any]:
    """Return what ``smalti.train`` is told beside data and recipe."""
    epochs = options.epochs or (1 if options.quick else None)
    return {"epochs": epochs, "seed": options.seed, "out": place("", options, options.out)}


def place(file: str, options: argparse.Namespace, folder: Path = Path()) -> Path:
    """Return where a file goes: with ``--quick`` apart, so that nothing good is replaced."""
    return (options.out / "quick" if options.quick else folder) / file


def draw(options: argparse.Namespace, folder: Path, *drawings: Any) -> None:
    """Write drawings into a folder, say where, and open them with ``--show``."""
    for drawing in drawings:
        print(f"drawn  {drawing.save(folder)}")
        if options.show:
            drawing.show()


def ask_for_the_first(model: Any, data: smalti.Dataset) -> Any:
    """Say what a classifier takes the first test picture for; return the drawing of its answer."""
    test = data.part("test")
    [picture], label = test.pictures(slice(0, 1)), data.class_names[test.labels[0]]
    [answer] = model.predict(picture[None])
    said = f"{answer.label} ({percent(answer.confidence)})"
    print(f"first test picture, x_test[0]: predicted {said}, labelled {label}")
    return smalti.plot_prediction(answer, picture, label)


def run(main: Callable[[], None]) -> None:
    """Run a script; what the user can mend is said in a sentence, without a traceback."""
    say_aloud()
    try:
        main()
    except smalti.SmaltiError as error:
        print(f"error: {error.problem}\n       {error.hint}".rstrip(), file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
