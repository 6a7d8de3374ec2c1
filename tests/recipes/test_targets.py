"""Plans by target: the shortest that is enough, and what has none."""

import logging

import pytest

from smalti.errors import SmaltiError
from smalti.recipes import Recipe, from_dict, resolve, to_dict
from smalti.recipes.targets import PLANS, highest_plan, plan_for


def test_a_target_takes_its_plan_and_names_the_run():
    recipe = resolve(None, "mnist", {"target": "99"})
    assert (recipe.name, recipe.target, recipe.model.name) == ("fast-99", 99.0, "fast")
    assert recipe.training.epochs == PLANS["mnist"][99.0]["training.epochs"]
    assert resolve("fast", "mnist", {"target": 99}) == recipe


def test_options_go_before_the_plan():
    recipe = resolve(None, "mnist", {"target": 99, "training.epochs": 3, "name": "mine"})
    assert (recipe.name, recipe.training.epochs) == ("mine", 3)


def test_the_recipe_itself_has_the_plan_for_the_highest():
    assert resolve("fast", "mnist", {}).model == resolve(None, "mnist", {"target": 99.5}).model
    assert highest_plan("digits") == {}


def test_a_plan_takes_nothing_over_from_another():
    from smalti.recipes.named import fast

    for data, plans in PLANS.items():
        own = fast(data, {})
        for target, plan in plans.items():
            recipe = resolve(None, data, {"target": target})
            assert recipe.optimizer.learning_rate == plan.get(
                "optimizer.learning_rate", own["optimizer.learning_rate"]
            )


def test_another_value_takes_the_next_above_and_says_so(caplog):
    caplog.set_level(logging.INFO, "smalti")
    assert plan_for("mnist", 99.0)[0] == 99.0
    assert not caplog.records
    assert resolve(None, "mnist", {"target": 99.01}).target == 99.5
    assert caplog.messages == ["Plans for mnist are for 99 and 99.5 %: taking that for 99.5 %."]


@pytest.mark.parametrize(
    ("recipe", "data", "target", "problem", "hint"),
    [
        (None, "mnist", 99.9, "No plan for mnist is for 99.9 %", "--target 99.5"),
        (None, "digits", 90, "no plan by target for digits", "mnist 99 and 99.5 %"),
        (None, "", 90, "no plan by target for these pictures", "--recipe fast"),
        ("cnn", "mnist", 99, "The recipe 'cnn' has one plan", "smalti train DATA --target 99"),
        (Recipe(), "mnist", 99, "The recipe 'given' has one plan", "--target 99"),
        (None, "mnist", 0.99, "accuracy in percent; 0.99 would be 0.99 %", "--target 99"),
        (None, "mnist", 100, "target expects at least 0 and less than 100", "percent"),
        (None, "mnist", "much", "target expects a number", "percent"),
    ],
)
def test_what_no_plan_is_for_is_said(recipe, data, target, problem, hint):
    with pytest.raises(SmaltiError, match=problem) as error:
        resolve(recipe, data, {"target": target})
    assert hint in error.value.hint


def test_a_plan_is_not_lent_to_another_network():
    with pytest.raises(SmaltiError, match="for the network 'fast', not for 'cnn'"):
        resolve(None, "mnist", {"target": 99, "model.name": "cnn"})
    assert resolve(None, "mnist", {"target": 99, "model.name": "fast"}).target == 99


def test_a_file_repeats_its_plan_without_choosing_again():
    recipe = resolve(None, "mnist", {"target": 99, "training.epochs": 2})
    assert from_dict(to_dict(recipe), "config.json") == recipe


@pytest.mark.parametrize("data", PLANS)
def test_plans_stand_lowest_first_and_take_more_for_more(data):
    targets = list(PLANS[data])
    assert targets == sorted(targets)
    for target in targets:
        resolve(None, data, {"target": target})
