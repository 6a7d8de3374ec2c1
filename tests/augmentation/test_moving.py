import torch

from smalti.augmentation import affine
from smalti.recipes import AugmentationConfig


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_shift_moves_at_most_as_far_as_asked():
    picture = torch.zeros(500, 1, 21, 21)
    picture[:, :, 10, 10] = 255
    moved = affine(AugmentationConfig("affine", shift=0.2))(picture, generator())
    rows, columns = moved.sum((1, 3)), moved.sum((1, 2))
    for mass in (rows, columns):
        centre = (mass * torch.arange(21)).sum(1) / mass.sum(1)
        distance = (centre - 10).abs()
        assert distance.max() <= 0.2 * 21 + 0.01
        assert distance.max() > 0.15 * 21


def test_shifts_alone_are_by_whole_pixels_and_all_equally_likely():
    picture = torch.zeros(3000, 1, 20, 30)
    picture[:, :, 10, 15] = 255
    moved = affine(AugmentationConfig("affine", shift=0.1))(picture, generator()).round()
    assert set(moved.unique().tolist()) == {0, 255}
    _, _, rows, columns = (moved == 255).nonzero(as_tuple=True)
    assert len(rows) == 3000
    assert rows.unique().tolist() == [8, 9, 10, 11, 12]
    assert columns.unique().tolist() == [12, 13, 14, 15, 16, 17, 18]
    assert rows.bincount()[8:].min() > 3000 / 5 * 0.8


def test_a_rotation_by_a_right_angle_is_exact(monkeypatch):
    # The first of the five draws is the angle, 1 its largest; 0.5 stands for no change.
    draws = torch.tensor([[1.0], [0.5], [0.5], [0.5], [0.5]])
    monkeypatch.setattr(torch, "rand", lambda *shape, generator: draws)
    picture = torch.arange(64.0).reshape(1, 1, 8, 8)
    turned = affine(AugmentationConfig("affine", rotation=90))(picture, generator())
    both_ways = [torch.rot90(picture, turns, (2, 3)) for turns in (1, 3)]
    assert any(torch.allclose(turned, expected, atol=1e-3) for expected in both_ways)


def test_a_zoom_changes_the_size_about_the_centre():
    picture = torch.zeros(200, 1, 31, 31)
    picture[:, :, 11:20, 11:20] = 255
    zoomed = affine(AugmentationConfig("affine", zoom=0.3))(picture, generator())
    areas = (zoomed > 127).float().sum((1, 2, 3))
    assert areas.min() < 81 * 0.75
    assert areas.max() > 81 * 1.3


def test_labels_survive_the_border_because_it_is_repeated():
    bright = torch.full((8, 1, 10, 10), 200.0)
    config = AugmentationConfig("affine", shift=0.3, rotation=30, zoom=0.3)
    assert torch.allclose(affine(config)(bright, generator()), bright, atol=1e-3)
