"""The plan of a comparison: what is trained in which order, written before anything is trained."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError
from smalti.files import machine_errors, read_json, write_json
from smalti.recipes import Recipe, from_dict, to_dict
from smalti.runs import safe_name
from smalti.search.variants import Variant

FILE = "plan.json"


@dataclass(frozen=True)
class Trial:
    """One run of the plan: the variant's place, and the recipe with its seed."""

    place: int
    label: str
    recipe: Recipe
    path: Path


@dataclass(frozen=True)
class Plan:
    """A comparison of variants over seeds in a folder of its own.

    ``seeds`` is how many; ``test`` whether the test set is opened. ``fingerprint`` and
    ``division`` say which pictures it is about.
    """

    folder: Path
    data: str
    source: str
    variants: tuple[Variant, ...]
    seeds: int
    test: bool
    fingerprint: str
    division: str
    command: str = ""

    @property
    def part(self) -> str:
        return "test" if self.test else "validation"

    @property
    def resume_command(self) -> str:
        return f"smalti compare --resume {shlex.quote(str(self.folder))}"

    def trials(self) -> Iterator[Trial]:
        """Return the runs in order: seed by seed over the variants, so that a cut is balanced.

        What knows no chance is fitted once, with the first seed.
        """
        for number in range(self.seeds):
            for place, variant in enumerate(self.variants):
                if number and not variant.chance:
                    continue
                recipe = variant.with_seed(number)
                name = safe_name(f"{self.data}-{recipe.name}-{recipe.seed}")
                yield Trial(place, variant.label, recipe, self.folder / name)

    def write(self) -> None:
        """Write ``plan.json`` into the folder."""
        write_json(
            self.folder / FILE,
            {
                "data": self.data,
                "source": self.source,
                "seeds": self.seeds,
                "test": self.test,
                "fingerprint": self.fingerprint,
                "division": self.division,
                "command": self.command,
                "order": [trial.path.name for trial in self.trials()],
                "variants": [
                    {"label": variant.label, "recipe": to_dict(variant.recipe)}
                    for variant in self.variants
                ],
            },
        )

    def require_same_data(self, dataset: Dataset) -> None:
        """Refuse pictures other than those that the comparison began with."""
        if (dataset.fingerprint, dataset.division) != (self.fingerprint, self.division):
            raise SmaltiError(
                f"The data changed since {self.folder} began: its pictures are no longer those "
                "that the finished runs were trained and judged on.",
                "Restore the data, or begin a new comparison.",
            )


def begin(plan: Plan, out: str | Path) -> Plan:
    """Make the folder ``out/compare-<data>-<n>`` and write the plan into it."""
    folder = new_folder(out, plan.data)
    plan = replace(plan, folder=folder)
    plan.write()
    return plan


def new_folder(out: str | Path, data: str) -> Path:
    """Make and return ``out/compare-<data>-<n>`` with the first free number."""
    parent, number = Path(out), 0
    with machine_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            number += 1
            folder = parent / f"compare-{safe_name(data)}-{number}"
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder


def is_comparison(path: str | Path) -> bool:
    """Tell whether a folder holds a comparison that was begun here."""
    return (Path(path) / FILE).is_file()


def read(path: str | Path) -> Plan:
    """Return the plan of a folder; one that holds none is an error that names those beside it."""
    folder = Path(path)
    if not is_comparison(folder):
        raise _not_a_comparison(folder)
    content = read_json(folder / FILE)
    try:
        variants = tuple(
            Variant(entry["label"], from_dict(entry["recipe"], str(folder / FILE)))
            for entry in content["variants"]
        )
        return Plan(
            folder=folder,
            data=content["data"],
            source=content["source"],
            variants=variants,
            seeds=int(content["seeds"]),
            test=bool(content["test"]),
            fingerprint=content["fingerprint"],
            division=content["division"],
            command=content["command"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SmaltiError(
            f"{folder / FILE} is damaged: it lacks or holds something unexpected ({error}).",
            "Its runs are whole; compare them with: smalti compare RUN RUN",
        ) from error


def widened(plan: Plan, seeds: int | None, test: bool) -> Plan:
    """Return the plan with more seeds, or with the test set opened; fewer seeds are an error."""
    seeds = seeds or plan.seeds
    if seeds < plan.seeds:
        raise SmaltiError(
            f"{plan.folder} was planned with {plan.seeds} seeds; {seeds} would be fewer.",
            "Leave --seeds out, or give more.",
        )
    wider = replace(plan, seeds=seeds, test=plan.test or test)
    if wider != plan:
        wider.write()
    return wider


def _not_a_comparison(folder: Path) -> SmaltiError:
    beside = sorted(str(path) for path in folder.parent.glob("compare-*") if is_comparison(path))
    there = f"There are: {', '.join(beside)}." if beside else "Begin one: smalti compare DATA …"
    if (folder / "config.json").is_file():
        there = f"A single run is resumed by: smalti train --resume {shlex.quote(str(folder))}"
    return SmaltiError(f"{folder} holds no comparison ({FILE}) to resume.", there)
