"""What every policy owes, over the registry: a new one is tested by existing."""

import pytest
import torch

from smalti import names
from smalti.augmentation import make
from smalti.recipes import AugmentationConfig

STRENGTHS = {
    "horizontal_flip": True,
    "shift": 0.2,
    "rotation": 15.0,
    "zoom": 0.2,
    "operations": 3,
    "strength": 1.0,
    "erasing": 0.5,
}

SHAPES = [(64, 3, 32, 32), (64, 1, 28, 28), (1, 3, 9, 7), (2, 1, 5, 8), (2, 4, 11, 11)]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random_pictures(shape):
    return torch.randint(0, 256, shape, generator=generator(), dtype=torch.uint8)


def with_everything(policy):
    heard = names.AUGMENTATIONS[policy].fields
    return make(AugmentationConfig(policy, **{k: v for k, v in STRENGTHS.items() if k in heard}))


every_policy = pytest.mark.parametrize("policy", list(names.AUGMENTATIONS))


@every_policy
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shape_and_range_are_kept_and_the_draws_are_the_generators(policy, shape):
    pictures = random_pictures(shape)
    untouched = pictures.clone()
    augment = with_everything(policy)
    state = torch.random.get_rng_state()
    for seed in range(5):
        changed = augment(pictures, generator(seed))
        assert changed.shape == pictures.shape
        assert changed.dtype in (torch.uint8, torch.float32)
        assert changed.min() >= 0
        assert changed.max() <= 255
        assert torch.equal(changed, augment(pictures, generator(seed)))
    assert torch.equal(pictures, untouched)
    assert torch.equal(torch.random.get_rng_state(), state)


@every_policy
def test_other_draws_give_other_pictures(policy):
    pictures = random_pictures((64, 3, 12, 12))
    augment = with_everything(policy)
    assert not torch.equal(augment(pictures, generator(1)), augment(pictures, generator(2)))


@every_policy
def test_the_layout_in_memory_changes_nothing(policy):
    pictures = random_pictures((16, 3, 10, 10))
    augment = with_everything(policy)
    channels_last = pictures.contiguous(memory_format=torch.channels_last)
    expected = augment(pictures, generator(1)).float()
    assert torch.allclose(augment(channels_last, generator(1)).float(), expected, atol=1e-3)


@every_policy
def test_black_stays_black_without_erasing(policy):
    heard = names.AUGMENTATIONS[policy].fields
    values = {k: v for k, v in STRENGTHS.items() if k in heard and k != "erasing"}
    augment = make(AugmentationConfig(policy, **values))
    black = torch.zeros(64, 1, 12, 12, dtype=torch.uint8)
    if augment is not None:
        assert not augment(black, generator()).any()


def test_nothing_to_do_is_nothing_at_all():
    assert make(AugmentationConfig("none")) is None
    assert make(AugmentationConfig("affine")) is None


@pytest.mark.parametrize("policy", ["rand-augment", "augmix"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_strength_of_zero_changes_next_to_nothing(policy, channels):
    pictures = random_pictures((64, channels, 9, 9))
    same = make(AugmentationConfig(policy, operations=4, strength=0.0))(pictures, generator())
    assert torch.allclose(same, pictures.float(), atol=0.05)


@pytest.mark.parametrize("policy", ["rand-augment", "augmix"])
def test_more_strength_changes_more(policy):
    pictures = random_pictures((64, 3, 16, 16))
    # Smooth pictures, on which a small move is a small change.
    pictures = torch.nn.functional.avg_pool2d(pictures.float(), 5, 1, 2)

    def change(strength):
        augment = make(AugmentationConfig(policy, strength=strength))
        return (augment(pictures, generator()) - pictures).abs().mean()

    assert change(0.1) < change(0.4) < change(1.0)


@pytest.mark.parametrize("policy", ["rand-augment", "augmix"])
def test_mirror_and_shift_come_before_the_operations(policy):
    config = AugmentationConfig(policy, horizontal_flip=True, shift=0.2, strength=0.0)
    pictures = random_pictures((32, 1, 10, 10))
    moved = make(AugmentationConfig("affine", horizontal_flip=True, shift=0.2))
    expected = moved(pictures, generator(3)).float()
    assert torch.allclose(make(config)(pictures, generator(3)), expected, atol=0.05)


@every_policy
def test_nothing_is_read_back_from_the_pictures_device(policy):
    # Pictures on the device `meta` have a shape and no values: reading one is an error, and so is
    # an operation with a draw that was not moved to them. A GPU would wait for the former.
    pictures = random_pictures((16, 3, 10, 10)).to("meta")
    changed = with_everything(policy)(pictures, generator())
    assert changed.device.type == "meta"
    assert changed.shape == pictures.shape
