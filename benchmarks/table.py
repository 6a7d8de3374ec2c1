"""The tables in README.md, made from the stored figures; a figure is never typed by hand."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks import results
from benchmarks.accuracy import ROWS
from benchmarks.results import Figures
from benchmarks.startup import HELP, PREDICT
from benchmarks.throughput import AUGMENTED, PLAIN
from smalti import wording

README = results.REPOSITORY / "README.md"
BEGIN, END = "<!-- results -->", "<!-- /results -->"

LIMITS = (
    "Mean over seeds ± standard deviation, with the 95 % interval (Wilson) of one test set of that "
    "size at the mean. Known limits: about 15 of MNIST's 10,000 test labels are wrong; about 3.3 % "
    "of CIFAR-10's test pictures have near-duplicates in train."
)


def write(path: Path = README, folder: Path = results.RESULTS) -> bool:
    """Bring the tables in a file up to date; return whether anything changed."""
    old = path.read_text(encoding="utf-8")
    new = renewed(old, folder)
    if new != old:
        path.write_text(new, encoding="utf-8")
    return new != old


def is_current(path: Path = README, folder: Path = results.RESULTS) -> bool:
    """Return whether the tables in a file are those of the stored figures."""
    text = path.read_text(encoding="utf-8")
    return renewed(text, folder) == text


def renewed(text: str, folder: Path = results.RESULTS) -> str:
    """Return a text with what stands between its two markers replaced by the tables."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"expected {BEGIN} and {END} once each")
    body = f"{BEGIN}\n{tables(folder)}\n{END}"
    pattern = re.escape(BEGIN) + ".*" + re.escape(END)
    return re.sub(pattern, lambda _: body, text, flags=re.DOTALL)


def tables(folder: Path = results.RESULTS) -> str:
    """Return the accuracy table and the speed table in Markdown; one without rows is left out."""
    accuracy, speed = accuracy_table(folder), speed_table(folder)
    return "\n\n".join(part for part in (accuracy, LIMITS * bool(accuracy), speed) if part)


def accuracy_table(folder: Path) -> str:
    """Return one line a row of :data:`ROWS` that has figures."""
    stored = (results.read(name, folder) for name in ROWS)
    lines = [_accuracy_line(figures) for figures in stored if figures is not None]
    head = ("what", "command", "test accuracy", "goal", "seeds", "a seed takes", "on")
    return _table(head, lines)


def speed_table(folder: Path) -> str:
    """Return one line a measured figure of speed, start-up and memory that is stored."""
    makers = {"throughput": _throughput_lines, "startup": _startup_lines, "memory": _memory_lines}
    lines: list[tuple[str, ...]] = []
    for name, make in makers.items():
        figures = results.read(name, folder)
        if figures is not None:
            where = f"{_machine(figures)}, {figures['date']}"
            lines += [(*line, where) for line in make(figures)]
    return _table(("what", "measured", "goal", "machine, date"), lines)


def _table(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """Return a Markdown table, or nothing where it has no line."""
    rows = [head, ("---",) * len(head), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows) if lines else ""


def _accuracy_line(figures: Figures) -> tuple[str, ...]:
    summary, seeds = figures["summary"], figures["seeds"]
    spread = summary["sd"]
    mean = wording.percent(summary["mean"])
    if spread is not None:
        mean = f"{mean.removesuffix(' %')} ± {wording.percent(spread)}"
    interval = wording.interval(summary["low"], summary["high"])
    devices = sorted({entry["device"] for entry in seeds})
    return (
        figures["title"],
        f"`{figures['command']}`",
        f"**{mean}** ({interval})",
        f"≥ {wording.percent(figures['goal'], 1)}",
        str(len(seeds)),
        wording.duration(summary["seconds"]),
        ", ".join(devices),
    )


def _throughput_lines(figures: Figures) -> list[tuple[str, str, str]]:
    def ratio(side: str) -> str:
        numbers = figures["ratio"][side]
        return f"{numbers['median']:.2f} × ({numbers['min']:.2f}–{numbers['max']:.2f})"

    what = "Training speed against a bare hand-written PyTorch loop"
    return [
        (f"{what}, no augmentation", ratio(PLAIN), "≥ 0.95 ×"),
        (f"{what}, smalti with augmentation", ratio(AUGMENTED), "≥ 0.85 ×"),
    ]


def _startup_lines(figures: Figures) -> list[tuple[str, str, str]]:
    def seconds(side: str) -> str:
        numbers = figures["summary"][side]
        return f"{numbers['median']:.2f} s ({numbers['min']:.2f}–{numbers['max']:.2f})"

    return [
        ("`smalti --help`", seconds(HELP), "< 0.25 s"),
        ("`smalti predict` of one picture, from a cold start", seconds(PREDICT), "< 2.5 s"),
    ]


def _memory_lines(figures: Figures) -> list[tuple[str, str, str]]:
    peak = f"{figures['peak_bytes'] / 1e9:.2f} GB"
    return [(f"Peak memory of `{figures['command']}`", peak, "< 1.5 GB")]


def _machine(figures: Figures) -> str:
    machine = figures["machine"]
    return f"{machine['processor']}, {wording.plural(machine['cores'], 'core')}"
