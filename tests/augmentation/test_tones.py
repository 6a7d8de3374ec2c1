import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from smalti.augmentation import tones
from smalti.augmentation.operations import TONES


@pytest.fixture
def pictures():
    """Smooth colour pictures with dark and bright parts."""
    rough = torch.rand(6, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(rough, 16, mode="bicubic").clamp(0, 1).mul(255).round()


def by_pillow(function, pictures):
    def one(picture):
        image = Image.fromarray(picture.permute(1, 2, 0).to(torch.uint8).numpy())
        return torch.from_numpy(np.array(function(image))).permute(2, 0, 1)

    return torch.stack([one(picture) for picture in pictures]).float()


@pytest.mark.parametrize("name", TONES)
def test_an_amount_of_zero_changes_nothing(name, pictures):
    for some in (pictures, pictures[:, :1]):
        changed = TONES[name](some, torch.zeros(6))
        assert torch.allclose(changed, some, atol=1e-3)


@pytest.mark.parametrize("name", TONES)
@pytest.mark.parametrize("amount", [-1.0, 1.0])
def test_a_picture_of_one_value_stays_of_one_value(name, amount):
    flat = torch.full((1, 3, 6, 5), 77.0)
    changed = TONES[name](flat, torch.tensor([amount]))
    assert torch.isfinite(changed).all()
    assert changed.max() - changed.min() < 1e-3


@pytest.mark.parametrize("name", TONES)
def test_each_picture_follows_its_own_amount(name, pictures):
    amounts = torch.tensor([1.0, 0.0, -1.0, 0.5, 0.0, -0.5])
    changed = TONES[name](pictures, amounts)
    for row in range(6):
        alone = TONES[name](pictures[row : row + 1], amounts[row : row + 1])
        assert torch.allclose(changed[row : row + 1], alone, atol=1e-3)


PILLOW = {
    "brightness": (tones.brightness, 0.5, lambda p: ImageEnhance.Brightness(p).enhance(1.45)),
    "contrast": (tones.contrast, -0.5, lambda p: ImageEnhance.Contrast(p).enhance(0.55)),
    "saturation": (tones.saturation, -0.5, lambda p: ImageEnhance.Color(p).enhance(0.55)),
    "sharpness": (tones.sharpness, -1.0, lambda p: ImageEnhance.Sharpness(p).enhance(0.1)),
    "auto-contrast": (tones.auto_contrast, 1.0, ImageOps.autocontrast),
    "posterize": (tones.posterize, 1.0, lambda p: ImageOps.posterize(p, 4)),
    "solarize": (tones.solarize, 0.5, lambda p: ImageOps.solarize(p, 128)),
}


@pytest.mark.parametrize(("tone", "amount", "reference"), PILLOW.values(), ids=PILLOW)
def test_pillow_does_the_same(tone, amount, reference, pictures):
    ours = tone(pictures, torch.full((6,), amount)).clamp(0, 255)
    # Pillow computes in whole numbers, some of them twice.
    assert (ours - by_pillow(reference, pictures)).abs().max() < 2


def test_equalized_values_are_about_equally_frequent(pictures):
    dark = pictures / 4
    equal = tones.equalize(dark, torch.ones(6))
    assert equal.amin((2, 3)).max() == 0
    assert torch.allclose(equal.amax((2, 3)), torch.tensor(255.0))
    quarters = torch.histc(equal, bins=4, min=0, max=255) / equal.numel()
    assert quarters.min() > 0.18
    # Order is kept: what was brighter is not darker now.
    flat, level = dark.round().flatten(2), equal.flatten(2)
    order = flat.argsort(2)
    assert (level.gather(2, order).diff(dim=2) >= -1e-3).all()
