"""Comparing: training what a plan holds, or taking runs that are there; one table of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from smalti.data.dataset import Dataset
from smalti.errors import SmaltiError, log
from smalti.evaluation import evaluating
from smalti.files import write_csv, write_json
from smalti.recipes.doubts import require_validation
from smalti.recipes.resolve import fit_to_pictures
from smalti.reporting.comparison import Disagreement, write_page
from smalti.runs import Run
from smalti.search import given, speed
from smalti.search import plan as plans
from smalti.search.estimating import estimated_seconds
from smalti.search.judging import Judged, judge, labels_of, pairs, standings
from smalti.search.plan import Plan
from smalti.search.running import Budget, Show, run_all, seconds_of
from smalti.search.variants import Variant, require_differences
from smalti.standings import CSV_COLUMNS, Comparison
from smalti.wording import duration, plural

OPEN_WITH_TEST = "Add --test: it opens the test set of every run, and says so."

MOST_SHOWN = 24
"""Pictures of a kind on which two runs differ."""


def compare_variants(
    dataset: Dataset,
    variants: Sequence[Variant],
    *,
    seeds: int,
    test: bool = False,
    minutes: float | None = None,
    out: str | Path = "runs",
    command: str = "",
) -> Comparison:
    """Train every variant with every seed into a new folder, and compare them.

    Everything that can be wrong with the plan is an error before anything is trained. Where
    ``minutes`` end it early, the comparison is of what is there and says how to go on.
    """
    variants = [replace(v, recipe=fit_to_pictures(v.recipe, dataset.image_shape)) for v in variants]
    require_differences(variants)
    _require_judges(dataset, variants, test)
    plan = Plan(
        folder=Path(out),
        data=dataset.name,
        source=dataset.source,
        variants=tuple(variants),
        seeds=seeds,
        test=test,
        fingerprint=dataset.fingerprint,
        division=dataset.division,
        command=command,
    )
    budget = Budget(_estimates(plan, dataset, {}), minutes)
    _say_estimate(plan, budget, set())
    _require_time_for_one(plan, budget)
    plan = plans.begin(plan, out)
    log.info(
        "everything lies in %s; stopped, it goes on with: %s", plan.folder, plan.resume_command
    )
    return _follow(plan, dataset, budget)


def resume(plan: Plan, dataset: Dataset, minutes: float | None = None) -> Comparison:
    """Go on with a comparison where it stopped, whatever was cut and when."""
    plan.require_same_data(dataset)
    _require_judges(dataset, plan.variants, plan.test)
    done = _finished(plan)
    measured = seconds_of(done)
    budget = Budget(_estimates(plan, dataset, measured), minutes, measured=measured)
    _say_estimate(plan, budget, {run.path for runs in done.values() for run in runs})
    return _follow(plan, dataset, budget)


def compare_runs(
    runs: Sequence[Run],
    load_dataset: Callable[[Run], Dataset],
    *,
    test: bool = False,
    out: str | Path = "runs",
) -> Comparison:
    """Compare finished runs on the same pictures; runs of one recipe are the seeds of one row."""
    groups = given.grouped(runs)
    given.require_same_data(runs)
    if test:
        for run in runs:
            evaluating.evaluate(run, partial(load_dataset, run))
    part = "test" if test else "validation"
    given.require_outputs(runs, part)
    judged = [judge(label, by_seed, part) for label, by_seed in groups.items()]
    _require_same_labels(judged, part)
    dataset, notes = _loaded(runs[0], load_dataset)
    record = runs[0].environment().get("data", {})
    name = str(record.get("name") or "data")
    folder = plans.new_folder(out, name)
    write_json(folder / "runs.json", {"part": part, "runs": [str(run.path) for run in runs]})
    found = Comparison(
        path=folder,
        title=f"{name}: {plural(len(judged), 'way')} of training, {plural(len(runs), 'run')}",
        data=name,
        part=part,
        n=len(labels_of(runs[0], part)),
        split=str(record.get("split") or ""),
        planned=len(runs),
        done=len(runs),
        standings=(),
        notes=notes,
    )
    return _finish(found, judged, dataset)


def _follow(plan: Plan, dataset: Dataset, budget: Budget) -> Comparison:
    total = len(list(plan.trials()))
    complete = run_all(plan, dataset, budget, Show(total, plan.resume_command))
    done = _finished(plan)
    judged = [
        judge(
            variant.label,
            {run.recipe().seed: run for run in done.get(place, [])},
            plan.part,
            variant.chance,
        )
        for place, variant in enumerate(plan.variants)
    ]
    notes = () if complete else (f"To train the rest: {plan.resume_command}.",)
    first = judged[0].first
    assert first is not None  # a plan without time for one run is refused
    found = Comparison(
        path=plan.folder,
        title=_title(plan),
        data=plan.data,
        part=plan.part,
        n=len(labels_of(first, plan.part)),
        split=dataset.split,
        planned=total,
        done=sum(len(runs) for runs in done.values()),
        standings=(),
        notes=notes,
    )
    return _finish(found, judged, dataset)


def _finish(found: Comparison, judged: Sequence[Judged], dataset: Dataset | None) -> Comparison:
    """Measure prediction, make the rows, write table, results and page."""
    speeds: list[float | None] = [None] * len(judged)
    notes = list(found.notes)
    if dataset is not None:
        timed = dataset.parts.get("validation") or dataset.part("test")
        speeds = speed.images_per_second([variant.first for variant in judged], timed)
        notes.append(_of_speed(judged, min(len(timed), speed.MOST_PICTURES)))
    found = replace(found, standings=standings(judged, speeds), notes=tuple(notes))
    write_csv(found.table_file, CSV_COLUMNS, found.csv_rows())
    write_json(found.results_file, found.to_dict())
    histories = {variant.label: _history(variant) for variant in judged}
    write_page(found, histories, _disagreement(judged, found.part, dataset))
    return found


def _of_speed(judged: Sequence[Judged], n: int) -> str:
    said = (
        f"Prediction: {plural(n, 'picture')} at once, the median over {speed.TURNS} turns in "
        "which the rows alternate, on this machine with whatever else it was doing"
    )
    methods = any(v.first is not None and v.first.is_baseline() for v in judged)
    later = (
        "; classical methods when they were fitted, nothing of them being kept" if methods else ""
    )
    return f"{said}{later}."


def _require_judges(dataset: Dataset, variants: Sequence[Variant], test: bool) -> None:
    if "validation" in dataset.parts:
        return
    for variant in variants:
        if not variant.recipe.baseline.name:
            require_validation(variant.recipe)
    if not test:
        raise SmaltiError(
            "Without validation pictures there is nothing to judge by but the test set.",
            OPEN_WITH_TEST,
        )


def _estimates(
    plan: Plan, dataset: Dataset, measured: Mapping[int, Sequence[float]]
) -> dict[int, float]:
    return {
        place: estimated_seconds(variant.recipe, dataset)
        for place, variant in enumerate(plan.variants)
        if place not in measured
    }


def _say_estimate(plan: Plan, budget: Budget, done: set[Path]) -> None:
    left = [trial for trial in plan.trials() if trial.path not in done]
    if not left:
        log.info("every run is finished; the table is made again")
        return
    seconds = sum(budget.of(trial.place) for trial in left)
    again = " left" if done else ""
    source = "from finished runs" if done else "from a few timed steps of each"
    log.info(
        "%s%s (%s, %s), about %s, %s and this machine as busy as now",
        plural(len(left), "run"), again, plural(len(plan.variants), "variant"),
        plural(plan.seeds, "seed"), duration(seconds), source,
    )  # fmt: skip
    if budget.minutes is not None and seconds > 60 * budget.minutes:
        log.info("--minutes %g will end it before; --resume goes on", budget.minutes)


def _require_time_for_one(plan: Plan, budget: Budget) -> None:
    if budget.fits(0):
        return
    assert budget.minutes is not None
    raise SmaltiError(
        f"The first run alone ({plan.variants[0].label}) takes about {duration(budget.of(0))}; "
        f"--minutes {budget.minutes:g} leaves no time for it.",
        "Give more minutes, or fewer epochs with --epochs.",
    )


def _finished(plan: Plan) -> dict[int, list[Run]]:
    from smalti.search.running import is_done

    done: dict[int, list[Run]] = {}
    for trial in plan.trials():
        if is_done(trial, plan.part):
            done.setdefault(trial.place, []).append(Run(trial.path))
    return done


def _title(plan: Plan) -> str:
    ways = plural(len(plan.variants), "way")
    return f"{plan.data}: {ways} of training, {plural(plan.seeds, 'seed')}"


def _require_same_labels(judged: Sequence[Judged], part: str) -> None:
    runs = [run for variant in judged for run in variant.runs.values()]
    first = labels_of(runs[0], part)
    for run in runs[1:]:
        if not np.array_equal(labels_of(run, part), first):
            raise SmaltiError(
                f"{runs[0].path} and {run.path} were judged on different {part} pictures.",
                "Compare runs with the same data.validation and data.split_seed, or add --test.",
            )


def _loaded(
    run: Run, load_dataset: Callable[[Run], Dataset]
) -> tuple[Dataset | None, tuple[str, ...]]:
    """Return the pictures of the runs where they can be had, and what is missing without them."""
    try:
        dataset = load_dataset(run)
    except SmaltiError as error:
        return None, (f"Without the pictures prediction was not timed: {error.problem}",)
    was = run.environment().get("data", {}).get("fingerprint")
    if was and was != dataset.fingerprint:
        return None, ("The data changed since: prediction was not timed, no picture is shown.",)
    return dataset, ()


def _history(variant: Judged) -> list[list[dict[str, float | None]]]:
    return [variant.runs[seed].history() for seed in sorted(variant.runs)]


def _disagreement(
    judged: Sequence[Judged], part: str, dataset: Dataset | None
) -> Disagreement | None:
    """Return on which pictures two rows differ, by their first pair of runs; None for more rows."""
    if len(judged) != 2 or dataset is None or part not in dataset.parts:
        return None
    matched = pairs(judged[0], judged[1])
    if not matched:
        return None
    seeds = matched[0]
    runs = tuple(v.runs[seed] for v, seed in zip(judged, seeds, strict=True))
    outputs = [run.outputs(part) for run in runs]
    answers = [found[0].argmax(axis=1) for found in outputs if found is not None]
    labels = labels_of(runs[0], part)
    shown = dataset.part(part)
    if len(shown) != len(labels):
        return None
    right = [answer == labels for answer in answers]
    kinds = {
        0: np.flatnonzero(right[0] & ~right[1]),
        1: np.flatnonzero(right[1] & ~right[0]),
    }
    chosen = {kind: _spread(places) for kind, places in kinds.items()}
    return Disagreement(
        labels=(judged[0].label, judged[1].label),
        runs=(runs[0].name, runs[1].name),
        class_names=dataset.class_names,
        truth=labels,
        answers=(answers[0], answers[1]),
        counts=(len(kinds[0]), len(kinds[1])),
        places=(chosen[0], chosen[1]),
        pictures=(shown.pictures(chosen[0]), shown.pictures(chosen[1])),
        both_wrong=int((~right[0] & ~right[1]).sum()),
    )


def _spread(places: np.ndarray) -> np.ndarray:
    if len(places) <= MOST_SHOWN:
        return places
    chosen: np.ndarray = places[np.linspace(0, len(places) - 1, MOST_SHOWN).astype(int)]
    return chosen
