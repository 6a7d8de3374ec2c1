"""Logits of many pictures from a network, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from torch import nn

from smalti.device import Hardware
from smalti.models.preprocessing import Normalize

BATCH = 500

Pictures = Callable[[slice], np.ndarray]
"""From a slice of positions to uint8 pictures n×H×W×C; only a batch is in memory at a time."""


def compute_logits(
    model: nn.Module, normalize: Normalize, pictures: Pictures, count: int, hardware: Hardware
) -> np.ndarray:
    """Return float32 logits ``count``×K, in order, in the precision that ``hardware`` says."""
    batches = list(_batches(model, normalize, pictures, count, hardware))
    return np.concatenate(batches) if batches else np.zeros((0, 0), np.float32)


@torch.inference_mode()
def _batches(
    model: nn.Module, normalize: Normalize, pictures: Pictures, count: int, hardware: Hardware
) -> Iterator[np.ndarray]:
    model = model.eval()
    device, layout = hardware.torch_device(), hardware.memory_format()
    for start in range(0, count, BATCH):
        batch = torch.from_numpy(pictures(slice(start, start + BATCH))).to(device)
        inputs = normalize(batch.permute(0, 3, 1, 2)).contiguous(memory_format=layout)
        with hardware.autocast():
            logits = model(inputs)
        yield logits.float().cpu().numpy()


def load_weights(model: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Copy arrays into a network's parameters and buffers.

    Names and shapes must agree: RuntimeError otherwise, as PyTorch words it.
    """
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
