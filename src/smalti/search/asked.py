"""What a comparison was asked for: data to train on or runs that are there, and not both."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalti.errors import SmaltiError
from smalti.recipes.options import checked
from smalti.runs import Run
from smalti.search import plan as plans
from smalti.search.variants import Named, Variant, variants_of

SEEDS = 3
"""Runs of each variant where nothing is said: the fewest that show how much seeds differ."""


@dataclass(frozen=True)
class Asked:
    """The arguments of ``smalti compare``, as they were given."""

    what: Any
    recipes: Sequence[Named] | None
    recipe: Named
    vary: Mapping[str, Sequence[Any]] | None
    tries: Sequence[Mapping[str, Any]] | None
    seeds: int | None
    options: Mapping[str, Any]
    resume: Any
    out: Any

    @property
    def data(self) -> Any:
        """The one data set to train on."""
        if isinstance(self.what, list):
            if len(self.what) == 1:
                return self.what[0]
            raise SmaltiError(
                f"Expected one data set, or run folders; got {', '.join(map(str, self.what))}.",
                "Compare on one data set at a time; runs are listed by: smalti runs",
            )
        if self.what is None:
            raise SmaltiError(
                "A comparison needs a data set, or finished runs.",
                'For example: smalti.compare("digits", ["dense", "knn"])',
            )
        return self.what

    def runs(self) -> list[Run] | None:
        """Return the runs, None where a data set was named; a mixture is an error."""
        named = self.what if isinstance(self.what, list) else [self.what]
        for name in named:
            _refuse_comparison(name)
        are_runs = [_is_run(name) for name in named]
        if not any(are_runs):
            _require_no_lost_run(named)
            return None
        if not all(are_runs):
            other = named[are_runs.index(False)]
            raise SmaltiError(
                f"{other} is no run folder, and others of these are: runs and data sets are not "
                "mixed.",
                "Name only runs, or one data set with --recipes or --vary.",
            )
        return [name if isinstance(name, Run) else Run(name) for name in named]

    def variants(self, data: str) -> list[Variant]:
        """Return what is trained on the data of this name, the baseline first."""
        if not self.recipes and not self.vary and not self.tries:
            raise SmaltiError(
                "There is nothing to compare yet: name recipes, or a field to vary.",
                "For example: --recipes dense,cnn,knn or --recipe cnn --vary "
                "model.dropout=0,0.25,0.5",
            )
        options = {name: checked(name, value) for name, value in self.options.items()}
        return variants_of(
            data, self.recipes or (), self.recipe, self.vary, options, self.tries or ()
        )

    @property
    def _changes(self) -> bool:
        asked = (self.recipes, self.recipe, self.vary, self.tries, self.options)
        return any(asked)

    def require_runs_alone(self, minutes: float | None) -> None:
        """Refuse what only training hears, where runs are compared."""
        if self._changes or self.seeds or minutes:
            raise SmaltiError(
                "Finished runs are compared as they are: --recipes, --recipe, --vary, --try, "
                "--seeds, --epochs, --set and --minutes are for training.",
                "Leave them out, or name a data set.",
            )

    def require_resuming_alone(self) -> None:
        """Refuse what would change a comparison that has begun."""
        if self._changes or self.out:
            path = shlex.quote(str(self.resume))
            raise SmaltiError(
                "--resume goes on with a comparison as it was begun; only --seeds, --minutes and "
                "--test can be added.",
                f"Use: smalti compare --resume {path}",
            )


def _is_run(name: Any) -> bool:
    return isinstance(name, Run) or (
        isinstance(name, str | Path) and (Path(name) / "config.json").is_file()
    )


def _refuse_comparison(name: Any) -> None:
    if isinstance(name, str | Path) and plans.is_comparison(name):
        raise SmaltiError(
            f"{name} is a comparison, no run.",
            f"Go on with it: smalti compare --resume {shlex.quote(str(name))}",
        )


def _require_no_lost_run(named: Sequence[Any]) -> None:
    """Say of several names that none is a run which run was probably meant."""
    if len(named) > 1:
        for name in named:
            if isinstance(name, str | Path) and len(Path(name).parts) > 1:
                Run(name)
