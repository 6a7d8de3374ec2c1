import logging

import pytest

from smalti.errors import SmaltiError
from smalti.recipes import resolve
from smalti.recipes.resolve import fit_to_pictures
from smalti.search.variants import (
    Variant,
    on_same_pictures,
    parse_try,
    parse_vary,
    require_differences,
    variants_of,
)


def labels(*arguments, **options):
    return [variant.label for variant in variants_of("digits", *arguments, **options)]


def test_recipes_stand_as_they_are_the_first_leads():
    variants = variants_of("digits", ["dense", "cnn", "knn"])
    assert [v.label for v in variants] == ["dense", "cnn", "knn"]
    assert variants[1].recipe == resolve("cnn", "digits", {})


def test_the_grid_is_full_and_in_order():
    vary = {"model.dropout": [0, 0.5], "model.batch_norm": [True, False]}
    assert labels(recipe="cnn", vary=vary) == [
        "dropout=0, batch_norm=true", "dropout=0, batch_norm=false",
        "dropout=0.5, batch_norm=true", "dropout=0.5, batch_norm=false",
    ]  # fmt: skip


def test_without_a_recipe_the_default_is_varied():
    [first, _] = variants_of("digits", vary={"model.dropout": [0, 0.5]})
    assert first.recipe.model.name == "cnn"


def test_a_recipe_beside_recipes_alone_is_varied():
    assert labels(["knn"], recipe="dense", vary={"model.dropout": [0, 0.5]}) == [
        "knn", "dense dropout=0", "dense dropout=0.5",
    ]  # fmt: skip


def test_without_a_recipe_each_of_the_recipes_is_varied():
    assert labels(["dense", "cnn"], vary={"model.dropout": [0, 0.5]}) == [
        "dense dropout=0", "dense dropout=0.5", "cnn dropout=0", "cnn dropout=0.5",
    ]  # fmt: skip


def test_one_change_at_a_time_stands_beside_the_recipe_as_it_is():
    variants = variants_of(
        "digits",
        recipe="dense",
        tries=[{"training.ema": 0.9}, parse_try("optimizer.name=sgd model.dropout=0.1")],
    )
    assert [v.label for v in variants] == ["dense", "ema=0.9", "optimizer=sgd, dropout=0.1"]
    assert variants[0].recipe == resolve("dense", "digits", {})
    assert variants[1].recipe.training.ema == 0.9
    assert labels(["dense", "cnn"], tries=[{"training.ema": 0.9}]) == [
        "dense", "dense ema=0.9", "cnn", "cnn ema=0.9",
    ]  # fmt: skip
    both = {"vary": {"model.dropout": [0, 0.5]}, "tries": [{"training.ema": 0.9}]}
    assert labels(recipe="dense", **both) == ["dropout=0", "dropout=0.5", "ema=0.9"]


@pytest.mark.parametrize(
    ("change", "words"),
    [({}, "--try expects"), ({"seed": 1}, "--seeds"), ({"training.ema": 2}, "less than 1")],
)
def test_a_change_is_checked_like_a_grid(change, words):
    with pytest.raises(SmaltiError, match=words):
        variants_of("digits", tries=[change])


def test_labels_say_the_section_where_that_says_more():
    assert labels(vary={"optimizer.name": ["sgd", "adam"]}) == ["optimizer=sgd", "optimizer=adam"]
    both = {"optimizer.name": ["sgd"], "model.name": ["cnn", "resnet"]}
    assert labels(vary=both) == ["optimizer=sgd, model=cnn", "optimizer=sgd, model=resnet"]
    assert labels(vary={"model.filters": [(8,), (8, 16)]}) == ["filters=8", "filters=8-16"]


def test_another_optimizer_brings_its_own_rate():
    one, other = variants_of("digits", vary={"optimizer.name": ["adamw", "sgd"]})
    assert one.recipe.optimizer.learning_rate != other.recipe.optimizer.learning_rate


