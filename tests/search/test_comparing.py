"""A comparison from its plan to its page, cut at any place and gone on with."""

import csv
import json

import pytest

from smalti.errors import SmaltiError
from smalti.runs import Run, find_runs
from smalti.search import comparing, running
from smalti.search import plan as plans
from smalti.search.running import Budget
from smalti.search.variants import variants_of
from smalti.training import session
from tests.datasets import tiny_dataset

QUICK = {"training.epochs": 1, "model.hidden": (8,), "baseline.trees": 5}


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Leave out what is slow and has tests of its own."""
    monkeypatch.setattr(comparing, "estimated_seconds", lambda recipe, dataset: 1.0)
    monkeypatch.setattr(running, "write_after_training", lambda run: None)


def compared(out, recipes=("dense", "knn", "forest"), *, data=None, seeds=2, **options):
    variants = variants_of("tiny", recipes, options=QUICK if "forest" in recipes else {
        name: value for name, value in QUICK.items() if not name.startswith("baseline")
    })  # fmt: skip
    dataset = tiny_dataset() if data is None else data
    return comparing.compare_variants(dataset, variants, seeds=seeds, out=out, **options)


def names(folder):
    return sorted(run.name for run in find_runs(folder))


def test_everything_lies_in_one_folder(tmp_path):
    found = compared(tmp_path)
    folder = tmp_path / "compare-tiny-1"
    assert found.path == folder
    assert names(folder) == [
        "tiny-dense-0", "tiny-dense-1", "tiny-forest-0", "tiny-forest-1", "tiny-knn-0",
    ]  # fmt: skip
    assert (found.done, found.planned, found.n) == (5, 5, 30)
    with found.table_file.open() as file:
        table = list(csv.DictReader(file))
    assert [row["variant"] for row in table] == [row.label for row in found.standings]
    assert table[0]["seeds"] == "0 1"
    assert float(table[0]["accuracy"]) == pytest.approx(found.baseline.mean, abs=1e-6)
    results = json.loads(found.results_file.read_text())
    assert results["standings"][0]["label"] == "dense"
    assert results["words"] == found.sentences()
    page = found.page.read_text()
    assert all(sentence.split(":")[0] in page for sentence in found.sentences())
    assert all(row.images_per_second > 0 and row.seconds is not None for row in found.standings)
    assert not any(Run(path).metrics_file.exists() for path in folder.glob("tiny-*"))


def test_runs_are_those_that_train_makes(tmp_path):
    found = compared(tmp_path, ("dense", "knn"))
    options = {"training.epochs": 1, "model.hidden": (8,)}
    dense, _ = variants_of("tiny", ["dense", "knn"], options=options)
    alone = session.start(dense.recipe, tiny_dataset(), tmp_path)
    inside = Run(found.path / "tiny-dense-0")
    assert inside.config() == alone.config()
    assert inside.model_file.read_bytes() == alone.model_file.read_bytes()


def test_a_finished_comparison_is_made_again_without_training(tmp_path, monkeypatch):
    found = compared(tmp_path, ("dense", "knn"))
    for name in ("compare.html", "table.csv", "results.json"):
        (found.path / name).unlink()
    monkeypatch.setattr(running, "_train", None)
    again = comparing.resume(plans.read(found.path), tiny_dataset())
    assert [row.accuracies for row in again.standings] == [r.accuracies for r in found.standings]
    assert again.page.exists()
    assert again.table_file.exists()


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("place", range(4))
def test_killed_at_any_place_it_ends_as_if_it_never_was(tmp_path, monkeypatch, place):
    whole = compared(tmp_path / "whole", ("dense", "knn"))
    train, trained = running._train, []

    def dying(trial, *others):
        if len(trained) == place // 2:
            if place % 2:  # the folder is made, and nothing is in it
                trial.path.mkdir()
                (trial.path / ".config.json.77.tmp").touch()
            raise Killed
        trained.append(trial)
        train(trial, *others)

    monkeypatch.setattr(running, "_train", dying)
    with pytest.raises(Killed):
        compared(tmp_path / "cut", ("dense", "knn"))
    monkeypatch.setattr(running, "_train", train)
    cut = comparing.resume(plans.read(tmp_path / "cut" / "compare-tiny-1"), tiny_dataset())
    assert names(cut.path) == names(whole.path)
    for run in find_runs(whole.path):
        other = Run(cut.path / run.name)
        assert (other.outputs("validation")[0] == run.outputs("validation")[0]).all()
    assert [r.accuracies for r in cut.standings] == [r.accuracies for r in whole.standings]


def test_killed_within_a_training_and_within_a_fit(tmp_path, monkeypatch):
    whole = compared(tmp_path / "whole", ("dense", "knn"))

    def dying(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("smalti.training.course.finish", dying)
        with pytest.raises(Killed):
            compared(tmp_path / "cut", ("dense", "knn"))
    folder = tmp_path / "cut" / "compare-tiny-1"
    assert names(folder) == ["tiny-dense-0"]
    with monkeypatch.context() as patch:
        patch.setattr("smalti.baselines.fitting.fitted", dying)
        with pytest.raises(Killed):
            comparing.resume(plans.read(folder), tiny_dataset())
    assert names(folder) == ["tiny-dense-0", "tiny-knn-0"]
    found = comparing.resume(plans.read(folder), tiny_dataset())
    assert names(folder) == names(whole.path)
    assert [r.accuracies for r in found.standings] == [r.accuracies for r in whole.standings]


def test_minutes_end_it_balanced_and_say_how_to_go_on(tmp_path, monkeypatch):
    def two_only(budget, place):
        return sum(map(len, budget.measured.values())) < 2

    with monkeypatch.context() as patch:
        patch.setattr(Budget, "fits", two_only)
        found = compared(tmp_path, minutes=5)
    assert (found.done, found.planned) == (2, 5)
    assert names(found.path) == ["tiny-dense-0", "tiny-knn-0"]
    assert found.standings[-1].verdict == "not trained yet"
    said = " ".join(found.about())
    assert "Cut short: 2 of 5 runs are trained." in said
    assert f"--resume {found.path}" in said
    assert "Cut short" in found.page.read_text()
    whole = comparing.resume(plans.read(found.path), tiny_dataset())
    assert (whole.done, whole.planned) == (5, 5)
    assert "Cut short" not in whole.page.read_text()


def test_without_time_for_one_run_nothing_is_begun(tmp_path):
    with pytest.raises(SmaltiError, match="leaves no time for it"):
        compared(tmp_path, minutes=0.001)
    assert list(tmp_path.iterdir()) == []


def test_a_budget_learns_from_what_runs_took():
    budget = Budget({0: 10.0, 1: 20.0}, minutes=1)
    assert (budget.of(0), budget.fits(0)) == (10.0, True)
    budget.add(0, 90.0)
    assert (budget.of(0), budget.fits(0), budget.fits(1)) == (90.0, False, True)


def test_more_seeds_are_added_to_those_that_are_there(tmp_path):
    found = compared(tmp_path, ("dense", "knn"), seeds=1)
    before = Run(found.path / "tiny-dense-0").last_file.stat().st_mtime_ns
    wider = comparing.resume(plans.widened(plans.read(found.path), 3, False), tiny_dataset())
    assert wider.baseline.seeds == (0, 1, 2)
    assert Run(found.path / "tiny-dense-0").last_file.stat().st_mtime_ns == before


def test_the_test_set_is_opened_where_asked_and_said(tmp_path):
    found = compared(tmp_path, ("dense", "knn"), seeds=1, test=True)
    assert found.part == "test"
    for run in find_runs(found.path):
        assert run.metrics()["times_opened"] == 1
    assert found.baseline.mean == Run(found.path / "tiny-dense-0").metrics()["accuracy"]
    assert "this opened the test set" in found.about()[0]
    assert "this opened the test set" in found.page.read_text()
    again = comparing.resume(plans.read(found.path), tiny_dataset())
    assert Run(found.path / "tiny-knn-0").metrics()["times_opened"] == 1
    assert again.part == "test"


def test_opening_the_test_set_later(tmp_path):
    found = compared(tmp_path, ("dense", "knn"), seeds=1)
    later = comparing.resume(plans.widened(plans.read(found.path), None, True), tiny_dataset())
    assert later.part == "test"
    assert Run(found.path / "tiny-knn-0").metrics()["times_opened"] == 1


def test_without_validation_only_the_test_set_judges(tmp_path):
    data = tiny_dataset(validation=0)
    with pytest.raises(SmaltiError, match="--test"):
        compared(tmp_path, ("dense", "knn"), data=data)
    assert list(tmp_path.iterdir()) == []
    found = compared(tmp_path, ("dense", "knn"), data=data, seeds=1, test=True)
    assert found.part == "test"


def test_other_data_are_refused_on_going_on(tmp_path):
    found = compared(tmp_path, ("dense", "knn"), seeds=1)
    with pytest.raises(SmaltiError, match="data changed"):
        comparing.resume(plans.read(found.path), tiny_dataset(validation=24))


def test_something_in_the_way_is_left_and_named(tmp_path):
    found = compared(tmp_path, ("dense", "knn"), seeds=1)
    thing = found.path / "tiny-dense-1" / "notes.txt"
    thing.parent.mkdir()
    thing.write_text("mine")
    plan = plans.widened(plans.read(found.path), 2, False)
    with pytest.raises(SmaltiError, match="in the way"):
        comparing.resume(plan, tiny_dataset())
    assert thing.read_text() == "mine"


# Runs that are there already.


@pytest.fixture
def runs(tmp_path):
    """Return ``runs(recipe, seed, **options)``: a finished run on the tiny data."""

    def make(recipe="dense", seed=0, data=None, **options):
        settings = {"seed": seed, "training.epochs": 1, "model.hidden": (8,), **options}
        variant = variants_of("tiny", [recipe, "knn"], options=settings)[0]
        return session.start(variant.recipe, data or tiny_dataset(), tmp_path / "runs")

    return make


def of_runs(runs, tmp_path, **options):
    return comparing.compare_runs(runs, lambda run: tiny_dataset(), out=tmp_path, **options)


def test_two_runs_are_compared_and_the_pictures_they_differ_on_are_shown(runs, tmp_path):
    found = of_runs([runs(), runs(**{"model.dropout": 0.5})], tmp_path)
    assert found.path == tmp_path / "compare-tiny-1"
    assert [row.label for row in found.standings] == ["tiny-dense-0", "tiny-dense-0-2"]
    assert "McNemar" in " ".join(found.about())
    page = found.page.read_text()
    assert "Where they differ" in page
    assert "Only tiny-dense-0 is right" in page


def test_runs_of_one_recipe_are_the_seeds_of_one_row(runs, tmp_path):
    found = of_runs(
        [runs(seed=0), runs(seed=1), *(runs(seed=s, **{"model.dropout": 0.5}) for s in (0, 1))],
        tmp_path,
    )
    assert [row.seeds for row in found.standings] == [(0, 1), (0, 1)]


def test_without_the_pictures_the_table_is_made_all_the_same(runs, tmp_path):
    def gone(run):
        raise SmaltiError("The pictures are gone.")

    two = [runs(), runs(**{"model.dropout": 0.5})]
    found = comparing.compare_runs(two, gone, out=tmp_path)
    assert found.baseline.images_per_second is None
    assert "The pictures are gone." in found.about()[-1]
    assert "Where they differ" not in found.page.read_text()


def test_runs_that_cannot_be_compared_are_refused(runs, tmp_path):
    one = runs()
    with pytest.raises(SmaltiError, match="expected two runs"):
        of_runs([one], tmp_path)
    with pytest.raises(SmaltiError, match="given 2 times"):
        of_runs([one, one], tmp_path)
    with pytest.raises(SmaltiError, match="differ in nothing: the same recipe and seed"):
        of_runs([one, runs()], tmp_path)
    with pytest.raises(SmaltiError, match="nothing but their seed"):
        of_runs([one, runs(seed=1)], tmp_path)
    other = runs(data=tiny_dataset(validation=24), **{"model.dropout": 0.5})
    with pytest.raises(SmaltiError, match="validate on different pictures"):
        of_runs([one, other], tmp_path)
    elsewhere = runs(**{"model.dropout": 0.4})
    record = elsewhere.environment()
    record["data"]["fingerprint"] = "1" * 64
    elsewhere.write_environment(record)
    with pytest.raises(SmaltiError, match="different data"):
        of_runs([one, elsewhere], tmp_path)
    assert not list(tmp_path.glob("compare-*"))


def test_runs_without_validation_need_the_test_set(runs, tmp_path):
    bare = tiny_dataset(validation=0)
    two = [runs(data=bare), runs(data=bare, **{"model.dropout": 0.5})]
    with pytest.raises(SmaltiError, match="--test"):
        of_runs(two, tmp_path)
    found = comparing.compare_runs(two, lambda run: bare, test=True, out=tmp_path)
    assert found.part == "test"
    assert all(run.metrics()["times_opened"] == 1 for run in two)


def test_an_unfinished_run_is_told_to_be_finished(runs, tmp_path):
    one, other = runs(), runs(**{"model.dropout": 0.5})
    other.outputs_file("validation").unlink()
    with pytest.raises(SmaltiError, match="train --resume"):
        of_runs([one, other], tmp_path)
