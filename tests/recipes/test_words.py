"""The recipe in words: true of every recipe, and every setting that matters is heard in it."""

import pytest

from smalti import names
from smalti.recipes import resolve
from smalti.recipes.words import in_words

DATA = ("mnist", "fashion-mnist", "cifar10", "digits", "pictures")


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", names.RECIPES)
def test_every_recipe_reads_as_sentences(name, data):
    recipe = resolve(name, data, {})
    words = in_words(recipe, 1234)
    sentences = words.split(". ")
    assert 4 <= len(sentences) <= 5
    assert not any(sentence[0].islower() for sentence in sentences)
    assert words.endswith(".")
    assert "  " not in words
    assert not {"()", "None", ", ,", "True", "False"} & set(words.split())
    assert f"({recipe.model.name})" in words
    assert f"{recipe.training.epochs} epochs" in words
    assert f"{recipe.optimizer.learning_rate:g}" in words
    assert "1,234 validation pictures chose the epoch" in words


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model.filters": (8,), "model.depth": 1}, "one stage of 8 filters (one convolution)"),
        ({"model.hidden": (64, 32)}, "two hidden layers of 64 and 32 units"),
        ({"model.activation": "mish"}, "mish activations"),
        ({"model.dropout": 0.125}, "dropout of 12.5 % and 50 %"),
        ({"optimizer.name": "sgd", "optimizer.weight_decay": 0.3}, "SGD and a weight decay of 0.3"),
        ({"optimizer.name": "muon", "optimizer.unit_weights": True}, "of constant length"),
        ({"schedule.name": "constant", "schedule.warmup": 0}, "the learning rate 0.002 throughout"),
        ({"schedule.name": "constant", "schedule.warmup": 2}, "in 2 epochs, then staying there"),
        ({"schedule.name": "one-cycle"}, "rising to 0.002 and falling to zero in one cycle"),
        ({"schedule.name": "plateau", "schedule.patience": 5}, "multiplied by 0.5 after 5 epochs"),
        ({"training.label_smoothing": 0.15}, "labels smoothed by 15 %"),
        ({"training.ema": 0.9}, "averaged weights"),
        ({"training.early_stopping": 7}, "end the training 7 epochs after the best one"),
        ({"training.image_sizes": (24, 32)}, "pictures scaled to 24 and 32 pixels in turn"),
        ({"augmentation.rotation": 17}, "turned by up to 17°"),
        ({"augmentation.erasing": 0.2}, "partly erased"),
        ({"augmentation.cutmix": 1.0}, "mixed by CutMix"),
        ({"augmentation.policy": "augmix"}, "mixed by AugMix"),
        ({"prediction.views": 3}, "Each answer averages 3 views of the picture."),
        ({"data.validation": 0}, "Every training picture was trained on"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_is_heard(options, said):
    assert said not in in_words(resolve("cnn", "cifar100", {}))
    assert said in in_words(resolve("cnn", "cifar100", {"optimizer.name": "adamw"} | options))


def test_pictures_that_nothing_changes_are_fed_as_they_are():
    assert "fed the pictures as they are" in in_words(resolve("cnn-classic", "x", PLAIN))


PLAIN = {"augmentation.policy": "none"}


def test_wide_stages_are_said_as_wide_as_they_are():
    assert "stages of 32, 64 and 128 filters" in in_words(resolve("resnet", "cifar10", {}))


def test_a_data_sets_own_validation_of_none_is_none():
    assert "the last epoch was kept" in in_words(resolve("cnn", "x", {}), 0)


def test_a_classical_method_has_no_such_words():
    assert in_words(resolve("knn", "mnist", {})) == ""
