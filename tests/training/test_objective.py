import pytest
import torch
from torch.nn import functional

from smalti import api
from smalti.recipes import TrainingConfig
from smalti.training.objective import Fed, Objective
from smalti.training.progress import Listener
from tests.datasets import tiny_dataset

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]])
LABELS, OTHERS = torch.tensor([0, 1]), torch.tensor([2, 2])
PICTURES = torch.zeros(2, 1, 4, 4)


def loss(fed, **options):
    return Objective(TrainingConfig(**options), teacher=None).loss(LOGITS, fed)


def test_plain_labels_are_cross_entropy():
    expected = functional.cross_entropy(LOGITS, LABELS, label_smoothing=0.1)
    assert torch.equal(loss(Fed(PICTURES, LABELS), label_smoothing=0.1), expected)


def test_mixed_labels_are_the_cross_entropy_of_the_mixture():
    share = torch.tensor([0.7, 0.2])
    mixture = torch.zeros(2, 3)
    for row in range(2):
        mixture[row, LABELS[row]] += share[row]
        mixture[row, OTHERS[row]] += 1 - share[row]
    expected = functional.cross_entropy(LOGITS, mixture, label_smoothing=0.1)
    found = loss(Fed(PICTURES, LABELS, OTHERS, share), label_smoothing=0.1)
    assert float(found) == pytest.approx(float(expected))


@pytest.mark.parametrize("mixing", ["mixup", "cutmix"])
def test_a_mixed_training_repeats_and_its_samples_say_both_labels(mixing, tmp_path):
    def train(out):
        return api.train(
            tiny_dataset(),
            "dense",
            epochs=2,
            set={f"augmentation.{mixing}": 1.0, "training.threads": 1},
            out=out,
            listener=Listener(),
        )

    first, second = train(tmp_path / "a"), train(tmp_path / "b")
    assert first.weights_fingerprint() == second.weights_fingerprint()
    assert all(" + " in note["label"] for note in first.samples()["augmented"])


def test_a_mixed_training_differs_from_a_plain_one(tmp_path):
    def train(out, **options):
        settings = {"training.threads": 1, **options}
        run = api.train(
            tiny_dataset(), "dense", epochs=1, set=settings, out=out, listener=Listener()
        )
        return run.weights_fingerprint()

    mixed = train(tmp_path / "mixed", **{"augmentation.mixup": 1.0})
    assert mixed != train(tmp_path / "plain")
