"""Optimizers by name, with weight decay on weights only."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from smalti.recipes import OptimizerConfig
from smalti.training.muon import Muon

Groups = list[dict[str, Any]]


def make_optimizer(model: nn.Module, config: OptimizerConfig) -> torch.optim.Optimizer:
    """Return the optimizer for a model's parameters; its fused form, one kernel a step.

    Biases and the scales of batch norm (anything with one dimension) are not decayed: pulling
    them to zero only hurts (He et al., Bag of Tricks, CVPR 2019).
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    weights = [parameter for parameter in trained if parameter.ndim > 1]
    others = [parameter for parameter in trained if parameter.ndim <= 1]
    rate, decay, momentum = config.learning_rate, config.weight_decay, config.momentum
    if config.name == "muon":
        # The output layer's rows are classes, not directions to be balanced: AdamW (Jordan 2024).
        other = config.other_rate or rate
        left = _groups(weights[-1:], others, decay)
        for group in left:
            group |= {"lr": other, "rate_factor": other / rate}
        return Muon(weights[:-1], left, rate, decay, momentum, config.unit_weights)
    groups = _groups(weights, others, decay)
    if config.name == "sgd":
        nesterov = momentum > 0
        return torch.optim.SGD(groups, rate, momentum=momentum, nesterov=nesterov, fused=True)
    betas = (momentum, 0.999)
    if config.name == "radam":
        return torch.optim.RAdam(groups, rate, betas=betas, decoupled_weight_decay=True)
    kind = torch.optim.AdamW if config.name == "adamw" else torch.optim.Adam
    return kind(groups, rate, betas=betas, fused=True)


def make_capturable(optimizer: torch.optim.Optimizer, device: torch.device) -> None:
    """Let the steps of an optimizer, which has taken none, be captured on a device.

    A captured step holds every number fixed. Rates become float32 tensors on the device, filled
    before each step, and PyTorch's own optimizers count their steps there.
    """
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(group["lr"], dtype=torch.float32, device=device)
        # PyTorch refuses it on a CPU, where there is nothing to capture.
        if "capturable" in group and device.type == "cuda":
            group["capturable"] = True


def counting_device(
    optimizer: torch.optim.Optimizer, parameter: torch.nn.Parameter
) -> torch.device:
    """Return where an optimizer counts the steps of a parameter: beside it, or on the CPU.

    The latter is the way of PyTorch's own, where they are neither fused nor to be captured.
    """
    for group in optimizer.param_groups:
        if any(own is parameter for own in group["params"]):
            plain = not group.get("capturable", True) and not group.get("fused")
            return torch.device("cpu") if plain else parameter.device
    raise KeyError("no parameter of this optimizer")


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Let the next step use this learning rate, times a group's own factor where it has one."""
    for group in optimizer.param_groups:
        own = rate * group.get("rate_factor", 1.0)
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(own)
        else:
            group["lr"] = own


def set_momentum(optimizer: torch.optim.Optimizer, momentum: float) -> None:
    """Let the next step use this momentum, or first moment of an Adam."""
    for group in optimizer.param_groups:
        if "momentum" in group:
            group["momentum"] = momentum
        else:
            group["betas"] = (momentum, group["betas"][1])


def _groups(weights: list[nn.Parameter], others: list[nn.Parameter], decay: float) -> Groups:
    return [
        {"params": weights, "weight_decay": decay},
        {"params": others, "weight_decay": 0.0},
    ]
