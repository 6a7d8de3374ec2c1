import pytest
import torch
from torch.nn import functional

from smalti.augmentation.warping import warped


@pytest.mark.parametrize("shape", [(6, 3, 16, 16), (3, 1, 9, 14)])
def test_it_samples_where_affine_grid_would(shape):
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    n, _, height, width = shape
    matrices = torch.eye(2, 3) + 0.2 * torch.randn(n, 2, 3, generator=generator)
    # affine_grid counts from −1 to 1 along each side instead of pixels.
    sides = torch.tensor([width, height, 2.0])
    relative = matrices * sides / torch.tensor([[width], [height]])
    grid = functional.affine_grid(relative, list(shape), align_corners=False)
    expected = functional.grid_sample(
        pictures.float(), grid, padding_mode="border", align_corners=False
    )
    assert torch.allclose(warped(pictures, matrices), expected, atol=0.01)


def test_a_quarter_turn_of_an_oblong_picture_is_rigid():
    picture = torch.zeros(1, 1, 5, 9)
    picture[0, 0, 2, 2:7] = 255
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
    turned = warped(picture, quarter)
    assert turned[0, 0, :, 4].tolist() == pytest.approx([255] * 5, abs=0.01)
    assert turned.sum() == pytest.approx(5 * 255, abs=0.1)
