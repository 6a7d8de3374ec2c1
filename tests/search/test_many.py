import gc
import weakref
from dataclasses import replace

from smalti.recipes import resolve
from smalti.search.many import train_many
from smalti.training.trainer import Trainer
from tests.datasets import tiny_dataset


def test_each_seed_gets_its_folder_and_shares_validation(tmp_path):
    first = resolve("dense", "tiny", {"training.epochs": 1, "model.hidden": (8,)})
    recipes = [replace(first, seed=seed) for seed in (3, 4)]
    runs = list(train_many(recipes, tiny_dataset(), tmp_path))
    assert [run.name for run in runs] == ["tiny-dense-3", "tiny-dense-4"]
    labels = [run.outputs("validation")[1].tolist() for run in runs]
    assert labels[0] == labels[1]


def test_nothing_of_a_finished_training_stays_in_memory(tmp_path, monkeypatch):
    alive, original = weakref.WeakSet(), Trainer.__init__

    def remember(self, *arguments):
        original(self, *arguments)
        alive.add(self)

    monkeypatch.setattr(Trainer, "__init__", remember)
    recipe = resolve("dense", "tiny", {"training.epochs": 1, "model.hidden": (8,)})
    counts = []
    for _ in train_many([recipe] * 3, tiny_dataset(), tmp_path):
        gc.collect()
        counts.append(len(alive))
    assert counts == [0, 0, 0]
