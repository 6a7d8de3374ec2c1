import pytest

from smalti import names
from smalti.errors import SmaltiError
from smalti.recipes import resolve
from smalti.search.estimating import estimated_seconds
from tests.datasets import tiny_dataset


@pytest.mark.parametrize("method", names.BASELINES)
def test_every_method_has_an_estimate(method):
    options = {"baseline.trees": 5} if method == "forest" else {}
    assert estimated_seconds(resolve(method, "tiny", options), tiny_dataset()) > 0


def test_epochs_are_counted():
    short = resolve("dense", "tiny", {"training.epochs": 1, "model.hidden": (8,)})
    long = resolve("dense", "tiny", {"training.epochs": 10_000, "model.hidden": (8,)})
    data = tiny_dataset()
    assert estimated_seconds(long, data) > 100 * estimated_seconds(short, data)


def test_without_validation_pictures_too():
    recipe = resolve("dense", "tiny", {"model.hidden": (8,)})
    assert estimated_seconds(recipe, tiny_dataset(validation=0)) > 0
    assert estimated_seconds(resolve("knn", "tiny", {}), tiny_dataset(validation=0)) > 0


def test_a_network_that_cannot_be_built_is_an_error_before_anything_is_trained():
    recipe = resolve("cnn", "tiny", {"training.image_sizes": (8,), "model.filters": (4,)})
    with pytest.raises(SmaltiError, match="image_sizes"):
        estimated_seconds(recipe, tiny_dataset())
