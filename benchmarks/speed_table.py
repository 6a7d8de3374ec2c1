"""The table of speed, start-up and memory, and of label errors that are found."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks import against_keras, keras_recipe, machines, results, tutorial
from benchmarks.against_keras import Comparison
from benchmarks.machines import Machines
from benchmarks.markdown import paragraphs, table
from benchmarks.prediction import (
    BFLOAT16,
    COLD,
    COLD_PYTORCH,
    KERAS,
    KERAS_CALL,
    ONNX,
    PYTORCH,
    ROW,
)
from benchmarks.results import Figures
from benchmarks.startup import HELP, PREDICT
from benchmarks.throughput import AUGMENTED, PLAIN
from benchmarks.trainings_table import contest_rows
from smalti import wording

Line = tuple[str, str, str]


def speed(folder: Path = results.RESULTS) -> str:
    """Return one line a measured figure that is stored, with the machines below."""
    makers = {
        "keras": _keras_lines,
        keras_recipe.ROW: _keras_recipe_lines,
        keras_recipe.TUNED_ROW: _keras_recipe_lines,
        "throughput": _throughput_lines,
        "tutorial": _tutorial_lines,
        **dict.fromkeys(contest_rows(folder), _contest_lines),
        "startup": _startup_lines,
        "memory": _memory_lines,
        "labels": _labels_lines,
    }
    makers |= {path.stem: _prediction_lines for path in sorted(folder.glob(f"{ROW}*.json"))}
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
    middle = _medians(figures, *sides)
    return f"{middle}; fastest turn of each {max(own) / max(base):.2f} ×"


def _medians(figures: Figures, *sides: str) -> str:
    own, base = (median(figures["images_per_second"][side]) for side in sides)
    return f"{wording.count(own)} to {wording.count(base)} images/s"


def _throughput_lines(figures: Figures) -> list[Line]:
    what = "Training speed against a bare PyTorch loop"
    return [
        (f"{what}, no augmentation", _ratio(figures["ratio"][PLAIN]), "≥ 0.95 ×"),
        (f"{what}, smalti augmenting", _ratio(figures["ratio"][AUGMENTED]), "≥ 0.85 ×"),
    ]


def _tutorial_lines(figures: Figures) -> list[Line]:
    precision = {tutorial.SMALTI: figures["precision"], tutorial.SMALTI_FLOAT32: "float32"}
    return [
        (
            f"Training speed, smalti ({precision[side]}) against a {baseline}",
            f"{_ratio(numbers)}; {_medians(figures, side, baseline)}",
            "–",
        )
        for side, ratios in figures["ratio"].items()
        for baseline, numbers in ratios.items()
        if side == tutorial.SMALTI or figures["precision"] != "float32"
    ]


def _keras_recipe_lines(figures: Figures) -> list[Line]:
    numbers, reached = figures["seconds_an_epoch"], figures["time_to_target"]
    target = wording.percent(figures["target"], 0)
    if reached is None:
        best = wording.percent(figures["best_val_accuracy"])
        end = f"{target} on validation not reached (best {best})"
    else:
        time = wording.duration(reached["seconds"])
        end = f"{target} on validation after {reached['epochs']:g} epochs, {time}"
    seconds = f"{numbers['median']:.0f} s an epoch ({numbers['min']:.0f}–{numbers['max']:.0f})"
    seeds = wording.plural(figures["n"], "seed")
    return [(f"No smalti: {figures['setting']}", f"{seconds}; {end}; {seeds}", "–")]


def _contest_lines(figures: Figures) -> list[Line]:
    """Return a line a side that is compared; a contest of one side has none."""
    found = figures["summary"]
    baseline = next(iter(found["sides"]))
    return [
        (
            f"Training time, `{figures['commands'][side]}` against {baseline}",
            f"{_ratio(ratio['seconds'])}; whole command {_ratio(ratio['command_seconds'])}; "
            f"{_accuracy(found['sides'][side])} to {_accuracy(found['sides'][baseline])}; "
            f"{wording.plural(figures['n'], 'turn')}",
            figures["goal"],
        )
        for side, ratio in found["ratio"].items()
    ]


def _accuracy(numbers: Figures) -> str:
    """Return the accuracy with the most views: a time says nothing without it."""
    views, value = max(numbers["accuracy"].items(), key=lambda item: int(item[0]))
    said = wording.percent(value)
    return said if views == "1" else f"{said} ({views} views)"


def _startup_lines(figures: Figures) -> list[Line]:
    def seconds(side: str) -> str:
        numbers = figures["summary"][side]
        return f"{numbers['median']:.2f} s ({numbers['min']:.2f}–{numbers['max']:.2f})"

    return [
        ("`smalti --help`", seconds(HELP), "< 0.25 s"),
        ("`smalti predict` of one picture, from a cold start", seconds(PREDICT), "< 2.5 s"),
    ]


def _prediction_lines(figures: Figures) -> list[Line]:
    network, cold = figures["network"], figures["cold"]

    def speed(side: str) -> str:
        return wording.count(median(figures["images_per_second"][side]))

    def milliseconds(side: str) -> str:
        numbers = figures["latency"][side]
        return f"{numbers['p50']:.2f} ms (p99 {numbers['p99']:.2f})"

    def seconds(side: str) -> str:
        numbers = cold[side]
        return f"{numbers['median']:.2f} s ({numbers['min']:.2f}–{numbers['max']:.2f})"

    many = (
        f"{speed(ONNX)} images/s; PyTorch {speed(PYTORCH)}, in bfloat16 {speed(BFLOAT16)}; "
        f"`keras.predict` {speed(KERAS)} (batch {figures['keras_batch']})"
    )
    single = (
        f"{milliseconds(ONNX)}; PyTorch {milliseconds(PYTORCH)}; `keras.predict` "
        f"{milliseconds(KERAS)}, the model called {milliseconds(KERAS_CALL)}"
    )
    first = f"{seconds(COLD)}; without its ONNX file {seconds(COLD_PYTORCH)}"
    return [
        (f"Prediction of many pictures through ONNX Runtime, float32, {network}", many, "–"),
        (f"Prediction of one picture, warm, {network}", single, "≤ 0.6 ms"),
        (f"`smalti predict RUN` of one picture, cold, {network}", first, "< 1 s"),
    ]


def _memory_lines(figures: Figures) -> list[Line]:
    peak = f"{figures['peak_bytes'] / 1e9:.2f} GB"
    return [(f"Peak memory of `{figures['command']}`", peak, "< 1.5 GB")]


def _labels_lines(figures: Figures) -> list[Line]:
    n, likely = figures["highest"]["n"], figures["likely"]
    precision = wording.percent(figures["highest"]["precision"])
    found = (
        f"of the {wording.count(n)} ranked highest {precision} are planted; of the "
        f"{wording.count(likely['n'])} called likely {wording.percent(likely['precision'])}, "
        f"which are {wording.percent(likely['recall'])} of the planted ones"
    )
    return [
        (
            f"Label errors found by `smalti data check … --folds 5` (`python -m benchmarks "
            f"labels`): {figures['setting']}, n = {wording.count(figures['n'])}, recipe "
            f"`{figures['recipe']}`",
            found,
            "≥ 70 %",
        )
    ]
