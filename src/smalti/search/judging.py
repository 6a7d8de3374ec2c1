"""From finished runs to standings: who was right on which picture, and what it says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from smalti.errors import SmaltiError
from smalti.metrics import mean_and_deviation, wilson_interval
from smalti.runs import Run
from smalti.significance import detectable, holm, paired_differences, seeds_needed
from smalti.standings import Standing


@dataclass(frozen=True)
class Judged:
    """A variant's finished runs by seed: for each, on which pictures it was right (bool N)."""

    label: str
    runs: Mapping[int, Run]
    right: Mapping[int, np.ndarray]
    chance: bool = True

    @property
    def first(self) -> Run | None:
        """The run of the lowest seed."""
        return self.runs[min(self.runs)] if self.runs else None


def judge(label: str, runs: Mapping[int, Run], part: str, chance: bool = True) -> Judged:
    """Read which pictures of the part the runs were right on."""
    return Judged(
        label, dict(runs), {seed: _right(run, part) for seed, run in runs.items()}, chance
    )


def labels_of(run: Run, part: str) -> np.ndarray:
    """Return the labels of the pictures that a run was judged on, in order."""
    found = run.outputs(part)
    if found is None:
        raise SmaltiError(f"{run.path} holds no outputs of its {part} pictures.")
    return found[1]


def standings(variants: Sequence[Judged], speeds: Sequence[float | None]) -> tuple[Standing, ...]:
    """Return the rows: the first variant as the baseline, the others best first."""
    rows = [_described(variant, speed) for variant, speed in zip(variants, speeds, strict=True)]
    rows = _compared(rows, variants)
    others = sorted(rows[1:], key=lambda row: -(row.mean if row.mean is not None else -1.0))
    return (rows[0], *others)


def pairs(one: Judged, other: Judged) -> list[tuple[int, int]]:
    """Return which seeds of the two are compared: the same ones.

    What knows no chance stands for every seed; without a seed in common they are paired in order.
    """
    if not one.right or not other.right:
        return []
    if not one.chance or not other.chance:
        firsts = min(one.right), min(other.right)
        if not one.chance and not other.chance:
            return [firsts]
        if one.chance:
            return [(seed, firsts[1]) for seed in sorted(one.right)]
        return [(firsts[0], seed) for seed in sorted(other.right)]
    common = sorted(one.right.keys() & other.right.keys())
    if common:
        return [(seed, seed) for seed in common]
    return list(zip(sorted(one.right), sorted(other.right), strict=False))


def _right(run: Run, part: str) -> np.ndarray:
    found = run.outputs(part)
    if found is None:
        raise SmaltiError(f"{run.path} holds no outputs of its {part} pictures.")
    logits, labels = found
    right: np.ndarray = logits.argmax(axis=1) == labels
    return right


def _described(variant: Judged, speed: float | None) -> Standing:
    seeds = sorted(variant.right)
    if not seeds:
        return Standing(variant.label, chance=variant.chance)
    accuracies = tuple(float(variant.right[seed].mean()) for seed in seeds)
    mean, deviation = mean_and_deviation(list(accuracies))
    low, high = wilson_interval(mean, len(variant.right[seeds[0]]))
    records = [_environment(variant.runs[seed]) for seed in seeds]
    seconds = [float(record["seconds"]) for record in records if "seconds" in record]
    first = variant.runs[seeds[0]]
    return Standing(
        label=variant.label,
        runs=tuple(str(variant.runs[seed].path) for seed in seeds),
        seeds=tuple(seeds),
        accuracies=accuracies,
        mean=mean,
        sd=None if math.isnan(deviation) else deviation,
        low=low,
        high=high,
        seconds=sum(seconds) / len(seconds) if seconds else None,
        images_per_second=speed,
        parameters=first.classifier().get("parameters"),
        chance=variant.chance,
        facts=_facts(records[0], variant.chance),
    )


def _environment(run: Run) -> dict[str, Any]:
    try:
        return run.environment()
    except SmaltiError:
        return {}  # a figure without its time is still a figure


def _facts(record: Mapping[str, Any], chance: bool) -> tuple[str, ...]:
    facts = tuple(record.get("baseline", {}).get("facts", ()))
    return facts if chance else (*facts, "knows no chance: fitted once")


def _compared(rows: list[Standing], variants: Sequence[Judged]) -> list[Standing]:
    """Add the differences to the first row, corrected for how many there are."""
    matched = [pairs(variant, variants[0]) for variant in variants[1:]]
    there = [
        (_rights(variant, (own for own, _ in seeds)), _rights(variants[0], (b for _, b in seeds)))
        for variant, seeds in zip(variants[1:], matched, strict=True)
        if seeds
    ]
    differences = iter(paired_differences(there))
    found = [next(differences) if seeds else None for seeds in matched]
    corrected = iter(holm([difference.p for difference in found if difference is not None]))
    compared = [rows[0]]
    for row, difference in zip(rows[1:], found, strict=True):
        if difference is not None:
            row = replace(row, difference=difference, p_holm=next(corrected))
        compared.append(_planned(row))
    return compared


def _rights(variant: Judged, seeds: Iterable[int]) -> np.ndarray:
    return np.stack([variant.right[seed] for seed in seeds])


def _planned(row: Standing) -> Standing:
    """Add what this number of seeds can tell, and what a finer answer would need."""
    found = row.difference
    if found is None or found.seeds < 2 or row.differs or not found.seed_sd:
        return row
    told = detectable(found, found.seeds)
    target = _round(told / 2)
    return replace(row, detectable=told, target=target, needed=seeds_needed(found, target))


def _round(fraction: float) -> float:
    """Return a difference of 1, 2, 3 or 5 times a power of ten near this one."""
    if fraction <= 0:
        return fraction
    power = 10.0 ** math.floor(math.log10(fraction))
    return min((step * power for step in (1, 2, 3, 5, 10)), key=lambda size: abs(size - fraction))
