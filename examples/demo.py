"""The first success: train on scikit-learn's digits, measure, look. Needs no download.

    make demo          (or: python examples/demo.py)

Trains the default recipe in some seconds on two cores, opens the test pictures once, draws six of
them, and writes the report. The same by hand: ``smalti train digits``, ``smalti evaluate …``.
"""

from __future__ import annotations

import sys

import smalti
from smalti.cli.saying import say_aloud
from smalti.reporting.terminal import caption, colour_depth, draw_pictures
from smalti.wording import accuracy_with_interval

SIX = slice(0, 6)


def main(out: str = "runs") -> None:
    say_aloud()
    data = smalti.load_data("digits")
    run = smalti.train(data, out=out)
    result = smalti.evaluate(run, data)
    said = accuracy_with_interval(result.accuracy, *result.interval, result.n)
    print(f"\ntest accuracy {said}, {data.split}\n")
    print(six_digits(run, data))
    print(f"\nreport  {smalti.report(run)}")
    print(f"next    smalti predict {run.path} --data digits --index 7")
    print("        smalti train mnist")
    print("        smalti train FOLDER        (your own pictures, a folder a class)")


def six_digits(run: smalti.Run, data: smalti.Dataset) -> str:
    """Return six test pictures drawn with what the classifier takes them for."""
    part = data.part("test")
    pictures = part.pictures(SIX)
    answers = smalti.load(run).predict(pictures)
    captions = [
        caption(answer.label, data.class_names[label])
        for answer, label in zip(answers, part.labels[SIX], strict=True)
    ]
    return draw_pictures(list(pictures), captions, colour=colour_depth(sys.stdout))


if __name__ == "__main__":
    main(*sys.argv[1:])
