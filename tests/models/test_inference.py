import numpy as np
import pytest
import torch
from torch import nn

from smalti.device import choose
from smalti.models.inference import LARGEST_BATCH, Network, judging_batch
from smalti.models.preprocessing import Normalize


@pytest.mark.parametrize(
    ("side", "pictures"),
    [(8, 250), (32, 250), (64, 250), (100, 104), (224, 20), (1000, 1), (4000, 1)],
)
def test_large_pictures_are_judged_fewer_at_once(side, pictures):
    assert judging_batch(side, side) == pictures


class Sums(nn.Module):
    """Answers with the sum of each picture, and remembers how many came at once."""

    def __init__(self):
        super().__init__()
        self.came = []

    def forward(self, inputs):
        self.came.append(len(inputs))
        return inputs.sum((1, 2, 3))[:, None]


def test_every_picture_is_judged_once_and_in_order():
    images = np.arange(LARGEST_BATCH + 5, dtype=np.int64).astype(np.uint8)[:, None, None, None]
    model = Sums()
    network = Network(model, Normalize((0.0,), (1 / 255,)), choose("cpu", "float32", 1))
    logits = network.logits(images.__getitem__, len(images))
    assert model.came == [LARGEST_BATCH, 5]
    np.testing.assert_allclose(logits[:, 0], images[:, 0, 0, 0])


def test_no_pictures_are_no_logits():
    network = Network(Sums(), Normalize((0.0,), (1.0,)), choose("cpu", "float32", 1))
    empty = np.zeros((0, 4, 4, 1), np.uint8)
    assert network.logits(empty.__getitem__, 0).shape == (0, 0)
    assert torch.get_num_threads() == 1
