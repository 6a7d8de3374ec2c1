"""How several ways of training stand beside each other: the values of a comparison, and its words.

Files hold fractions and seconds; texts are as :mod:`smalti.wording` says numbers everywhere.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smalti.significance import LEVEL, Difference
from smalti.wording import UNKNOWN, count, duration, interval, percent, plural, points

CSV_COLUMNS = (
    "variant", "part", "n", "runs", "seeds", "accuracy", "sd", "low", "high", "difference",
    "difference_low", "difference_high", "p", "p_holm", "verdict", "train_seconds",
    "images_per_second", "parameters", "facts",
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """One way of training (a variant): its accuracy over seeds and how it differs from the first.

    Attributes:
        label: What it is called in the table.
        seeds: Those it was trained with, and ``accuracies`` by seed, in the same order.
        sd: Standard deviation over seeds (n-1), None for one.
        low: Lower end of Wilson's 95 % interval at the mean, for so many pictures; ``high`` upper.
        difference: To the first row; None for the first row and where nothing is trained yet.
        p_holm: The p-value corrected for the number of rows.
        detectable: The true difference that would be found at this n with a power of 80 %.
        target: A smaller difference, and ``needed`` how many seeds would find it (None: none).
        seconds: Mean time of a training. ``images_per_second`` is that of prediction.
        chance: Whether a seed changes anything; a method that knows no chance is fitted once.
        facts: What has to be said beside the figures.
    """

    label: str
    runs: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    accuracies: tuple[float, ...] = ()
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    difference: Difference | None = None
    p_holm: float | None = None
    detectable: float | None = None
    target: float | None = None
    needed: int | None = None
    seconds: float | None = None
    images_per_second: float | None = None
    parameters: int | None = None
    chance: bool = True
    facts: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return self.p_holm is not None and self.p_holm < LEVEL

    @property
    def is_likely(self) -> bool:
        """Whether the row by itself would be said to differ, but not among so many rows."""
        return self.difference is not None and not self.differs and self.difference.p < LEVEL

    @property
    def verdict(self) -> str:
        """The answer in a word or two, for a cell of the table; unsure ones have a ``?``."""
        if self.mean is None:
            return "not trained yet"
        if self.difference is None:
            return "baseline"
        if not self.differs and not self.is_likely:
            return "no difference"
        answer = "better" if self.difference.mean > 0 else "worse"
        return answer if self.differs else f"{answer}?"


@dataclass(frozen=True)
class Comparison:
    """What ``smalti compare`` found; shows itself in a notebook.

    ``standings`` begin with the baseline, the others follow best first. ``path`` is the folder
    with table, page and, where it trained them, the runs. ``planned`` and ``done`` count runs.
    """

    path: Path
    title: str
    data: str
    part: str
    n: int
    split: str
    planned: int
    done: int
    standings: tuple[Standing, ...]
    notes: tuple[str, ...] = ()

    @property
    def baseline(self) -> Standing:
        return self.standings[0]

    @property
    def page(self) -> Path:
        """The comparison as one self-contained HTML file."""
        return self.path / "compare.html"

    @property
    def table_file(self) -> Path:
        """The table as CSV, fractions and seconds."""
        return self.path / "table.csv"

    @property
    def results_file(self) -> Path:
        """Everything of the table and more, as JSON."""
        return self.path / "results.json"

    @property
    def columns(self) -> list[str]:
        """The table's columns; those that begin with ``>`` are numbers."""
        return [
            "", f">{self.part}", ">95 % interval", ">difference", ">95 % interval", "verdict",
            ">training", ">images/s",
        ]  # fmt: skip

    def rows(self) -> list[list[str]]:
        """Return the table as texts, a list a row."""
        return [_row(standing) for standing in self.standings]

    def csv_rows(self) -> list[list[Any]]:
        """Return the table with plain numbers, as ``CSV_COLUMNS`` names them."""
        return [_csv_row(standing, self.part, self.n) for standing in self.standings]

    def sentences(self) -> list[str]:
        """Return what each row says about its difference to the baseline, in words."""
        return [sentence(s, self.baseline) for s in self.standings[1:] if s.difference]

    def about(self) -> list[str]:
        """Return what the figures are of and how to read them, a sentence each."""
        return list(_about(self))

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        content = asdict(self)
        return {**content, "path": str(self.path), "words": self.sentences(), "about": self.about()}

    def __str__(self) -> str:
        lines = [[name.lstrip(">") for name in self.columns], *self.rows()]
        widths = [max(len(row[column]) for row in lines) for column in range(len(lines[0]))]
        table = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in lines)
        return "\n".join([self.title, *table, *self.sentences()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name.lstrip('>'))}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()
        )
        said = "".join(f"<li>{html.escape(text)}</li>" for text in self.sentences())
        return (
            f"<p><b>{html.escape(self.title)}</b></p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table><ul>{said}</ul><p>{html.escape(str(self.page))}</p>"
        )


def signed(fraction: float, decimals: int = 2) -> str:
    """Return a difference in points with its sign: ``"+0.30"``, ``"−1.20"``, ``"0.00"``."""
    said = points(abs(fraction), decimals)
    if float(said) == 0:
        return said
    return ("+" if fraction > 0 else "−") + said


def signed_range(low: float, high: float) -> str:
    """Return the interval of a difference in points: ``"−0.40 to +0.60"``."""
    return f"{signed(low)} to {signed(high)}"


