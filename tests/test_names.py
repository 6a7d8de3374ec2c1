import pytest

from smalti import names
from smalti.errors import SmaltiError

REGISTRIES = [
    names.MODELS, names.RECIPES, names.OPTIMIZERS, names.SCHEDULES, names.AUGMENTATIONS,
    names.ACTIVATIONS, names.DATASETS, names.DRAWINGS, names.BASELINES,
    names.CORRUPTIONS,
    names.TRACKERS,
]  # fmt: skip


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_every_name_has_a_sentence_and_leads_somewhere(registry):
    for name, entry in registry.items():
        assert entry.name == name
        assert entry.summary.endswith(".")
        assert len(entry.summary) > 10 or registry is names.ACTIVATIONS
        if entry.place:
            assert callable(entry.load())


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_a_mistyped_name_gets_the_nearest(registry):
    for name in registry:
        with pytest.raises(SmaltiError) as caught:
            registry[name + "x"]
        assert f"Did you mean '{name}'?" in caught.value.problem
        assert registry.command in caught.value.hint


def test_a_name_unlike_any_gets_the_list_only():
    with pytest.raises(SmaltiError) as caught:
        names.MODELS["qqqqqqqq"]
    assert "Did you mean" not in caught.value.problem
    assert "dense, simple-cnn, cnn" in caught.value.hint
