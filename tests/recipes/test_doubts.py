"""Doubts about augmentation; those about the rest are tried beside the recipes."""

import pytest

from smalti.errors import SmaltiError
from smalti.recipes import resolve
from smalti.recipes.doubts import doubts


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"augmentation.mixup": 4.0}, "mixup=4 makes most pictures"),
        ({"augmentation.cutmix": 3.0}, "cutmix=3 makes most pictures"),
        ({"augmentation.erasing": 1.0}, "hardly ever sees a whole one"),
        ({"augmentation.rotation": 180.0}, "makes a 9 of a 6"),
        ({"augmentation.shift": 0.7}, "out of the picture"),
        (
            {
                "augmentation.policy": "rand-augment",
                "augmentation.operations": 8,
                "augmentation.strength": 0.9,
            },
            "operations=8 at strength 0.9 leave little",
        ),
    ],
)
def test_augmentation_that_is_hardly_meant(options, words):
    recipe = resolve("cnn", "mnist", options)
    assert any(words in sentence for sentence in doubts(recipe, "mnist", 1000))


@pytest.mark.parametrize("policy", ["rand-augment", "augmix"])
def test_usual_augmentation_raises_none(policy):
    usual = {
        "augmentation.policy": policy,
        "augmentation.erasing": 0.5,
        "augmentation.mixup": 0.2,
        "augmentation.cutmix": 1.0,
    }
    assert list(doubts(resolve("cnn", "cifar10", usual), "cifar10", 1000)) == []


def test_only_digits_turn_into_others():
    recipe = resolve("cnn", "cifar10", {"augmentation.rotation": 180.0})
    assert list(doubts(recipe, "cifar10", 1000)) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"optimizer.learning_rate": 3.0, "optimizer.other_rate": 0.01}, "turns unit weights by"),
        ({"optimizer.other_rate": 0.0}, "optimizer.other_rate is not set"),
        (
            {"optimizer.other_rate": 0.01, "model.batch_norm": False},
            "no norm takes the length of unit weights away",
        ),
    ],
)
def test_unit_weights_that_are_hardly_meant(options, words):
    unit = {"optimizer.unit_weights": True, "optimizer.learning_rate": 0.2}
    recipe = resolve("fast", "cifar10", {**unit, **options})
    [sentence] = doubts(recipe, "cifar10", 1000)
    assert words in sentence


def test_usual_unit_weights_raise_none():
    unit = {
        "optimizer.unit_weights": True,
        "optimizer.learning_rate": 0.2,
        "optimizer.other_rate": 0.01,
    }
    assert list(doubts(resolve("fast", "cifar10", unit), "cifar10", 1000)) == []


def test_unit_weights_are_refused_with_an_optimizer_that_has_none():
    with pytest.raises(SmaltiError, match=r"optimizer 'adamw' has no field.*unit_weights") as error:
        resolve("simple-cnn", "cifar10", {"optimizer.unit_weights": True})
    assert "optimizer.momentum" in error.value.hint
