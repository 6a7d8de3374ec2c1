import pytest
import torch

from smalti.augmentation import make
from smalti.augmentation.erasing import AREA, random_erasing
from smalti.recipes import AugmentationConfig


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def erased_parts(pictures, changed):
    """Bool N×H×W: where any channel differs."""
    return (changed != pictures).any(1)


def boxes(parts):
    """First and last erased row and column of each picture with any."""
    for part in parts[parts.flatten(1).any(1)]:
        rows, columns = part.any(1).nonzero(), part.any(0).nonzero()
        yield (
            slice(int(rows[0]), int(rows[-1]) + 1),
            slice(int(columns[0]), int(columns[-1]) + 1),
            part,
        )


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_erased_is_one_rectangle_of_noise(dtype, channels):
    # A value outside of the noise's range would show every change; for bytes 0 is nearly as good.
    empty = 0 if dtype == torch.uint8 else -1
    pictures = torch.full((200, channels, 32, 32), empty, dtype=dtype)
    changed = random_erasing(1.0)(pictures, generator())
    assert changed.dtype == dtype
    found = list(boxes(erased_parts(pictures, changed)))
    assert len(found) == 200
    for rows, columns, part in found:
        filled = part[rows, columns].float().mean()
        assert filled == 1 if dtype == torch.float32 else filled > 0.95
    values = changed[changed != empty].float()
    assert values.min() <= 2
    assert values.max() == 255
    assert abs(values.mean() - 127.5) < 5


def test_areas_and_aspects_span_the_papers_ranges():
    pictures = torch.full((3000, 1, 64, 64), -1.0)
    found = list(boxes(erased_parts(pictures, random_erasing(1.0)(pictures, generator()))))
    sides = torch.tensor([(r.stop - r.start, c.stop - c.start) for r, c, _ in found]).float()
    area = sides.prod(1) / 64**2
    assert AREA[0] * 0.8 < area.min() < AREA[0] * 1.5
    assert AREA[1] * 0.95 < area.max() < AREA[1] * 1.05
    assert abs(area.mean() - sum(AREA) / 2) < 0.01
    aspect = sides[:, 0] / sides[:, 1]
    assert 0.25 < aspect.min() < 0.35
    assert 2.9 < aspect.max() < 3.8
    assert abs((aspect > 1).float().mean() - 0.5) < 0.05


def test_every_place_can_be_erased():
    pictures = torch.full((3000, 1, 8, 12), -1.0)
    parts = erased_parts(pictures, random_erasing(1.0)(pictures, generator()))
    assert parts.any(0).all()
    assert not parts.all(0).any()


@pytest.mark.parametrize("probability", [0.1, 0.5])
def test_the_probability_is_that_of_a_picture(probability):
    pictures = torch.full((4000, 1, 8, 8), -1.0)
    parts = erased_parts(pictures, random_erasing(probability)(pictures, generator()))
    assert abs(parts.flatten(1).any(1).float().mean() - probability) < 0.03


def test_it_comes_after_the_policy():
    pictures = torch.zeros(50, 1, 10, 10, dtype=torch.uint8)
    config = AugmentationConfig("affine", shift=0.2, rotation=10, erasing=1.0)
    changed = make(config)(pictures, generator())
    # Noise that was interpolated afterwards would not be whole numbers.
    assert torch.equal(changed, changed.round())
    assert changed.flatten(1).any(1).all()


def test_a_probability_of_zero_is_nothing_at_all():
    assert random_erasing(0.0) is None
