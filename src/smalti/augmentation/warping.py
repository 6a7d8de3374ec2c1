"""One bilinear interpolation per picture for any mixture of turning, zooming and shearing."""

from __future__ import annotations

import torch
from torch.nn import functional


def warped(pictures: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Return float32 pictures N×C×H×W, each seen through its own inverse map.

    ``matrices`` N×2×3 take the place of a pixel in the result, in pixels right of and below the
    centre, to its place in the source. What lies outside repeats the border pixel.
    """
    return functional.grid_sample(
        pictures.to(torch.float32),
        _grid(matrices.to(pictures.device, non_blocking=True), *pictures.shape[2:]),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )


def _grid(matrices: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return N×H×W×2 places from −1 to 1, as ``affine_grid`` would, in a tenth of its time.

    A place is a sum of what its column and what its row contribute; ``affine_grid`` multiplies
    matrices for every pixel, which on small pictures takes longer than the sampling itself.
    """
    matrices = matrices * (2 / matrices.new_tensor([[width], [height]]))
    columns = torch.arange(width, device=matrices.device) - (width - 1) / 2
    rows = torch.arange(height, device=matrices.device) - (height - 1) / 2
    of_columns = matrices[:, :, 0, None] * columns
    of_rows = matrices[:, :, 1, None] * rows + matrices[:, :, 2, None]
    return (of_columns[:, :, None, :] + of_rows[:, :, :, None]).permute(0, 2, 3, 1)
