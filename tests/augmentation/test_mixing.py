import pytest
import torch

from smalti.augmentation import make_mixing
from smalti.recipes import AugmentationConfig


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random_pictures(*shape):
    return torch.randint(0, 256, shape, generator=generator(), dtype=torch.uint8)


MIXINGS = {"mixup": {"mixup": 0.4}, "cutmix": {"cutmix": 1.0}, "both": {"mixup": 0.4, "cutmix": 1}}
every_mixing = pytest.mark.parametrize("alphas", MIXINGS.values(), ids=MIXINGS)


@every_mixing
@pytest.mark.parametrize("shape", [(40, 3, 32, 32), (1, 1, 28, 28), (2, 3, 7, 9)], ids=str)
def test_shapes_ranges_and_repetition(alphas, shape):
    pictures = random_pictures(*shape)
    untouched = pictures.clone()
    mix = make_mixing(AugmentationConfig(**alphas))
    state = torch.random.get_rng_state()
    for seed in range(10):
        mixed, again = mix(pictures, generator(seed)), mix(pictures, generator(seed))
        assert mixed.pictures.shape == pictures.shape
        assert mixed.pictures.min() >= 0
        assert mixed.pictures.max() <= 255
        assert mixed.partners.dtype == torch.int64
        assert sorted(mixed.partners.tolist()) == list(range(len(pictures)))
        assert mixed.share.dtype == torch.float32
        assert mixed.share.shape == (len(pictures),)
        assert mixed.share.min() >= 0
        assert mixed.share.max() <= 1
        assert torch.equal(mixed.pictures, again.pictures)
        assert torch.equal(mixed.partners, again.partners)
        assert torch.equal(mixed.share, again.share)
    assert torch.equal(pictures, untouched)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_mixup_is_the_weighted_mean_of_picture_and_partner():
    pictures = random_pictures(20, 3, 8, 8)
    mix = make_mixing(AugmentationConfig(mixup=1.0))
    for seed in range(5):
        mixed = mix(pictures, generator(seed))
        share = mixed.share[:, None, None, None]
        expected = share * pictures + (1 - share) * pictures[mixed.partners]
        assert torch.allclose(mixed.pictures, expected, atol=1e-3)


def test_cutmix_takes_a_rectangle_from_the_partner_and_counts_what_is_left():
    # Each picture holds its own number, so that every pixel tells where it is from.
    pictures = torch.arange(30, dtype=torch.uint8)[:, None, None, None].repeat(1, 3, 20, 16)
    mix = make_mixing(AugmentationConfig(cutmix=1.0))
    shares = []
    for seed in range(20):
        mixed = mix(pictures, generator(seed))
        assert mixed.pictures.dtype == torch.uint8
        foreign = mixed.pictures != pictures
        from_partner = mixed.pictures == pictures[mixed.partners]
        assert (~foreign | from_partner).all()
        others = mixed.partners != torch.arange(30)
        kept = 1 - foreign[others].float().mean((1, 2, 3))
        assert torch.allclose(kept, mixed.share[others], atol=1e-5)
        box = foreign[others][0, 0]
        assert torch.equal(box, box.any(1)[:, None] & box.any(0)[None])
        shares.append(float(mixed.share[0]))
    assert max(shares) - min(shares) > 0.3


@pytest.mark.parametrize(("alpha", "deviation"), [(0.1, 0.456), (1.0, 0.289), (10.0, 0.109)])
def test_the_shares_of_mixup_are_beta_distributed(alpha, deviation):
    mix = make_mixing(AugmentationConfig(mixup=alpha))
    pictures, draws = random_pictures(1, 1, 1, 1), generator()
    shares = torch.stack([mix(pictures, draws).share[0] for _ in range(2000)])
    assert abs(shares.mean() - 0.5) < 0.03
    assert abs(shares.std() - deviation) < 0.02


def test_with_both_alphas_each_batch_takes_one_of_the_two():
    pictures = random_pictures(4, 1, 8, 8)
    mix = make_mixing(AugmentationConfig(mixup=1.0, cutmix=1.0))
    draws = generator()
    kinds = [mix(pictures, draws).pictures.dtype for _ in range(200)]
    assert 70 < kinds.count(torch.uint8) < 130


def test_no_alpha_is_no_mixing():
    assert make_mixing(AugmentationConfig("affine", shift=0.1)) is None


@every_mixing
def test_everything_mixed_is_on_the_pictures_device(alphas):
    pictures = random_pictures(16, 3, 10, 10).to("meta")
    for seed in range(4):
        mixed = make_mixing(AugmentationConfig(**alphas))(pictures, generator(seed))
        parts = (mixed.pictures, mixed.partners, mixed.share)
        assert {part.device.type for part in parts} == {"meta"}
