"""Rows from outputs that are made up: what is paired with what, and what is said."""

import numpy as np
import pytest

from smalti.errors import SmaltiError
from smalti.runs import Run
from smalti.search.judging import Judged, judge, pairs, standings
from smalti.standings import sentence


def made(parent, name, seed, right, **environment):
    """Write a run that is right on just these pictures of class 0."""
    run = Run.create(parent, f"{name}-{seed}", {"name": name, "seed": seed})
    right = np.asarray(right)
    logits = np.stack([np.where(right, 1.0, 0.0), np.where(right, 0.0, 1.0)], axis=1)
    run.write_outputs("validation", logits, np.zeros(len(right), dtype=np.int64))
    run.write_environment({"seconds": 10.0 + seed, **environment})
    run.write_classifier(
        {"kind": "native", "model": {}, "class_names": ["a", "b"], "input_shape": [1, 1, 1],
         "preprocessing": {}, "parameters": 7}
    )  # fmt: skip
    return run


@pytest.fixture
def rows(tmp_path):
    """Return ``rows(name, accuracy, seeds)``: a judged variant of 400 pictures."""
    random = np.random.default_rng(0)

    def make(name, accuracy, seeds=(0, 1, 2), chance=True, **environment):
        runs = {
            seed: made(tmp_path, name, seed, random.random(400) < accuracy, **environment)
            for seed in seeds
        }
        return judge(name, runs, "validation", chance)

    return make


def test_the_baseline_leads_and_the_others_follow_best_first(rows):
    found = standings([rows("base", 0.8), rows("low", 0.5), rows("high", 0.95)], [1.0, 2.0, 3.0])
    assert [row.label for row in found] == ["base", "high", "low"]
    assert [row.verdict for row in found] == ["baseline", "better", "worse"]
    assert [row.images_per_second for row in found] == [1.0, 3.0, 2.0]
    base, high, _ = found
    assert base.difference is None
    assert base.mean == pytest.approx(np.mean(base.accuracies))
    assert base.sd == pytest.approx(np.std(base.accuracies, ddof=1))
    assert base.low < base.mean < base.high
    assert (base.seconds, base.parameters) == (11.0, 7)
    assert high.difference.mean == pytest.approx(high.mean - base.mean)
    assert high.p_holm >= high.difference.p
    assert sentence(high, base).endswith("Better.")


def test_what_does_not_differ_says_how_many_seeds_would_tell(rows):
    base, same = standings([rows("base", 0.8), rows("same", 0.8)], [None, None])
    assert same.verdict == "no difference"
    assert 0 < same.target < same.detectable
    assert same.needed > 3
    said = sentence(same, base)
    assert "No difference at this n; 3 seeds tell about" in said
    assert f"points apart you need about {same.needed} seeds." in said


def test_one_seed_is_said_to_be_one(rows):
    base, other = standings([rows("a", 0.5, (0,)), rows("b", 0.95, (0,))], [None, None])
    assert (base.sd, other.difference.seeds) == (None, 1)
    assert "with one seed that is about these two networks" in sentence(other, base)


def test_what_knows_no_chance_stands_for_every_seed(rows):
    base, fixed = rows("base", 0.8), rows("knn", 0.95, (0,), chance=False)
    assert pairs(fixed, base) == [(0, 0), (0, 1), (0, 2)]
    assert pairs(base, fixed) == [(0, 0), (1, 0), (2, 0)]
    _, row = standings([base, fixed], [None, None])
    assert (row.verdict, row.difference.seeds) == ("better", 3)
    assert "knows no chance: fitted once" in row.facts
    two = standings([fixed, rows("svm", 0.94, (0,), chance=False)], [None, None])
    assert "only more pictures would tell" in sentence(two[1], two[0])


def test_seeds_are_paired_with_themselves_and_else_in_order(rows):
    assert pairs(rows("a", 0.8, (0, 1, 2)), rows("b", 0.8, (2, 1))) == [(1, 1), (2, 2)]
    assert pairs(rows("c", 0.8, (0, 1)), rows("d", 0.8, (5, 6, 7))) == [(0, 5), (1, 6)]


def test_a_row_without_runs_stands_last_and_says_so(rows):
    found = standings([rows("a", 0.8), Judged("later", {}, {}), rows("b", 0.5)], [None] * 3)
    assert [row.label for row in found] == ["a", "b", "later"]
    assert found[-1].verdict == "not trained yet"
    assert found[1].p_holm == found[1].difference.p


def test_facts_of_a_method_are_kept(rows):
    row = rows("svm", 0.8, (0,), chance=False, baseline={"facts": ["fitted on 5 of 9"]})
    [found] = standings([row], [None])
    assert found.facts == ("fitted on 5 of 9", "knows no chance: fitted once")


def test_outputs_that_are_missing_are_named(tmp_path):
    run = Run.create(tmp_path, "empty", {"name": "x"})
    with pytest.raises(SmaltiError, match="holds no outputs of its validation pictures"):
        judge("x", {0: run}, "validation")
