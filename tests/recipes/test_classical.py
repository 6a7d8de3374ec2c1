import pytest

from smalti import names
from smalti.errors import SmaltiError
from smalti.recipes import Recipe, from_dict, resolve, to_dict, with_options
from smalti.recipes.classical import is_random
from smalti.recipes.options import hears


@pytest.mark.parametrize("data", [*names.DATASETS, ""])
@pytest.mark.parametrize("method", names.BASELINES)
def test_every_method_is_a_recipe_that_survives_json(method, data):
    recipe = resolve(method, data, {})
    assert (recipe.name, recipe.baseline.name) == (method, method)
    written = to_dict(recipe)
    assert set(written) == {"name", "seed", "data", "baseline", "training"}
    assert set(written["baseline"]) == {"name", *names.BASELINES[method].fields}
    assert written["training"] == {"threads": 0}
    assert to_dict(from_dict(written, "config.json")) == written


def test_a_network_says_nothing_of_methods():
    assert "baseline" not in to_dict(Recipe())
    assert with_options(Recipe(), {"baseline.name": ""}) == Recipe()


def test_a_method_refuses_the_fields_of_networks_and_of_others():
    with pytest.raises(SmaltiError, match=r"'knn' has no field 'training.epochs'"):
        resolve("knn", "", {"training.epochs": 3})
    with pytest.raises(SmaltiError, match=r"'knn' has no field 'baseline.trees'"):
        resolve("knn", "", {"baseline.trees": 3})
    assert resolve("knn", "", {"training.threads": 1}).training.threads == 1


def test_a_network_refuses_the_fields_of_methods_and_names_who_has_them():
    with pytest.raises(SmaltiError, match=r"Those that have it: knn, pca-knn"):
        resolve("cnn", "", {"baseline.neighbours": 3})


def test_a_method_without_a_recipe_brings_its_own():
    assert resolve(None, "", {"baseline.name": "forest"}) == resolve("forest", "", {})
    with pytest.raises(SmaltiError, match=r"--recipe forest"):
        resolve("cnn", "", {"baseline.name": "forest"})
    with pytest.raises(SmaltiError, match=r"Did you mean 'forest'"):
        resolve("forst", "", {})


def test_only_networks_and_forests_know_chance():
    random = [method for method in names.BASELINES if is_random(resolve(method, "", {}))]
    assert random == ["forest"]
    assert is_random(Recipe())


def test_who_hears_what():
    knn, dense = resolve("knn", "", {}), resolve("dense", "", {})
    assert hears(knn, "baseline.neighbours")
    assert not hears(knn, "model.dropout")
    assert hears(dense, "model.dropout")
    assert not hears(dense, "model.filters")
    assert not hears(dense, "baseline.neighbours")
    assert hears(knn, "data.validation")
