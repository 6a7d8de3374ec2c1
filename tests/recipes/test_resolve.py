import json
import logging

import pytest

from smalti.errors import SmaltiError
from smalti.recipes import Recipe, resolve, to_dict, with_options
from smalti.recipes.doubts import doubts, require_validation
from smalti.recipes.resolve import fit_to_pictures


def test_values_differ_by_data_set():
    assert resolve("cnn", "mnist", {}).model.filters == (32, 64)
    assert resolve("cnn", "cifar10", {}).model.filters == (32, 64, 128)
    assert resolve("cnn", "fashion-mnist", {}).augmentation.horizontal_flip
    assert not resolve("cnn", "mnist", {}).augmentation.horizontal_flip


def test_the_default_lengths_are_those_promised():
    lengths = {"mnist": 6, "fashion-mnist": 6, "cifar10": 10}
    assert {name: resolve("cnn", name, {}).training.epochs for name in lengths} == lengths


def test_another_model_keeps_what_it_listens_to():
    recipe = resolve("cnn", "mnist", {"model.name": "dense", "model.hidden": "64"})
    assert recipe.model.hidden == (64,)
    assert "filters" not in to_dict(recipe)["model"]


def test_no_augmentation_forgets_its_strengths():
    recipe = resolve("cnn", "mnist", {"augmentation.policy": "none"})
    assert to_dict(recipe)["augmentation"] == {
        "policy": "none",
        "erasing": 0.0,
        "mixup": 0.0,
        "cutmix": 0.0,
    }


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
        ({"data.validation": 0.6}, "more pictures"),
    ],
)
def test_doubtful_settings_say_why(options, words):
    recipe = with_options(resolve("cnn", "mnist", {}), options)
    assert any(words in sentence for sentence in doubts(recipe, "mnist", 1000))


@pytest.mark.parametrize("data", ["mnist", "fashion-mnist", "cifar10", "digits", ""])
@pytest.mark.parametrize("name", ["dense", "simple-cnn", "cnn"])
def test_our_own_recipes_raise_no_doubts(name, data):
    assert list(doubts(resolve(name, data, {}), data, 1000)) == []


def test_what_needs_validation_is_refused_without():
    stopping = with_options(Recipe(), {"training.early_stopping": 3})
    plateau = with_options(Recipe(), {"schedule.name": "plateau"})
    for recipe in (stopping, plateau):
        with pytest.raises(SmaltiError, match="--validation 0"):
            require_validation(recipe)
    require_validation(Recipe())
