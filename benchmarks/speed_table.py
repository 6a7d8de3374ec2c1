"""The table of speed, start-up and memory."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks import against_keras, machines, results
from benchmarks.against_keras import Comparison
from benchmarks.machines import Machines
from benchmarks.markdown import paragraphs, table
from benchmarks.results import Figures
from benchmarks.startup import HELP, PREDICT
from benchmarks.throughput import AUGMENTED, PLAIN
from smalti import wording

Line = tuple[str, str, str]


def speed(folder: Path = results.RESULTS) -> str:
    """Return one line a measured figure that is stored, with the machines below."""
    makers = {
        "keras": _keras_lines,
        "throughput": _throughput_lines,
        "startup": _startup_lines,
        "memory": _memory_lines,
    }
    seen, lines = Machines(), []
    for name, make in makers.items():
        figures = results.read(name, folder)
        if figures is not None:
            letter = seen.letter(machines.of_figures(figures), figures["date"])
            lines += [(*line, f"({letter})") for line in make(figures)]
    return paragraphs(table(("what", "measured", "goal", "on"), lines), seen.legend())


def _ratio(numbers: dict[str, float]) -> str:
    return f"{numbers['median']:.2f} × ({numbers['min']:.2f}–{numbers['max']:.2f})"


def _keras_lines(figures: Figures) -> list[Line]:
    return [
        (
            f"Training speed, {comparison.words(figures)}",
            f"{_ratio(numbers)}; {_speeds(figures, comparison)}",
            comparison.goal,
        )
        for comparison in against_keras.COMPARISONS
        if (numbers := figures["ratio"].get(comparison.name)) is not None
    ]


def _speeds(figures: Figures, comparison: Comparison) -> str:
    """Return images a second of both sides, and the ratio of the fastest turn of each.

    A machine may have slow turns that are not a side's fault: the fastest are above that.
    """
    sides = (comparison.side, comparison.baseline)
    own, base = (figures["images_per_second"][side] for side in sides)
    middle = f"{wording.count(median(own))} to {wording.count(median(base))} images/s"
    return f"{middle}; fastest turn of each {max(own) / max(base):.2f} ×"


def _throughput_lines(figures: Figures) -> list[Line]:
    what = "Training speed against a bare PyTorch loop"
    return [
        (f"{what}, no augmentation", _ratio(figures["ratio"][PLAIN]), "≥ 0.95 ×"),
        (f"{what}, smalti augmenting", _ratio(figures["ratio"][AUGMENTED]), "≥ 0.85 ×"),
    ]


def _startup_lines(figures: Figures) -> list[Line]:
    def seconds(side: str) -> str:
        numbers = figures["summary"][side]
        return f"{numbers['median']:.2f} s ({numbers['min']:.2f}–{numbers['max']:.2f})"

    return [
        ("`smalti --help`", seconds(HELP), "< 0.25 s"),
        ("`smalti predict` of one picture, from a cold start", seconds(PREDICT), "< 2.5 s"),
    ]


def _memory_lines(figures: Figures) -> list[Line]:
    peak = f"{figures['peak_bytes'] / 1e9:.2f} GB"
    return [(f"Peak memory of `{figures['command']}`", peak, "< 1.5 GB")]
