"""Pictures on the device as uint8, handed out in batches without worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from smalti.data.dataset import Part
from smalti.transfer import send


class Batch(NamedTuple):
    """Uint8 pictures n×C×H×W (channels-last in memory) and labels n, on the device.

    ``positions`` (int64 n) are their places in the part, and stay on the CPU, where what depends on
    them is drawn.
    """

    pictures: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor


class PlacedPart:
    """One part of a data set where the arithmetic happens.

    On the CPU the pictures stay in the (memory-mapped) array they came in and nothing is copied;
    on another device the part's pictures are moved there once.
    """

    def __init__(self, part: Part, device: torch.device) -> None:
        self._device = device
        self.labels = torch.from_numpy(np.ascontiguousarray(part.labels)).to(device)
        if device.type == "cpu":
            self._images = torch.from_numpy(_writable(part.images))
            self._rows = torch.from_numpy(np.ascontiguousarray(part.rows))
        else:
            self._images = torch.from_numpy(part.pictures()).to(device)
            self._rows = torch.arange(len(part), device=device)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, positions: torch.Tensor) -> Batch:
        """Return the pictures at positions (int64 n on the CPU) and their labels."""
        placed = send(positions, self._device)
        pictures = self._images.index_select(0, self._rows[placed])
        return Batch(pictures.permute(0, 3, 1, 2), self.labels[placed], positions)

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """Yield every picture once, in the part's order; the last batch may be smaller."""
        for positions in torch.arange(len(self)).split(batch_size):
            yield self.batch(positions)

    def shuffled(self, batch_size: int, generator: torch.Generator) -> Iterator[Batch]:
        """Yield every picture once in a random order; the last batch may be smaller.

        A last batch of a single picture is left out: batch norm has no statistics of one.
        """
        order = torch.randperm(len(self), generator=generator)
        for positions in order.split(batch_size):
            if len(positions) > 1 or batch_size == 1:
                yield self.batch(positions)

    def steps(self, batch_size: int) -> int:
        """Return the number of batches of a shuffled pass."""
        whole, rest = divmod(len(self), batch_size)
        return whole + (rest > 1)


def _writable(images: np.ndarray) -> np.ndarray:
    """PyTorch warns about arrays it could not write to, though nobody writes here."""
    return images if images.flags.writeable else np.array(images)
