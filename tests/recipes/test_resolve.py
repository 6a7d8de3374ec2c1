import json
import logging
from dataclasses import replace

import pytest

from smalti import names
from smalti.errors import SmaltiError
from smalti.recipes import Recipe, resolve, to_dict, with_options
from smalti.recipes.customary import CUSTOMARY
from smalti.recipes.doubts import doubts, require_validation
from smalti.recipes.resolve import fit_to_pictures


def test_values_differ_by_data_set():
    assert resolve("cnn", "mnist", {}).model.filters == (32, 64)
    assert resolve("cnn", "cifar10", {}).model.filters == (32, 64, 128)
    assert resolve("cnn", "fashion-mnist", {}).augmentation.horizontal_flip
    assert not resolve("cnn", "mnist", {}).augmentation.horizontal_flip


def test_the_default_lengths_are_those_promised():
    lengths = {"mnist": 6, "fashion-mnist": 10, "cifar10": 10}
    assert {name: resolve("cnn", name, {}).training.epochs for name in lengths} == lengths


def test_another_model_keeps_what_it_listens_to():
    recipe = resolve("cnn", "mnist", {"model.name": "dense", "model.hidden": "64"})
    assert recipe.model.hidden == (64,)
    assert "filters" not in to_dict(recipe)["model"]


@pytest.mark.parametrize("data", ["mnist", "cifar10", "digits", ""])
@pytest.mark.parametrize("model", names.MODELS)
@pytest.mark.parametrize("recipe", names.RECIPES)
def test_another_model_comes_with_its_own_network_and_keeps_the_plan(recipe, model, data):
    mixed = resolve(recipe, data, {"model.name": model})
    named = resolve(recipe, data, {})
    own = resolve(None, data, {"model.name": model})
    assert mixed.model == (named if named.model.name == model else own).model
    assert replace(mixed, model=named.model) == named


@pytest.mark.parametrize("model", names.MODELS)
def test_a_model_without_a_recipe_brings_the_one_of_its_name(model):
    recipe = resolve(None, "digits", {"model.name": model})
    assert (recipe.name, recipe.model.name) == (model, model)
    assert recipe == resolve(model, "digits", {})


def test_without_recipe_and_model_it_is_the_default():
    for data in ("digits", "cifar100", "pictures of mine", ""):
        assert resolve(None, data, {}) == resolve("cnn", data, {})
    for data in ("mnist", "fashion-mnist", "cifar10"):
        assert resolve(None, data, {}) == resolve("fast", data, {})
    with pytest.raises(SmaltiError, match="Did you mean 'resnet'"):
        resolve(None, "digits", {"model.name": "resnt"})


def test_a_value_of_ones_own_wins_over_the_other_models():
    recipe = resolve("cnn", "cifar10", {"model.name": "resnet", "model.filters": "8,8"})
    assert recipe.model.filters == (8, 8)
    with pytest.raises(SmaltiError, match=r"'resnet' has no field 'model\.hidden'") as error:
        resolve("cnn", "cifar10", {"model.name": "resnet", "model.hidden": "8"})
    assert "The field is for dense, simple-cnn, cnn: --model dense." in error.value.hint


def test_no_augmentation_forgets_its_strengths():
    recipe = resolve("cnn", "mnist", {"augmentation.policy": "none"})
    assert to_dict(recipe)["augmentation"] == {
        "policy": "none",
        "alternating_flip": False,
        "erasing": 0.0,
        "mixup": 0.0,
        "cutmix": 0.0,
    }


@pytest.mark.parametrize("policy", names.AUGMENTATIONS)
def test_another_policy_keeps_what_it_listens_to(policy):
    options = {"augmentation.policy": policy}
    resolved = to_dict(resolve("cnn", "cifar10", options))["augmentation"]
    assert set(resolved) == {"policy", *names.AUGMENTATIONS[policy].fields}
    assert resolved.get("horizontal_flip", True)
    with pytest.raises(SmaltiError, match=r"augmentation.rotation has no effect"):
        resolve("cnn", "cifar10", {"augmentation.policy": "augmix", "augmentation.rotation": 9})


def test_a_file_is_taken_as_written(tmp_path):
    written = with_options(resolve("cnn", "mnist", {}), {"training.epochs": 3, "name": "mine"})
    path = tmp_path / "config.json"
    path.write_text(json.dumps(to_dict(written)))
    for given in (str(path), str(tmp_path) + "/"):
        assert to_dict(resolve(given, "cifar10", {})) == to_dict(written)


def test_a_missing_file_and_a_mistyped_name_say_so():
    with pytest.raises(SmaltiError, match=r"no recipe file /nowhere/x.json"):
        resolve("/nowhere/x.json", "mnist", {})
    with pytest.raises(SmaltiError, match="Did you mean 'dense'"):
        resolve("dens", "mnist", {})


