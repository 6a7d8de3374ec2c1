"""Attacks on networks of which the answer is known, and on every network that there is."""

import numpy as np
import pytest
import torch

from smalti import api, names
from smalti.device import plain_cpu
from smalti.evaluation.attacking import EPSILONS, attack
from tests.formats.untrained import untrained_run
from tests.support import shapes


class Weighing:
    """Class 1 where the weighted sum of the values is above a threshold; notes what it sees."""

    def __init__(self, weights, threshold, sure=1.0):
        self.weights = torch.as_tensor(weights, dtype=torch.float32).reshape(1, 1, 4, 4)
        self.threshold, self.sure = threshold, sure
        self.hardware = plain_cpu()
        self.seen = []

    def answer(self, pictures):
        self.seen.append(pictures.detach().clone())
        odds = self.sure * ((self.weights * pictures).sum((1, 2, 3)) - self.threshold)
        return torch.stack([torch.zeros_like(odds), odds], dim=1)


@pytest.mark.parametrize("sure", [1e-3, 1.0, 1e4])
def test_a_picture_is_lost_where_its_distance_is_below_epsilon(sure):
    weights = np.array([1, -1, 2, -3] * 4)  # their sizes add up to 28
    pictures = np.full((3, 4, 4, 1), 120, np.uint8)
    score = float((weights.reshape(4, 4) * 120).sum())
    for distance, kept in ((6.5, [1, 1, 1, 0, 0, 0]), (0.5, [0] * 6), (900, [1] * 6)):
        network = Weighing(weights, score - 28 * distance, sure)
        found = attack(network, pictures, np.array([1, 1, 1]))
        assert [one.fgsm.accuracy for one in found.by_epsilon] == kept
        assert [one.pgd.accuracy for one in found.by_epsilon] == kept
        assert found.clean.accuracy == 1
        for seen in network.seen:
            assert (seen == seen.round()).all()
            assert seen.min() >= 0
            assert seen.max() <= 255
            assert (seen - 120).abs().max() <= max(EPSILONS)


def test_the_ends_of_the_range_are_not_left():
    weights = np.ones(16)
    network = Weighing(weights, 16 * 250.0)
    pictures = np.full((2, 4, 4, 1), 240, np.uint8)
    pictures[1] = 20
    found = attack(network, pictures, np.array([0, 0]))
    assert [one.pgd.accuracy for one in found.by_epsilon] == [1, 1, 1, 1, 0.5, 0.5]
    assert max(float(seen.max()) for seen in network.seen) <= 255


def test_what_is_wrong_beforehand_stays_wrong():
    network = Weighing(np.ones(16), 0.0)
    found = attack(network, np.full((4, 4, 4, 1), 100, np.uint8), np.array([0, 0, 0, 1]))
    assert found.clean.accuracy == 0.25
    assert all(one.pgd.accuracy == one.fgsm.accuracy == 0.25 for one in found.by_epsilon)
    assert found.n == 4


def test_pgd_finds_what_one_step_misses():
    class Bent(Weighing):
        """The first step along the gradient leads away from the other class, past a ridge."""

        def answer(self, pictures):
            self.seen.append(pictures.detach().clone())
            x = pictures.mean((1, 2, 3)) - 128
            odds = x * (6 - x) - 8.5  # above 0 between 2.4 and 3.6 alone
            return torch.stack([torch.zeros_like(odds), odds], dim=1)

    found = attack(Bent(np.ones(16), 0), np.full((8, 4, 4, 1), 128, np.uint8), np.zeros(8, int))
    by_epsilon = {one.epsilon: one for one in found.by_epsilon}
    assert by_epsilon[8].fgsm.accuracy == 1
    assert by_epsilon[8].pgd.accuracy < 1
    assert by_epsilon[32].pgd.accuracy <= by_epsilon[8].pgd.accuracy


@pytest.mark.parametrize("model", names.MODELS)
def test_every_network_can_be_attacked_and_is_left_as_it_was(tmp_path, monkeypatch, model):
    run = untrained_run(tmp_path, {"model.name": model}, shape=(12, 12, 3))
    run.write_classifier({**run.classifier(), "views": 3})
    classifier, (images, _) = api.load(run), shapes(4, channels=3)
    before, seen = classifier.logits(images), []
    answer = classifier.answer
    monkeypatch.setattr(classifier, "answer", lambda x: seen.append(x.detach()) or answer(x))
    found = attack(classifier, images, before.argmax(axis=1))
    assert found.clean.accuracy == 1
    assert (seen[1] - seen[0]).abs().max() == 1
    assert ((seen[1] != seen[0]).float().mean()) > 0.5  # the gradient reaches the pixels
    kept = [one.pgd.accuracy for one in found.by_epsilon]
    assert kept == sorted(kept, reverse=True)
    assert found == attack(classifier, images, before.argmax(axis=1))
    np.testing.assert_array_equal(classifier.logits(images), before)