def test_options_are_for_those_who_hear_them(caplog):
    caplog.set_level(logging.INFO, logger="smalti")
    dense, knn = variants_of("digits", ["dense", "knn"], options={"training.epochs": 3})
    assert dense.recipe.training.epochs == 3
    assert knn.recipe == resolve("knn", "digits", {})
    assert "training.epochs=3 is not heard by knn" in caplog.text


def test_an_option_that_a_varied_field_turns_off_is_not_heard_there():
    vary = {"augmentation.policy": ["none", "affine"]}
    none, affine = variants_of("digits", vary=vary, options={"augmentation.rotation": 5.0})
    assert none.recipe.augmentation.policy == "none"
    assert affine.recipe.augmentation.rotation == 5.0


def test_every_variant_has_a_folder_of_its_own(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text('{"name": "dense", "model": {"name": "dense", "hidden": [8]}}')
    variants = variants_of("digits", ["dense", str(file)])
    assert [v.label for v in variants] == ["dense", "dense (2)"]
    assert [v.recipe.name for v in variants] == ["dense", "dense-2"]
    grid = variants_of("digits", vary={"model.filters": [(8, 16), (816,)]})
    assert len({v.recipe.name for v in grid}) == 2


def test_values_are_split_outside_of_brackets():
    assert parse_vary(["model.filters=[8],[8,16], [ 32 ]"]) == {
        "model.filters": ["[8]", "[8,16]", "[ 32 ]"]
    }
    assert parse_vary(["a=1,2", "b=x"]) == {"a": ["1", "2"], "b": ["x"]}
    filters = variants_of("", vary=parse_vary(["model.filters=[8],[8,16]"]))
    assert [v.recipe.model.filters for v in filters] == [(8,), (8, 16)]


@pytest.mark.parametrize("text", ["model.dropout", "=0,1", "model.dropout="])
def test_a_grid_without_field_or_values_is_refused(text):
    with pytest.raises(SmaltiError, match="FIELD=VALUE"):
        parse_vary([text])


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ({"seed": [0, 1]}, "--seeds"),
        ({"name": ["a", "b"]}, "same pictures"),
        ({"data.image_size": [8, 16]}, "same pictures"),
        ({"model.dropout": "0,1"}, "a list of values"),
        ({"model.dropout": []}, "a list of values"),
        ({"model.dropout": [0, 0.0]}, "twice"),
        ({"model.dropout": [0, 2]}, "less than 1"),
        ({"model.dropout": [0.5]}, "two ways"),
        ({"model.dropout": [n / 300 for n in range(250)]}, "250 variants"),
    ],
)
def test_what_cannot_be_varied_is_refused(vary, words):
    with pytest.raises(SmaltiError, match=words):
        variants_of("digits", vary=vary)


def test_a_name_for_all_is_refused():
    with pytest.raises(SmaltiError, match="name of its own"):
        variants_of("digits", ["dense", "cnn"], options={"name": "x"})


def test_two_that_differ_in_nothing_are_named():
    with pytest.raises(SmaltiError, match=r"dense and dense \(2\) differ in nothing"):
        require_differences(variants_of("digits", ["dense", "dense"]))
    grid = variants_of("digits", vary={"model.filters": [(8, 8), (8, 8, 8)]})
    require_differences(grid)
    small = [Variant(v.label, fit_to_pictures(v.recipe, (8, 8, 1))) for v in grid]
    with pytest.raises(SmaltiError, match="differ in nothing"):
        require_differences(small)


def test_files_that_divide_otherwise_are_refused(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text('{"name": "mine", "model": {"name": "dense"}, "data": {"validation": 0.2}}')
    variants = variants_of("digits", ["dense", str(file)])
    with pytest.raises(SmaltiError, match="dense and mine divide the pictures differently"):
        on_same_pictures(variants, variants[0].recipe)
    same = variants_of("digits", ["dense", str(file)], options={"data.validation": 0.2})
    assert len(on_same_pictures(same, same[0].recipe)) == 2
