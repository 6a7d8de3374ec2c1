"""What a check of data found wrong: the values, their tables, and the words for them.

Files hold fractions; texts are as :mod:`smalti.wording` says numbers everywhere.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smalti.wording import accuracy_with_interval, count, percent, plural


@dataclass(frozen=True)
class Place:
    """Where a picture is found again.

    ``index`` is its position in the ``part`` as it was divided (as ``--part`` and ``--index`` of
    other commands take it), ``row`` its position among all pictures as the data hold them, the
    training pictures first; ``file`` is its path inside a folder, empty for arrays.
    """

    part: str
    index: int
    row: int
    file: str
    label: str

    def __str__(self) -> str:
        return self.file or f"{self.part} {self.index}"

    def cells(self) -> list[Any]:
        return [self.part, self.index, self.row, self.file, self.label]


_PLACE = ("part", "index", "row", "file", "label")
_LABEL_COLUMNS: Sequence[str] = (*_PLACE, "suggested", "confidence", "own_probability", "likely")
_PAIR_COLUMNS: Sequence[str] = (*_PLACE, *(f"other_{name}" for name in _PLACE), "likeness")
_OUTLIER_COLUMNS: Sequence[str] = (*_PLACE, "kind", "distance", "own_share")


@dataclass(frozen=True)
class LabelError:
    """A label that a model from outside contradicts; probabilities are fractions.

    ``confidence`` is that of the ``suggested`` class, ``own`` that of the label; ``likely`` marks
    those among the estimated number of errors.
    """

    place: Place
    suggested: str
    confidence: float
    own: float
    likely: bool

    def cells(self) -> list[Any]:
        sure = [f"{value:.4f}" for value in (self.confidence, self.own)]
        return [*self.place.cells(), self.suggested, *sure, int(self.likely)]


@dataclass(frozen=True)
class Pair:
    """Two pictures that are almost the same; ``likeness`` is 1 for the same."""

    first: Place
    second: Place
    likeness: float

    @property
    def crosses(self) -> bool:
        """Whether one is a test picture and the other is not."""
        return (self.first.part == "test") != (self.second.part == "test")

    def cells(self) -> list[Any]:
        return [*self.first.cells(), *self.second.cells(), f"{self.likeness:.4f}"]


@dataclass(frozen=True)
class Outlier:
    """A training picture that lies apart.

    ``distance`` (0 to 2) is the mean one to its ten nearest training pictures, ``own_share`` the
    part of those that have its label; ``far`` says whether it is far from all, otherwise it is
    among pictures of other classes only.
    """

    place: Place
    distance: float
    own_share: float
    far: bool

    @property
    def kind(self) -> str:
        """How it lies apart, in words."""
        return "far from all" if self.far else "among other classes"

    def cells(self) -> list[Any]:
        return [*self.place.cells(), self.kind, f"{self.distance:.4f}", f"{self.own_share:.2f}"]


@dataclass(frozen=True)
class LabelCheck:
    """How the labels were judged: of how many pictures, of which, by what, and what came out."""

    n: int
    pictures: str
    judges: str
    estimated: int
    errors: tuple[LabelError, ...]

    @property
    def likely(self) -> int:
        return sum(error.likely for error in self.errors)

    def sentence(self) -> str:
        return (
            f"{count(self.likely)} of {count(self.n)} {self.pictures} likely labelled wrong, "
            f"judged by {self.judges}"
        )


@dataclass(frozen=True)
class NearCheck:
    """Pictures that are almost the same; ``affected`` test pictures have one in training."""

    n: int
    found_by: str
    least: float
    pairs: tuple[Pair, ...]
    n_test: int
    affected: tuple[int, ...]

    def sentence(self) -> str:
        if not self.pairs:
            return f"none among {count(self.n)} pictures"
        pairs = plural(len(self.pairs), "pair")
        said = f"{pairs} of pictures almost the same"
        if self.n_test:
            share = percent(len(self.affected) / self.n_test)
            said += (
                f"; {count(len(self.affected))} of {count(self.n_test)} test pictures ({share}) "
                "have one in train or validation"
            )
        return said


@dataclass(frozen=True)
class Accuracy:
    """A fraction with its 95 % interval and n."""

    accuracy: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return accuracy_with_interval(self.accuracy, self.low, self.high, self.n)


@dataclass(frozen=True)
class WithoutAffected:
    """A run's test accuracy with all test pictures, and without those that are almost in train."""

    run: str
    all: Accuracy
    without: Accuracy


