import json

import pytest

from smalti.errors import SmaltiError
from smalti.search import plan as plans
from smalti.search.plan import Plan
from smalti.search.variants import variants_of


@pytest.fixture
def plan(tmp_path):
    variants = tuple(variants_of("tiny", ["dense", "knn", "forest"]))
    made = Plan(tmp_path, "tiny", "", variants, 2, False, "f" * 64, "d" * 16, "smalti compare")
    return plans.begin(made, tmp_path / "runs")


def test_it_lies_in_a_folder_of_its_own(plan, tmp_path):
    assert plan.folder == tmp_path / "runs" / "compare-tiny-1"
    assert plans.begin(plan, tmp_path / "runs").folder.name == "compare-tiny-2"


def test_seed_by_seed_and_what_knows_no_chance_once(plan):
    order = [trial.path.name for trial in plan.trials()]
    assert order == [
        "tiny-dense-0", "tiny-knn-0", "tiny-forest-0", "tiny-dense-1", "tiny-forest-1",
    ]  # fmt: skip
    assert json.loads((plan.folder / "plan.json").read_text())["order"] == order


def test_it_is_read_as_it_was_written(plan):
    assert plans.read(plan.folder) == plan


def test_more_seeds_and_the_test_set_can_be_added(plan):
    wider = plans.widened(plan, 4, True)
    assert (wider.seeds, wider.test) == (4, True)
    assert plans.read(plan.folder) == wider
    assert plans.widened(wider, None, False) == wider
    with pytest.raises(SmaltiError, match="2 would be fewer"):
        plans.widened(wider, 2, False)


def test_a_folder_without_a_plan_names_those_beside_it(plan):
    with pytest.raises(SmaltiError, match="compare-tiny-1"):
        plans.read(plan.folder.parent / "compare-tiny-9")
    with pytest.raises(SmaltiError, match="Begin one"):
        plans.read(plan.folder / "nothing")
    (plan.folder / "config.json").write_text("{}")
    (plan.folder / "plan.json").unlink()
    with pytest.raises(SmaltiError, match="train --resume"):
        plans.read(plan.folder)


@pytest.mark.parametrize("content", ["{", "{}", '{"variants": 3}'])
def test_a_damaged_plan_is_one_sentence(plan, content):
    (plan.folder / "plan.json").write_text(content)
    with pytest.raises(SmaltiError, match="damaged"):
        plans.read(plan.folder)
