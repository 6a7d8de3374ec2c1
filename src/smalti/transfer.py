"""The way of small tensors to the device, on which nobody waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def send(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return values of the CPU on a device; where that is a CUDA GPU, without waiting for it.

    From ordinary memory a copy would wait until the GPU has done all that it was told before. From
    pinned memory it takes its turn among that; PyTorch keeps the pinned block until it is done.
    """
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)
