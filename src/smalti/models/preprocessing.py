"""From uint8 pictures to what a network takes in; the same in training and prediction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch


class Normalize:
    """Scale pixel values to 0–1, subtract ``mean`` and divide by ``std`` (each one a channel).

    ``mean`` and ``std`` are on the 0–1 scale. The arithmetic is float32 on the pictures' device.
    """

    def __init__(
        self, mean: Sequence[float], std: Sequence[float], device: torch.device | str = "cpu"
    ) -> None:
        self.mean, self.std = tuple(mean), tuple(std)
        deviation = torch.tensor(self.std, dtype=torch.float32)
        centre = torch.tensor(self.mean, dtype=torch.float32)
        shape = (1, -1, 1, 1)
        self._scale = (1 / (255 * deviation)).reshape(shape).to(device)
        self._offset = (-centre / deviation).reshape(shape).to(device)

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return float32 N×C×H×W from values 0–255 (uint8 or float) of the same shape."""
        return torch.addcmul(self._offset, pictures.to(torch.float32), self._scale)


def channel_statistics(
    images: np.ndarray, rows: np.ndarray, at_once: int = 4096
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel on the 0–1 scale, over chosen rows.

    ``images`` is uint8 M×H×W×C, ``rows`` an index into it. Counted exactly by histogram, a slice
    at a time, so that memory stays flat. A constant channel gets deviation 1.
    """
    channels = images.shape[3]
    counts = np.zeros((channels, 256), dtype=np.int64)
    for start in range(0, len(rows), at_once):
        pictures = images[rows[start : start + at_once]]
        for channel in range(channels):
            counts[channel] += np.bincount(pictures[..., channel].ravel(), minlength=256)
    values = np.arange(256) / 255
    mean = counts @ values / counts.sum(axis=1)
    variance = counts @ values**2 / counts.sum(axis=1) - mean**2
    std = np.where(variance > 1e-8, np.sqrt(np.maximum(variance, 0)), 1.0)
    return tuple(mean.round(6).tolist()), tuple(std.round(6).tolist())
