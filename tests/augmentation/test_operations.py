import math

import pytest
import torch

from smalti.augmentation import operations
from smalti.augmentation.augmix import COLOUR as AUGMIX_COLOUR
from smalti.augmentation.augmix import GREY as AUGMIX_GREY
from smalti.augmentation.operations import GEOMETRIC, NOTHING, TONES, Drawn
from smalti.augmentation.rand_augment import COLOUR, GREY


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(names, kinds, amounts):
    return Drawn(names, torch.tensor(kinds), torch.tensor(amounts, dtype=torch.float32))


def one(name, amount, pictures):
    n = len(pictures)
    return operations.apply(pictures, drawn((name,), [[0] * n], [[amount] * n]))


@pytest.fixture
def pictures():
    return torch.randint(0, 256, (8, 3, 12, 12), generator=generator(), dtype=torch.uint8)


@pytest.mark.parametrize("names", [COLOUR, GREY, AUGMIX_COLOUR, AUGMIX_GREY])
def test_the_policies_draw_from_operations_that_exist(names):
    assert set(names) <= {*GEOMETRIC, *TONES}
    assert len(set(names)) == len(names)


def test_all_operations_are_drawn_equally_often_and_amounts_keep_within_the_strength():
    many = operations.draw(COLOUR, 2, 7000, 0.4, generator())
    counts = many.kinds.flatten().bincount(minlength=len(COLOUR))
    assert counts.min() > 0.85 * 1000
    assert -0.4 <= many.amounts.min() < -0.39
    assert 0.39 < many.amounts.max() <= 0.4


def test_grouped_operations_are_those_of_each_picture_alone(pictures):
    some = operations.draw(COLOUR, 3, 8, 1.0, generator(5))
    together = operations.apply(pictures, some)
    for row in range(8):
        own = Drawn(COLOUR, some.kinds[:, row : row + 1], some.amounts[:, row : row + 1])
        alone = operations.apply(pictures[row : row + 1], own)
        assert torch.allclose(together[row : row + 1], alone, atol=1e-2)


def test_nothing_drawn_is_nothing_done(pictures):
    idle = drawn(COLOUR, [[NOTHING] * 8] * 2, [[1.0] * 8] * 2)
    assert torch.equal(operations.apply(pictures, idle), pictures.float())


def test_values_follow_the_slots(pictures):
    names = ("brightness", "solarize")
    first = operations.apply(pictures, drawn(names, [[0] * 8, [1] * 8], [[0.5] * 8] * 2))
    other = operations.apply(pictures, drawn(names, [[1] * 8, [0] * 8], [[0.5] * 8] * 2))
    by_hand = TONES["brightness"](pictures.float(), torch.full((8,), 0.5)).clamp(0, 255)
    by_hand = TONES["solarize"](by_hand, torch.full((8,), 0.5))
    assert torch.allclose(first, by_hand)
    assert not torch.allclose(first, other)


def test_a_shift_is_by_whole_pixels(pictures):
    # 0.6 of a quarter of 12 pixels is 1.8: two.
    moved = one("shift-across", 0.6, pictures)
    assert torch.allclose(moved[..., :-2], pictures[..., 2:].float(), atol=1e-2)
    moved = one("shift-down", -0.6, pictures)
    assert torch.allclose(moved[:, :, 2:], pictures[:, :, :-2].float(), atol=1e-2)


def test_geometric_operations_are_one_map_in_the_order_drawn():
    names = ("rotate", "shift-across")
    turn_then_shift = drawn(names, [[0], [1]], [[1.0], [1.0]])
    matrix = operations._matrices(turn_then_shift, torch.Size((8, 8)))[0]
    # From the result back to the source: first undo the shift, then the turn.
    angle = math.radians(30)
    rotation = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    assert torch.allclose(matrix[:, :2], rotation)
    assert torch.allclose(matrix[:, 2], rotation @ torch.tensor([2.0, 0.0]))


@pytest.mark.parametrize("name", GEOMETRIC)
def test_a_geometric_operation_and_its_opposite_lead_back(name):
    smooth = torch.rand(1, 1, 4, 4, generator=generator()) * 255
    smooth = torch.nn.functional.interpolate(smooth, 32, mode="bicubic").clamp(0, 255)
    there = one(name, 0.3, smooth)
    assert (there - smooth).abs().mean() > 1
    back = one(name, -0.3, there)
    inner = (slice(None), slice(None), slice(8, -8), slice(8, -8))
    assert (back[inner] - smooth[inner]).abs().mean() < (there - smooth)[inner].abs().mean() / 3
