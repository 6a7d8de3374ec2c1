"""How far a classifier's accuracy holds where pictures get worse: figures, and their words.

Files hold fractions and seconds; texts are as :mod:`smalti.wording` says numbers everywhere.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from smalti import metrics
from smalti.wording import accuracy_with_interval, count, interval, percent, points

STRENGTHS = (1, 2, 3, 4, 5)

WEAKEST = 3
"""Corruptions that are put in words."""


_TEXTS = ("data", "part", "split", "no_attacks", "precision_used", "measured")
_COUNTS = ("n", "of", "seed", "views", "times_opened")
_RATES = ("seconds", "images_per_second")


@dataclass(frozen=True)
class Share:
    """A share of right answers with its 95 % interval; fractions."""

    accuracy: float
    low: float
    high: float

    @classmethod
    def of(cls, right: np.ndarray) -> Share:
        """Return it from answers N, true where right."""
        accuracy = float(right.mean())
        return cls(accuracy, *metrics.wilson_interval(accuracy, len(right)))

    @classmethod
    def mean(cls, right: np.ndarray) -> Share:
        """Return that of answers …×N to the same N pictures in several states, by picture."""
        scores = right.reshape(-1, right.shape[-1]).mean(axis=0)
        return cls(float(scores.mean()), *metrics.mean_interval(scores))

    def said(self, n: int) -> str:
        """Return ``"97.22 % (95 % interval 94.96–98.48, n = 360)"``."""
        return accuracy_with_interval(self.accuracy, self.low, self.high, n)


@dataclass(frozen=True)
class Corrupted:
    """What a corruption does: the accuracy by strength from 1 to 5, and ``mean`` over them.

    ``hardest`` is the class of which fewest are right, ``hardest_accuracy`` their share over all
    strengths; ``answer`` is the commonest wrong answer and ``answer_share`` its share of all wrong
    ones. All four are empty or None where no answer is wrong.
    """

    name: str
    mean: Share
    by_strength: tuple[Share, ...]
    hardest: str = ""
    hardest_accuracy: float | None = None
    answer: str = ""
    answer_share: float | None = None

    def sentence(self, clean: float) -> str:
        """Return in words how bad it is; ``clean`` is the accuracy on the unchanged pictures."""
        lost = points(clean - self.mean.accuracy)
        said = (
            f"{self.name}: {percent(self.mean.accuracy)} over its strengths (95 % interval "
            f"{interval(self.mean.low, self.mean.high)}), {lost} points below unchanged pictures; "
            f"{self._course(clean)}."
        )
        if self.hardest_accuracy is not None:
            said += f" Hardest hit: {self.hardest}, {percent(self.hardest_accuracy)} right."
        if self.answer_share is not None:
            said += f" {percent(self.answer_share, 0)} of the mistakes say {self.answer}."
        return said

    def _course(self, clean: float) -> str:
        for strength, share in zip(STRENGTHS, self.by_strength, strict=True):
            if share.accuracy < clean / 2:
                left = percent(share.accuracy)
                return f"at strength {strength} fewer than half as many are right ({left})"
        return f"{percent(self.by_strength[-1].accuracy)} at strength {STRENGTHS[-1]}"


@dataclass(frozen=True)
class Attacked:
    """What is left where each value of a picture may change by ``epsilon`` (of 255) at most."""

    epsilon: int
    fgsm: Share
    pgd: Share


@dataclass(frozen=True)
class Attacks:
    """Answers under attack: of ``n`` pictures, ``clean`` before; PGD of so many ``steps``."""

    n: int
    clean: Share
    steps: int
    by_epsilon: tuple[Attacked, ...]

    @property
    def sentence(self) -> str:
        """In words: the change at which most of the right answers are lost."""
        for one in self.by_epsilon:
            if one.pgd.accuracy < self.clean.accuracy / 2:
                said = f"PGD leaves fewer than half of the right answers at epsilon {one.epsilon}"
                break
        else:
            one = self.by_epsilon[-1]
            said = f"PGD leaves more than half of the right answers even at epsilon {one.epsilon}"
        return f"{said}/255: {one.pgd.said(self.n)}, of {percent(self.clean.accuracy)} before."


@dataclass(frozen=True)
class Robustness:
    """What ``smalti stress`` found; fractions and seconds. A notebook shows it.

    ``n`` pictures of the ``of`` in the part were seen in every state; ``clean`` is the accuracy on
    them as they are, ``mean`` the mean corruption accuracy: over all corruptions and strengths,
    with an interval over the pictures. ``attacks`` is None where there are none, and
    ``no_attacks`` says why.
    """

    data: str
    part: str
    split: str
    n: int
    of: int
    seed: int
    clean: Share
    mean: Share
    corruptions: tuple[Corrupted, ...]
    attacks: Attacks | None
    no_attacks: str
    precision_used: str
    views: int
    seconds: float
    images_per_second: float
    measured: str
    times_opened: int = 1
    path: Path | None = field(default=None, compare=False)
    stored: bool = field(default=False, compare=False)
    """Whether these are results of an earlier call, shown again."""

    @property
    def weakest(self) -> tuple[Corrupted, ...]:
        """The three corruptions with the lowest accuracy, the lowest first."""
        ranked = sorted(self.corruptions, key=lambda one: one.mean.accuracy)
        return tuple(ranked[:WEAKEST])

    @property
    def weak_spots(self) -> tuple[str, ...]:
        """The three weakest spots, a sentence or three each."""
        return tuple(one.sentence(self.clean.accuracy) for one in self.weakest)

    @property
    def widest(self) -> float:
        """Half of the widest interval of a single accuracy: how exact the table is."""
        every = (share for one in self.corruptions for share in one.by_strength)
        return max((share.high - share.low) / 2 for share in every)

    @property
    def pictures(self) -> str:
        """What was seen: ``"mnist, official split, 2,000 of 10,000 test pictures"``."""
        whole = f"{count(self.of)} {self.part} pictures"
        seen = f"all {whole}" if self.n == self.of else f"{count(self.n)} of {whole}"
        return f"{self.data}, {self.split}, {seen}"

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        content = asdict(self)
        del content["path"], content["stored"]
        return content

    def stored_in(self, path: Path) -> Robustness:
        """Return it as what an earlier call left in a run."""
        return replace(self, path=path, stored=True)

    def __str__(self) -> str:
        return (
            f"mean corruption accuracy {self.mean.said(self.n)}, "
            f"unchanged {percent(self.clean.accuracy)}"
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{strength}</th>" for strength in (*STRENGTHS, "mean"))
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(one.name)}</th>"
            + "".join(
                f"<td>{percent(share.accuracy)}</td>" for share in (*one.by_strength, one.mean)
            )
            + "</tr>"
            for one in self.corruptions
        )
        spots = "".join(f"<li>{html.escape(text)}</li>" for text in self.weak_spots)
        return (
            f"<p><b>{html.escape(str(self))}</b><br>{html.escape(self.pictures)}</p>"
            f"<table><thead><tr><th>corruption</th>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>Weakest:</p><ol>{spots}</ol>"
        )


def corrupted(
    name: str, answers: np.ndarray, labels: np.ndarray, class_names: Sequence[str]
) -> Corrupted:
    """Return what a corruption does, from the answers 5×N by strength and the labels N."""
    right = answers == labels
    by_strength = tuple(Share.of(one) for one in right)
    mean = Share.mean(right)
    if right.all():
        return Corrupted(name, mean, by_strength)
    there = np.bincount(labels, minlength=len(class_names)) * len(answers)
    hits = np.bincount(np.broadcast_to(labels, right.shape)[right], minlength=len(class_names))
    recall = np.where(there > 0, hits / np.maximum(there, 1), np.inf)
    hardest = int(recall.argmin())
    wrong = np.bincount(answers[~right], minlength=len(class_names))
    return Corrupted(
        name,
        mean,
        by_strength,
        class_names[hardest],
        float(recall[hardest]),
        class_names[int(wrong.argmax())],
        float(wrong.max() / wrong.sum()),
    )


def read(content: Mapping[str, Any]) -> Robustness:
    """Return what :meth:`Robustness.to_dict` gave.

    What was changed is a KeyError, TypeError or ValueError.
    """
    attacks = content["attacks"]
    given: dict[str, Any] = {
        **{name: str(content[name]) for name in _TEXTS},
        **{name: int(content[name]) for name in _COUNTS},
        **{name: float(content[name]) for name in _RATES},
    }
    found = Robustness(
        **given,
        clean=_share(content["clean"]),
        mean=_share(content["mean"]),
        corruptions=tuple(_corrupted(one) for one in content["corruptions"]),
        attacks=None if attacks is None else _attacks(attacks),
    )
    if not found.corruptions or not 0 < found.n <= found.of:
        raise ValueError
    return found


def _corrupted(content: Mapping[str, Any]) -> Corrupted:
    by_strength = tuple(_share(one) for one in content["by_strength"])
    if len(by_strength) != len(STRENGTHS):
        raise ValueError
    return Corrupted(
        str(content["name"]),
        _share(content["mean"]),
        by_strength,
        str(content["hardest"]),
        _known(content["hardest_accuracy"]),
        str(content["answer"]),
        _known(content["answer_share"]),
    )


def _attacks(content: Mapping[str, Any]) -> Attacks:
    by_epsilon = tuple(
        Attacked(int(one["epsilon"]), _share(one["fgsm"]), _share(one["pgd"]))
        for one in content["by_epsilon"]
    )
    if not by_epsilon:
        raise ValueError
    return Attacks(int(content["n"]), _share(content["clean"]), int(content["steps"]), by_epsilon)


def _known(value: Any) -> float | None:
    return None if value is None else float(value)


def _share(content: Mapping[str, Any]) -> Share:
    found = Share(float(content["accuracy"]), float(content["low"]), float(content["high"]))
    if not 0 <= found.low <= found.high <= 1:
        raise ValueError
    return found
