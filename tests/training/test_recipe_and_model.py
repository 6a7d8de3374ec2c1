"""Every recipe with every model: the plan of the one has to train the network of the other."""

import math
from dataclasses import replace

import pytest

from smalti import device, names
from smalti.recipes import resolve
from smalti.recipes.resolve import fit_to_pictures
from smalti.training.progress import Listener
from smalti.training.trainer import Trainer
from tests.datasets import tiny_dataset


@pytest.mark.parametrize("model", names.MODELS)
@pytest.mark.parametrize("recipe", names.RECIPES)
def test_every_plan_trains_every_network(recipe, model):
    dataset = tiny_dataset(n=24, side=8, validation=12, test=0)
    chosen = fit_to_pictures(resolve(recipe, "digits", {"model.name": model}), dataset.image_shape)
    # Narrow, so that forty trainings take no time; depth and everything else as resolved.
    widths = {"filters": tuple(4 for _ in chosen.model.filters), "hidden": (8,)}
    narrow = replace(chosen, model=replace(chosen.model, **widths))
    trainer = Trainer(narrow, dataset, device.choose("cpu", threads=1))
    fixed = {n for n, value in trainer.model.named_parameters() if not value.requires_grad}
    state = trainer.model.state_dict()
    before = {name: value.clone() for name, value in state.items() if name not in fixed}
    score = trainer.train_epoch(1, 1.0, Listener())
    assert math.isfinite(score.loss)
    assert score.loss < 3
    assert trainer.validate().loss < 5
    after = trainer.model.state_dict()
    assert all(not after[name].equal(value) for name, value in before.items())
