"""Heat maps from the inside of a network: where its feature maps speak for a class.

Grad-CAM (Selvaraju et al., ICCV 2017) in the form that weighs every place by its own gradient
(LayerCAM, Jiang et al., IEEE Transactions on Image Processing 30, 2021), which stays exact in
earlier layers than the last: behind it a picture of 32 pixels is 3 or 4 pixels wide, too few to
point at anything.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from smalti.explanations.watching import watch

FEWEST_PLACES = 5
"""Side of the feature maps that are looked at: the deepest that are still so wide."""

_BATCH = 16


def heat_maps(network: nn.Module, inputs: torch.Tensor, classes: np.ndarray) -> np.ndarray:
    """Return float32 n×H×W from 0 to 1: how much each place speaks for the class named.

    ``inputs`` are prepared pictures n×C×H×W, ``classes`` a class number for each. The largest
    value of a map is 1; a map of zeros says that no place speaks for the class. A network without
    feature maps is asked about the pixels themselves.
    """
    chosen = _layer(network, inputs[:1])
    found = [
        _of_batch(network, chosen, batch, torch.from_numpy(numbers).to(inputs.device))
        for batch, numbers in zip(
            inputs.split(_BATCH),
            np.split(classes, range(_BATCH, len(classes), _BATCH)),
            strict=True,
        )
    ]
    return np.concatenate(found)


def _of_batch(
    network: nn.Module, layer: nn.Module | None, inputs: torch.Tensor, classes: torch.Tensor
) -> np.ndarray:
    kept: list[torch.Tensor] = []
    inputs = inputs.detach().requires_grad_()

    def keep(_: nn.Module, __: object, output: torch.Tensor) -> torch.Tensor:
        kept.append(output)
        return output.clone()  # goes on in its place: an activation in place changes the copy

    hook = None if layer is None else layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            logits = network(inputs)
            wanted = logits.gather(1, classes[:, None]).sum()
            maps = kept[0] if kept else inputs
            (gradients,) = torch.autograd.grad(wanted, maps)
    finally:
        if hook is not None:
            hook.remove()
    spoken = (gradients.clamp(min=0) * maps).sum(1).clamp(min=0).detach().float()
    size = tuple(inputs.shape[2:])
    large = functional.interpolate(spoken[:, None], size, mode="bilinear").squeeze(1)
    highest = large.amax((1, 2), keepdim=True)
    scaled: np.ndarray = torch.where(highest > 0, large / highest, 0.0).cpu().numpy()
    return scaled


def _layer(network: nn.Module, inputs: torch.Tensor) -> nn.Module | None:
    """Return the deepest layer whose maps are wide enough, None where there are no maps."""
    seen: list[tuple[nn.Module, int]] = []
    watch(network, inputs, lambda layer, maps: seen.append((layer, min(maps.shape[2:]))))
    if not seen:
        return None
    wide = [layer for layer, side in seen if side >= FEWEST_PLACES]
    return wide[-1] if wide else max(seen, key=lambda entry: entry[1])[0]
