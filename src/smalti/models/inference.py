"""Logits of many pictures from a network, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn

from smalti.device import Hardware
from smalti.models.preprocessing import Normalize
from smalti.models.views import averaged

LARGEST_BATCH = 250
"""Row D2's network answers 1.4 times as fast in float32 as with 500 on one core: feature maps of
more than 32 MB are given back to the system each time, and come again page by page."""

_PIXELS_A_BATCH = 2**20
"""Of every channel; 250 pictures of 224 pixels would fill gigabytes with their feature maps."""

Pictures = Callable[[slice], np.ndarray]
"""From a slice of positions to uint8 pictures n×H×W×C; only a batch is in memory at a time."""


class Network:
    """A trained network with what prepares its pictures, on the device, ready to answer."""

    def __init__(
        self, model: nn.Module, normalize: Normalize, hardware: Hardware, views: int = 1
    ) -> None:
        self.model = hardware.place(model).eval()
        self.views = views
        self._normalize, self._hardware = normalize, hardware

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return float32 logits n×K of pictures n×C×H×W (0–255), averaged over the views."""
        inputs = self._normalize(pictures)
        return averaged(self._one_view, inputs, self.views)

    def prepared(self, pictures: np.ndarray) -> torch.Tensor:
        """Return what the network takes of uint8 pictures n×H×W×C, on its device: n×C×H×W."""
        # A copy: PyTorch warns of arrays that are not to be written to, as those of files are.
        placed = torch.from_numpy(pictures.copy()).to(self._hardware.torch_device())
        inputs = self._normalize(placed.permute(0, 3, 1, 2))
        return inputs.contiguous(memory_format=self._hardware.memory_format())

    def _one_view(self, inputs: torch.Tensor) -> torch.Tensor:
        inputs = inputs.contiguous(memory_format=self._hardware.memory_format())
        with self._hardware.autocast():
            logits: torch.Tensor = self.model(inputs)
        return logits.float()

    @torch.inference_mode()
    def logits(self, pictures: Pictures, count: int) -> np.ndarray:
        """Return float32 logits ``count``×K, in order, in the precision of the hardware."""
        batches = []
        size = judging_batch(*pictures(slice(0, 1)).shape[1:3]) if count else 1
        for start in range(0, count, size):
            batch = torch.from_numpy(pictures(slice(start, start + size)))
            placed = batch.to(self._hardware.torch_device()).permute(0, 3, 1, 2)
            batches.append(self(placed).cpu().numpy())
        return np.concatenate(batches) if batches else np.zeros((0, 0), np.float32)

    @torch.inference_mode()
    def embeddings(self, pictures: Pictures, count: int) -> np.ndarray:
        """Return float32 ``count``×D: what the last dense layer is given of each picture."""
        last = [layer for layer in self.model.modules() if isinstance(layer, nn.Linear)][-1]
        found = [np.zeros((0, last.in_features), np.float32)]

        def keep(_: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            found.append(given[0].float().cpu().numpy())

        size = judging_batch(*pictures(slice(0, 1)).shape[1:3]) if count else 1
        hook = last.register_forward_pre_hook(keep)
        try:
            for start in range(0, count, size):
                self._one_view(self.prepared(pictures(slice(start, start + size))))
        finally:
            hook.remove()
        return np.concatenate(found)


def judging_batch(height: int, width: int) -> int:
    """Return how many pictures are judged at once, fewer of large ones so that memory is flat."""
    return max(1, min(LARGEST_BATCH, _PIXELS_A_BATCH // (height * width)))


def load_weights(model: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Copy arrays into a network's parameters and buffers.

    Names and shapes must agree: RuntimeError otherwise, as PyTorch words it.
    """
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