def accuracy_words(standing: Standing) -> str:
    """Return ``"91.15 ± 0.13 %"``; one seed has no deviation."""
    if standing.mean is None:
        return UNKNOWN
    if standing.sd is None:
        return percent(standing.mean)
    return f"{points(standing.mean)} ± {points(standing.sd)} %"


def sentence(standing: Standing, baseline: Standing) -> str:
    """Return what is known about a row's difference to the baseline."""
    found = standing.difference
    assert found is not None
    where = f"(95 % interval {signed_range(found.low, found.high)} points, {_p_words(standing)})"
    name = f"{standing.label}: {signed(found.mean)} points to {baseline.label} {where}"
    certain = not standing.chance and not baseline.chance
    if standing.is_likely:
        answer = "Better" if found.mean > 0 else "Worse"
        more = "" if certain or found.seeds == 1 else _planning(standing, found)
        return f"{name}. {answer} by itself, but not sure among so many rows{more or '.'}"
    if standing.differs:
        answer = "better" if found.mean > 0 else "worse"
        if found.seeds == 1 and not certain:
            return f"{name}. {answer.capitalize()} on these pictures; with one seed that is {_ONE}."
        return f"{name}. {answer.capitalize()}."
    if certain:
        return f"{name}. No difference at this n: only more pictures would tell."
    if found.seeds == 1:
        return f"{name}. No difference at this n, and with one seed that is {_ONE}."
    return f"{name}. No difference at this n{_planning(standing, found)}"


_ONE = "about these two networks, not about what made them"


def _planning(standing: Standing, found: Difference) -> str:
    if standing.target is None or standing.detectable is None:
        return "."
    told = f"; {plural(found.seeds, 'seed')} tell about {_points(standing.detectable)}"
    if standing.needed is None:
        return (
            f"{told}. To tell {_points(standing.target)} apart needs more pictures than "
            f"{count(found.pictures)}, however many seeds."
        )
    return (
        f"{told}; to tell {_points(standing.target)} apart you need about "
        f"{plural(standing.needed, 'seed')}."
    )


def _points(fraction: float) -> str:
    size = f"{float(f'{100 * fraction:.2g}'):g}"
    return f"{size} point" if size == "1" else f"{size} points"


def _p_words(standing: Standing) -> str:
    p = standing.p_holm
    assert p is not None
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _row(standing: Standing) -> list[str]:
    if standing.mean is None or standing.low is None or standing.high is None:
        return [standing.label, *[UNKNOWN] * 4, standing.verdict, UNKNOWN, UNKNOWN]
    found = standing.difference
    return [
        standing.label,
        accuracy_words(standing),
        interval(standing.low, standing.high),
        signed(found.mean) if found else "",
        signed_range(found.low, found.high) if found else "",
        standing.verdict,
        duration(standing.seconds),
        speed_words(standing.images_per_second),
    ]


def speed_words(images_per_second: float | None) -> str:
    """Return a speed of prediction, without digits that no measurement has."""
    if images_per_second is None:
        return UNKNOWN
    return count(float(f"{images_per_second:.3g}"))


def _csv_row(standing: Standing, part: str, n: int) -> list[Any]:
    found = standing.difference
    cells: Mapping[str, Any] = {
        "variant": standing.label,
        "part": part,
        "n": n,
        "runs": len(standing.runs),
        "seeds": " ".join(map(str, standing.seeds)),
        "accuracy": standing.mean,
        "sd": standing.sd,
        "low": standing.low,
        "high": standing.high,
        "difference": found.mean if found else None,
        "difference_low": found.low if found else None,
        "difference_high": found.high if found else None,
        "p": found.p if found else None,
        "p_holm": standing.p_holm,
        "verdict": standing.verdict,
        "train_seconds": standing.seconds,
        "images_per_second": standing.images_per_second,
        "parameters": standing.parameters,
        "facts": "; ".join(standing.facts),
    }
    return [_cell(cells[name]) for name in CSV_COLUMNS]


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value


def _about(comparison: Comparison) -> Iterator[str]:
    n, rows = count(comparison.n), len([s for s in comparison.standings[1:] if s.difference])
    if comparison.part == "test":
        yield (
            f"Judged on the {n} test pictures ({comparison.split}): this opened the test set of "
            "every run, and whoever chooses by it now has no test set left for that choice."
        )
    else:
        yield (
            f"Judged on the same {n} validation pictures for all; the epoch kept was chosen on "
            "them too, which makes every row a little too high. The test set was not opened."
        )
    if comparison.done < comparison.planned:
        yield f"Cut short: {comparison.done} of {plural(comparison.planned, 'run')} are trained."
    seeds = {s.difference.seeds for s in comparison.standings[1:] if s.difference}
    if seeds - {1}:
        yield (
            "Differences are paired by seed and by picture; their intervals hold both that other "
            "seeds would train other networks and that other pictures would be asked."
            + (" How much seeds differ is known from all rows together." if rows > 1 else "")
        )
    if 1 in seeds:
        yield (
            "Rows with one pair of runs are compared by pictures alone (McNemar's exact test): "
            "another seed could change the answer."
        )
    if rows > 1:
        yield (
            f"A verdict is given at 5 % for all {rows} rows together (Holm's correction); with a "
            "question mark it holds for the row by itself alone, as the intervals do."
        )
    yield "The interval beside an accuracy is of the pictures (Wilson, 95 %); ± is over seeds."
    for standing in comparison.standings:
        if standing.facts:
            yield f"{standing.label}: {', '.join(standing.facts)}."
    yield from comparison.notes
