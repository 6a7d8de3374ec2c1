"""Rules about pictures and labels, over counts and shares; no picture is looked at here."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from smalti.advice.finding import Finding, Remedy
from smalti.advice.remedies import more_augmentation, remedies
from smalti.metrics import wilson_interval
from smalti.recipes import Recipe
from smalti.wording import count, percent, plural

_MANY = 0.05
"""Pictures that show nothing are noise up to this share, and a mistake in reading above it."""

_ALIKE = 2.0
"""Grey levels: where pictures differ by less on average, they are all the same one."""

_TIMES = 10
"""The largest class has this many times the pictures of the smallest: accuracy hides the small."""

_FEW = 20
"""Training pictures of a class below which it is learned by heart rather than understood."""

_WIDE = 0.05
"""Half the interval of a validation accuracy of 90 %: above it, neighbouring epochs and settings
cannot be told apart. It takes 135 pictures to come below."""

_SURE = 3
"""Standard deviations above chance from which on labels and pictures belong together."""

_ENOUGH_NEIGHBOURS = 200
"""Fewer pictures than this cannot tell shuffled labels from difficult ones."""


@dataclass(frozen=True)
class PictureFacts:
    """What was counted in a data set.

    ``source`` is what the user typed (empty for arrays in memory), ``counts`` training pictures by
    class name, ``validation`` and ``test`` numbers of pictures.
    Shares are fractions of the ``sampled`` training pictures: ``flat`` ones are a single colour
    all over, ``dark`` and ``bright`` ones almost black and almost white. ``spread`` is the mean
    standard deviation of a pixel from picture to picture, in grey levels of 255.
    ``empty_channels`` are channels with a single value in all of them.

    The rest is None where it was not counted: ``neighbours`` is the share of ``neighbours_of``
    pictures whose nearest other picture has the same label, and ``chance`` the share that
    shuffled labels would have; ``conflicts`` are pictures that occur with two labels,
    ``repeated`` training pictures that occur before; ``leaked`` is test pictures that are also in
    training or validation.
    """

    source: str
    counts: Mapping[str, int]
    validation: int
    test: int
    skipped: int
    sampled: int
    flat: float
    dark: float
    bright: float
    spread: float
    empty_channels: tuple[int, ...]
    channels: int
    neighbours: float | None = None
    neighbours_of: int = 0
    chance: float = 0.0
    conflicts: int | None = None
    repeated: int | None = None
    leaked: int | None = None

    @property
    def train(self) -> int:
        """Training pictures."""
        return sum(self.counts.values())

    @property
    def largest_share(self) -> float:
        """The share of the most frequent class in training."""
        return max(self.counts.values(), default=0) / max(1, self.train)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> PictureFacts | None:
        """Return what :func:`dataclasses.asdict` wrote, or None where it is not that."""
        known = {field.name for field in fields(cls)}
        try:
            facts = cls(**{key: value for key, value in content.items() if key in known})
            return facts if facts.train >= 0 else None
        except (TypeError, AttributeError):
            return None


@dataclass(frozen=True)
class Look:
    """One thing that was looked at in a data set: its name, what was seen, what is wrong if it is.

    ``decides``: where it is wrong, no curve of a training means anything. ``chosen``: whoever
    brought the pictures knows it, so that it is news only where results are poor.
    """

    name: str
    seen: str
    finding: Finding | None
    decides: bool = False
    chosen: bool = False


def judge_pictures(facts: PictureFacts, recipe: Recipe, data: str) -> list[Finding]:
    """Return what is wrong with a data set, what makes training useless first."""
    return [look.finding for look in look_at(facts, recipe, data) if look.finding is not None]


def look_at(facts: PictureFacts, recipe: Recipe, data: str) -> list[Look]:
    """Return everything that was looked at, what was not counted left out."""
    looks = [*_content(facts), *_repetitions(facts), *_classes(facts, recipe, data)]
    return [*looks, _files(facts)]


def _content(facts: PictureFacts) -> Iterator[Look]:
    wrong = _nothing_to_see(facts) or _all_alike(facts) or _darkness(facts)
    seen = f"{plural(facts.sampled, 'training picture')} looked at"
    yield Look("content", seen, wrong, decides=True)
    channels = plural(facts.channels, "channel") + ", none of them empty"
    yield Look("channels", channels, _empty_channels(facts), decides=True)
    if facts.neighbours is not None and facts.neighbours_of >= _ENOUGH_NEIGHBOURS:
        seen = (
            f"{percent(facts.neighbours, 1)} have the label of the picture most like them "
            f"(by chance {percent(facts.chance, 1)})"
        )
        yield Look("labels", seen, _unrelated_labels(facts), decides=True)


def _repetitions(facts: PictureFacts) -> Iterator[Look]:
    if facts.conflicts is not None:
        yield Look("conflicts", f"{facts.conflicts} with two labels", _conflicts(facts))
    if facts.leaked is not None:
        yield Look("leakage", f"{facts.leaked} of test in other parts", _leaked(facts))


def _classes(facts: PictureFacts, recipe: Recipe, data: str) -> Iterator[Look]:
    fewest, most = min(facts.counts.values()), max(facts.counts.values())
    seen = f"{count(fewest)} to {count(most)} training pictures a class"
    yield Look("classes", seen, _imbalance(facts))
    yield Look("class size", f"at least {count(fewest)}", _few(facts, recipe, data), chosen=True)
    validation = plural(facts.validation, "picture") if facts.validation else "none, as asked for"
    yield Look("validation", validation, _tiny_validation(facts, recipe), chosen=True)


def _files(facts: PictureFacts) -> Look:
    seen = f"{count(facts.skipped)} left out" if facts.skipped else "none left out"
    return Look("files", seen, _skipped(facts), chosen=True)


def _nothing_to_see(facts: PictureFacts) -> Finding | None:
    if facts.flat <= _MANY:
        return None
    return Finding(
        "Empty pictures",
        f"{percent(facts.flat, 0)} of the training pictures are a single colour all over.",
        advice="Look how they were read and scaled, and leave the empty ones out.",
    )


def _all_alike(facts: PictureFacts) -> Finding | None:
    if facts.spread >= _ALIKE or facts.sampled < 2:
        return None
    return Finding(
        "All pictures are alike",
        f"A pixel differs by {facts.spread:.1f} of 255 grey levels from picture to picture.",
        advice="Look how they were read: float pictures of 0 to 1 turn black as whole numbers.",
    )


def _darkness(facts: PictureFacts) -> Finding | None:
    for share, word in ((facts.dark, "black"), (facts.bright, "white")):
        if share > 0.5:
            return Finding(
                f"Pictures are almost {word}",
                f"{percent(share, 0)} of the training pictures hold nearly {word} pixels only.",
                advice="Bring their values to the whole range of 0 to 255 before training.",
            )
    return None


def _empty_channels(facts: PictureFacts) -> Finding | None:
    empty = facts.empty_channels
    if not empty or len(empty) == facts.channels:
        return None
    named = ", ".join(str(channel + 1) for channel in empty)
    return Finding(
        "A channel is empty",
        f"Channel {named} of {facts.channels} has the same value in every picture.",
        advice="Look how the pictures were read; a lost channel is lost information.",
    )


def _unrelated_labels(facts: PictureFacts) -> Finding | None:
    assert facts.neighbours is not None
    deviation = math.sqrt(facts.chance * (1 - facts.chance) / facts.neighbours_of)
    if facts.neighbours > facts.chance + _SURE * deviation:
        return None
    return Finding(
        "Labels and pictures may not belong together",
        f"Of {count(facts.neighbours_of)} pictures, {percent(facts.neighbours, 1)} have the label "
        f"of the picture most like them; shuffled labels would have {percent(facts.chance, 1)}.",
        advice="Look whether pictures and labels are in the same order.",
    )


def _conflicts(facts: PictureFacts) -> Finding | None:
    if not facts.conflicts:
        return None
    verb = "stands" if facts.conflicts == 1 else "stand"
    return Finding(
        "One picture, two labels",
        f"{plural(facts.conflicts, 'picture')} {verb} there with more than one label.",
        advice=f"Keep one label each.{_listed(facts)}",
    )


def _leaked(facts: PictureFacts) -> Finding | None:
    # One in a thousand is what careful sets have too; it moves an accuracy by as little.
    if not facts.leaked or facts.leaked <= 0.001 * facts.test:
        return None
    return Finding(
        "Test pictures are in training too",
        f"{count(facts.leaked)} of {count(facts.test)} test pictures are also in training or "
        "validation: test accuracy will be flattered.",
        advice=f"Remove them from one side.{_listed(facts)}",
    )


def _imbalance(facts: PictureFacts) -> Finding | None:
    name, fewest = min(facts.counts.items(), key=lambda item: item[1])
    largest, most = max(facts.counts.items(), key=lambda item: item[1])
    if most < _TIMES * max(1, fewest):
        return None
    return Finding(
        "Classes are out of balance",
        f"{largest!r} has {plural(most, 'training picture')}, {name!r} has {count(fewest)}; always "
        f"answering {largest!r} would be right in {percent(facts.largest_share)}.",
        advice=f"Collect more of {name!r}, and read each class's recall rather than the accuracy.",
    )


def _few(facts: PictureFacts, recipe: Recipe, data: str) -> Finding | None:
    name, fewest = min(facts.counts.items(), key=lambda item: item[1])
    if fewest >= _FEW:
        return None
    moves = more_augmentation(recipe, data) if recipe.augmentation.policy == "none" else {}
    return Finding(
        "Few pictures",
        f"{name!r} has only {plural(fewest, 'training picture')}.",
        remedies(recipe, moves),
        f"Collect more: below {_FEW} a class is learned by heart.",
    )


def _tiny_validation(facts: PictureFacts, recipe: Recipe) -> Finding | None:
    if not facts.validation:
        return None
    low, high = wilson_interval(0.9, facts.validation)
    if (high - low) / 2 <= _WIDE:
        return None
    more = _more_validation(facts, recipe)
    return Finding(
        "Few validation pictures",
        f"With {plural(facts.validation, 'picture')} a validation accuracy of 90 % may be "
        f"{percent(low, 0)} to {percent(high, 0)}: it cannot tell good settings from lucky ones.",
        more,
        "" if more else "Collect more pictures.",
    )


def _more_validation(facts: PictureFacts, recipe: Recipe) -> tuple[Remedy, ...]:
    """Keep a fifth, where a tenth was cut by us and training has pictures to spare."""
    share = facts.validation / (facts.train + facts.validation)
    cut_by_us = 0.7 * recipe.data.validation < share < 1.3 * recipe.data.validation
    if not cut_by_us or share > 0.15 or min(facts.counts.values()) < 2 * _FEW:
        return ()
    return remedies(recipe, {"data.validation": 0.2})


def _skipped(facts: PictureFacts) -> Finding | None:
    if facts.skipped <= _MANY * (facts.train + facts.validation + facts.test):
        return None
    return Finding(
        "Many files are left out",
        f"{plural(facts.skipped, 'file')} could not be read as pictures.",
        advice=f"Mend or remove them.{_listed(facts)}",
    )


def _listed(facts: PictureFacts) -> str:
    return f" See: smalti data check {shlex.quote(facts.source)}" if facts.source else ""
