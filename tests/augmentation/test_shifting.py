import pytest
import torch
from torch.nn import functional

from smalti.augmentation import affine, mirror
from smalti.augmentation.shifting import shifted
from smalti.recipes import AugmentationConfig


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random_pictures(*shape):
    return torch.randint(0, 256, shape, generator=generator(), dtype=torch.uint8)


def interpolated(pictures, config, draws):
    """The same changes asked of grid_sample, as they were first written."""
    n, _, *size = pictures.shape
    symmetric = 2 * torch.rand(5, n, generator=draws) - 1
    flip = torch.ones(n)
    if config.horizontal_flip:
        flip = torch.where(torch.rand(n, generator=draws) < 0.5, -1.0, 1.0)
    pixels = torch.tensor(size)[:, None]
    largest = torch.floor(config.shift * pixels)
    moved = torch.round(symmetric[3:] * (largest + 0.5)).clamp(-largest, largest)
    down, across = 2 * moved / pixels
    matrices = torch.zeros(n, 2, 3)
    matrices[:, 0, 0], matrices[:, 0, 2] = flip, across
    matrices[:, 1, 1], matrices[:, 1, 2] = 1, down
    grid = functional.affine_grid(matrices, list(pictures.shape), align_corners=False)
    return functional.grid_sample(
        pictures.float(), grid, padding_mode="border", align_corners=False
    )


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("shift", [0.04, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(40, 3, 32, 32), (40, 1, 28, 28), (2, 3, 9, 7), (1, 1, 5, 8)])
def test_whole_pixel_shifts_are_those_of_grid_sample(shape, shift, flip):
    pictures = random_pictures(*shape)
    config = AugmentationConfig("affine", horizontal_flip=flip, shift=shift)
    for seed in range(5):
        moved = affine(config)(pictures, generator(seed))
        assert moved.dtype == torch.uint8
        expected = interpolated(pictures, config, generator(seed))
        assert torch.equal(moved, expected.round().to(torch.uint8))


def test_the_layout_in_memory_is_channels_last_whatever_came_in():
    pictures = random_pictures(4, 3, 6, 5)
    shifts = torch.tensor([[0, 1, -1, 2], [1, 0, 2, -2]])
    as_it_comes = shifted(pictures, shifts)
    channels_last = pictures.contiguous(memory_format=torch.channels_last)
    assert torch.equal(as_it_comes, shifted(channels_last, shifts))
    assert as_it_comes.is_contiguous(memory_format=torch.channels_last)


def test_a_shift_and_a_mirror_image_by_hand():
    picture = torch.arange(6, dtype=torch.uint8).reshape(1, 1, 2, 3)
    right = shifted(picture, torch.tensor([[1], [1]]))
    assert right.tolist() == [[[[4, 5, 5], [4, 5, 5]]]]
    # The mirror image is taken of the shifted picture.
    mirrored = shifted(picture, torch.tensor([[1], [1]]), torch.tensor([True]))
    assert mirrored.tolist() == [[[[5, 5, 4], [5, 5, 4]]]]


def test_the_mirror_turns_about_half_and_changes_nothing_else():
    pictures = random_pictures(64, 3, 9, 7)
    turned = mirror(pictures, generator())
    as_they_were = (turned == pictures).flatten(1).all(1)
    mirrored = (turned == pictures.flip(3)).flatten(1).all(1)
    assert (as_they_were | mirrored).all()
    assert 16 < mirrored.sum() < 48
