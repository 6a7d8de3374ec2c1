import numpy as np
import pytest
import torch

from smalti.models.preprocessing import Normalize, channel_statistics


def test_statistics_are_those_of_the_chosen_rows():
    images = np.random.default_rng(0).integers(0, 256, (50, 6, 5, 3), dtype=np.uint8)
    rows = np.arange(3, 40)
    mean, std = channel_statistics(images, rows, at_once=7)
    scaled = images[rows] / 255
    np.testing.assert_allclose(mean, scaled.mean((0, 1, 2)), atol=1e-6)
    np.testing.assert_allclose(std, scaled.std((0, 1, 2)), atol=1e-6)


def test_a_constant_channel_is_left_alone():
    mean, std = channel_statistics(np.full((4, 3, 3, 1), 51, np.uint8), np.arange(4))
    assert (mean, std) == ((0.2,), (1.0,))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_normalising_follows_its_formula(dtype):
    pictures = torch.randint(0, 256, (2, 3, 4, 4)).to(dtype)
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    expected = (pictures / 255 - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    torch.testing.assert_close(Normalize(mean, std)(pictures), expected, rtol=1e-5, atol=1e-6)