@pytest.mark.parametrize(
    ("side", "stages"), [(64, 3), (32, 3), (16, 3), (12, 2), (8, 2), (5, 1), (4, 1), (2, 1)]
)
def test_small_pictures_get_fewer_stages(side, stages, caplog):
    caplog.set_level(logging.INFO, "smalti")
    recipe = fit_to_pictures(resolve("cnn", "", {}), (side, side, 3))
    assert len(recipe.model.filters) == stages
    assert bool(caplog.records) == (stages < 3)


@pytest.mark.parametrize("model", ["resnet", "separable"])
@pytest.mark.parametrize(
    ("side", "stages"), [(64, 4), (28, 4), (9, 4), (8, 3), (5, 3), (4, 2), (2, 1), (1, 1)]
)
def test_strided_networks_end_with_two_by_two(model, side, stages, caplog):
    caplog.set_level(logging.INFO, "smalti")
    recipe = fit_to_pictures(resolve(model, "", {}), (side, side + 3, 3))
    assert recipe.model.filters == resolve(model, "", {}).model.filters[:stages]
    assert bool(caplog.records) == (stages < 4)
    last = (side - 1) // 2 ** (stages - 1) + 1
    assert last >= 2 or stages == 1


@pytest.mark.parametrize("name", names.MODELS)
def test_a_network_that_fits_is_left_alone(name, caplog):
    caplog.set_level(logging.INFO, "smalti")
    recipe = resolve(name, "cifar10", {})
    assert fit_to_pictures(recipe, (32, 32, 3)) == recipe
    assert not caplog.records


def test_small_pictures_get_same_padding_and_it_is_said(caplog):
    caplog.set_level(logging.INFO, "smalti")
    recipe = fit_to_pictures(resolve("cnn", "mnist", {}), (8, 8, 1))
    assert recipe.model.padding == "same"
    assert "too small for `valid`" in caplog.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"optimizer.learning_rate": 0.1}, "diverge"),
        ({"optimizer.name": "sgd", "optimizer.learning_rate": 1e-4}, "very low"),
        ({"training.batch_size": 5000}, "single step"),
        ({"model.dropout": 0.9}, "Dropout above 0.8"),
        ({"training.label_smoothing": 0.5}, "hides"),
        ({"schedule.warmup": 9}, "cut to half"),
        ({"augmentation.horizontal_flip": True}, "mirrored 2"),
        ({"prediction.views": 6}, "mirror images"),
        ({"data.validation": 0.6}, "more pictures"),
    ],
)
def test_doubtful_settings_say_why(options, words):
    recipe = with_options(resolve("cnn", "mnist", {}), options)
    assert any(words in sentence for sentence in doubts(recipe, "mnist", 1000))


@pytest.mark.parametrize("data", [*names.DATASETS, ""])
@pytest.mark.parametrize("name", names.RECIPES)
def test_our_own_recipes_raise_no_doubts(name, data):
    assert list(doubts(resolve(name, data, {}), data, 1000)) == []


def test_what_needs_validation_is_refused_without():
    stopping = with_options(Recipe(), {"training.early_stopping": 3})
    plateau = with_options(Recipe(), {"schedule.name": "plateau"})
    for recipe in (stopping, plateau):
        with pytest.raises(SmaltiError, match="--validation 0"):
            require_validation(recipe)
    require_validation(Recipe())


@pytest.mark.parametrize("optimizer", names.OPTIMIZERS)
@pytest.mark.parametrize("recipe", names.RECIPES)
def test_another_optimizer_takes_its_own_rate_and_decay(recipe, optimizer):
    own = resolve(recipe, "cifar10", {}).optimizer
    if optimizer == own.name:
        return
    changed = resolve(recipe, "cifar10", {"optimizer.name": optimizer}).optimizer
    customary = CUSTOMARY[optimizer]
    assert changed.learning_rate == customary["optimizer.learning_rate"]
    assert changed.weight_decay == customary.get("optimizer.weight_decay", 0.0)


def test_a_rate_that_is_given_wins_over_the_optimizer_s_own():
    options = {"optimizer.name": "sgd", "optimizer.learning_rate": 0.1}
    optimizer = resolve("cnn", "cifar10", options).optimizer
    assert (optimizer.learning_rate, optimizer.momentum) == (0.1, 0.9)


def test_an_unknown_optimizer_is_refused_with_the_nearest():
    with pytest.raises(SmaltiError, match="Did you mean 'muon'"):
        resolve("cnn", "cifar10", {"optimizer.name": "moun"})


def test_a_recipe_file_with_another_optimizer_takes_that_one_s_rate(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(to_dict(resolve("cnn", "cifar10", {}))))
    changed = resolve(str(path), "", {"optimizer.name": "adam", "training.epochs": 3})
    assert changed.optimizer.weight_decay == 0.0
    assert changed.optimizer.momentum == 0.9
    assert changed.training.epochs == 3
    assert resolve(str(path), "", {}).optimizer.weight_decay == 0.5
