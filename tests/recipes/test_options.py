import json

import pytest

from smalti import names
from smalti.errors import SmaltiError
from smalti.recipes import Recipe, field_help, from_dict, resolve, to_dict, with_options
from smalti.recipes.options import checked, flatten, parse_assignment


def test_every_field_has_a_sentence_and_a_default_that_is_valid():
    for name, field in field_help().items():
        begins = field.sentence[0].isupper()
        assert begins or field.sentence.split()[0].rstrip(":") in {
            *names.OPTIMIZERS,
            *names.SCHEDULES,
            *names.AUGMENTATIONS,
            "rand-augment",
        }
        assert field.sentence.endswith("."), name
        assert checked(name, field.default) == field.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("training.epochs", "7", 7),
        ("training.epochs", "1e1", 10),
        ("model.dropout", "0.5", 0.5),
        ("model.hidden", "512,256", (512, 256)),
        ("model.hidden", "[512, 256]", (512, 256)),
        ("model.hidden", "64", (64,)),
        ("model.hidden", "", ()),
        ("model.batch_norm", "no", False),
        ("optimizer.name", "sgd", "sgd"),
    ],
)
def test_text_becomes_the_type_of_the_field(name, text, value):
    found = checked(name, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("training.epochs", "-3", "at least 1, not -3"),
        ("training.epochs", "many", "a whole number, not 'many'"),
        ("training.epochs", "2.5", "a whole number, not '2.5'"),
        ("training.epochs", True, "a whole number, not True"),
        ("model.dropout", "1", "at least 0 and less than 1, not 1"),
        ("model.dropout", "nan", "a number, not 'nan'"),
        ("optimizer.learning_rate", "0", "more than 0"),
        ("model.hidden", "128,x", "whole numbers separated by commas"),
        ("model.hidden", "128,0", "at least 1, not 0"),
        ("model.batch_norm", "maybe", "true or false"),
        ("optimizer.name", "adamm", "Did you mean 'adam'"),
        ("model.activation", "rellu", "Did you mean 'relu'"),
        ("model.padding", "vlid", "Did you mean 'valid'"),
        ("epochs", "3", "Did you mean 'training.epochs'"),
        ("model.droput", "0.1", "Did you mean 'model.dropout'"),
        ("optimizer.lerning_rate", "0.1", "Did you mean 'optimizer.learning_rate'"),
    ],
)
def test_wrong_values_say_what_was_expected(name, value, words):
    with pytest.raises(SmaltiError) as caught:
        checked(name, value)
    assert words in str(caught.value)


def test_a_field_that_nobody_listens_to_is_refused():
    dense = resolve("dense", "fashion-mnist", {})
    with pytest.raises(SmaltiError, match=r"'dense' has no field 'model.filters'"):
        with_options(dense, {"model.filters": "32"})
    with pytest.raises(SmaltiError, match=r"augmentation.policy=affine"):
        with_options(dense, {"augmentation.rotation": "10"})


def test_the_policies_that_listen_are_named():
    dense = resolve("dense", "fashion-mnist", {})
    with pytest.raises(SmaltiError, match=r"augmentation.policy=rand-augment \(or augmix\)"):
        with_options(dense, {"augmentation.strength": "0.5"})
    with pytest.raises(
        SmaltiError, match=r"augmentation.policy=affine \(or rand-augment, augmix\)"
    ):
        with_options(dense, {"augmentation.horizontal_flip": "true"})


def test_assignments_need_an_equals_sign():
    assert parse_assignment(" model.dropout = 0.25 ") == ("model.dropout", "0.25")
    with pytest.raises(SmaltiError, match="NAME=VALUE"):
        parse_assignment("model.dropout")


@pytest.mark.parametrize("recipe", names.RECIPES)
@pytest.mark.parametrize("data", [*names.DATASETS, "somebody's"])
def test_every_recipe_survives_the_way_through_json(recipe, data):
    resolved = resolve(recipe, data, {})
    assert resolved.name == recipe
    written = json.loads(json.dumps(to_dict(resolved)))
    again = from_dict(written, "config.json")
    assert to_dict(again) == written


def test_a_config_with_an_unknown_field_is_named():
    with pytest.raises(SmaltiError, match=r"In old.json: .*'model.with'"):
        from_dict({"model": {"with": 3}}, "old.json")


def test_flat_names_are_those_of_the_help():
    assert list(flatten(Recipe())) == list(field_help())
