"""Mirroring by turns: half of the pictures at a time, all of them in two epochs."""

import torch

from smalti.augmentation.alternating import AlternatingFlip

N = 400


def shown(flip, epoch, positions=None):
    """Return which of the pictures an epoch shows mirrored."""
    positions = torch.arange(N) if positions is None else positions
    pictures = (
        torch.arange(6, dtype=torch.uint8).reshape(1, 2, 1, 3).expand(len(positions), -1, -1, -1)
    )
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    seen = flip(pictures, positions, epoch)
    as_they_are = (seen == pictures).flatten(1).all(1)
    mirrored = (seen == pictures.flip(3)).flatten(1).all(1)
    assert (as_they_are ^ mirrored).all()
    assert seen.dtype == pictures.dtype
    return mirrored


def test_two_epochs_in_a_row_show_every_picture_both_ways():
    flip = AlternatingFlip(0, N)
    first, second, third = (shown(flip, epoch) for epoch in (1, 2, 3))
    assert torch.equal(first, ~second)
    assert torch.equal(first, third)
    assert 0.4 < first.float().mean() < 0.6


def test_a_picture_is_told_by_its_position_not_by_its_place_in_the_batch():
    flip = AlternatingFlip(3, N)
    order = torch.randperm(N)
    assert torch.equal(shown(flip, 1, order), shown(flip, 1)[order])


def test_the_seed_decides_who_begins_mirrored():
    first, again, other = (shown(AlternatingFlip(seed, N), 1) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