@dataclass(frozen=True)
class Faults:
    """What ``smalti data check`` found beyond counting.

    ``path`` is the folder with page and tables, None where nothing was written; checks that were
    not made are None, and ``notes`` say why.
    """

    data: str
    run: str
    source: str
    path: Path | None
    balance: str
    near: NearCheck | None
    labels: LabelCheck | None
    outliers: tuple[Outlier, ...] | None
    n_trained: int
    without: WithoutAffected | None
    notes: tuple[str, ...] = ()

    @property
    def page(self) -> Path:
        """The findings as one self-contained HTML file."""
        return self._folder / "data-check.html"

    @property
    def results_file(self) -> Path:
        """Everything, as JSON."""
        return self._folder / "data-check.json"

    def tables(self) -> dict[Path, tuple[Sequence[str], list[list[Any]]]]:
        """Return columns and rows of each table by its file."""
        found: dict[Path, tuple[Sequence[str], list[list[Any]]]] = {}
        if self.labels is not None:
            rows = [error.cells() for error in self.labels.errors]
            found[self._folder / "label-errors.csv"] = _LABEL_COLUMNS, rows
        if self.near is not None:
            rows = [pair.cells() for pair in self.near.pairs]
            found[self._folder / "near-duplicates.csv"] = _PAIR_COLUMNS, rows
        if self.outliers is not None:
            rows = [outlier.cells() for outlier in self.outliers]
            found[self._folder / "outliers.csv"] = _OUTLIER_COLUMNS, rows
        return found

    def repairs(self) -> list[tuple[str, str]]:
        """Return what to do about it, in words and as text to run, for the tables there are."""
        files = [path for path in self.tables() if path.name != "near-duplicates.csv"]
        done = []
        for path in files:
            wrong = path.name == "label-errors.csv"
            what = "Leave out the likely label errors" if wrong else "Leave out what lies apart"
            among = ' if line["likely"] == "1"' if wrong else ""
            table = f"pathlib.Path({str(path)!r}).read_text().splitlines()"
            drop = f"lines = [line for line in csv.DictReader({table}){among}]"
            done.append((f"{what}, in Python:", self._dropping(drop)))
        if self.run and self.source:
            again = f"smalti data check {shlex.quote(self.source)} --run {shlex.quote(self.run)}"
            done.append(("Judge the labels of all training pictures:", f"{again} --folds 5"))
        return done

    def _dropping(self, lines: str) -> str:
        named = [pair.first for pair in self.near.pairs[:1]] if self.near else []
        named += [error.place for error in self.labels.errors[:1]] if self.labels else []
        if named and named[0].file:
            return _MOVE.format(lines=lines, folder=self.source)
        return _CLEAN.format(lines=lines, source=self.source)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON knows."""
        return {
            "balance": self.balance,
            "near_duplicates": asdict(self.near) if self.near else None,
            "label_errors": (
                {**asdict(self.labels), "likely": self.labels.likely} if self.labels else None
            ),
            "outliers": None if self.outliers is None else [asdict(o) for o in self.outliers],
            "without_affected": asdict(self.without) if self.without else None,
            "notes": list(self.notes),
            "folder": str(self.path) if self.path else "",
        }

    @property
    def _folder(self) -> Path:
        if self.path is None:
            raise AssertionError("nothing was written")
        return self.path


_MOVE = """import csv, pathlib
{lines}
left_out = pathlib.Path("left-out")
for line in lines:
    target = left_out / line["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path({folder!r}, line["file"]).rename(target)"""

_CLEAN = """import csv, pathlib, numpy as np, smalti
{lines}
data = smalti.load_data({source!r}, validation=0)
train, test = data.part("train"), data.part("test")
keep = np.flatnonzero(~np.isin(train.rows, [int(line["row"]) for line in lines]))
np.savez("cleaned.npz", x_train=train.pictures(keep), y_train=train.labels[keep],
         x_test=test.pictures(), y_test=test.labels, class_names=data.class_names)
smalti.train("cleaned.npz")"""


def balance_of(counts: Mapping[str, int]) -> str:
    """Return how evenly the classes are filled, in words; classes without pictures are named."""
    empty = [name for name, n in counts.items() if not n]
    filled = {name: n for name, n in counts.items() if n}
    said = f"; no training picture of {', '.join(map(repr, empty[:5]))}" if empty else ""
    least, most = min(filled, key=filled.__getitem__), max(filled, key=filled.__getitem__)
    if filled[least] == filled[most]:
        return f"every class has {plural(filled[most], 'training picture')}{said}"
    times = filled[most] / filled[least]
    return (
        f"{filled[least]:,} training pictures of {least!r} to {filled[most]:,} of {most!r}, "
        f"{times:.1f} times as many{said}"
    )
