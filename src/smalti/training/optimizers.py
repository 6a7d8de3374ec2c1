"""Optimizers by name, with weight decay on weights only."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from smalti.recipes import OptimizerConfig


def make_optimizer(model: nn.Module, config: OptimizerConfig) -> torch.optim.Optimizer:
    """Return the optimizer for a model's parameters; its fused form, one kernel a step.

    Biases and the scales of batch norm (anything with one dimension) are not decayed: pulling
    them to zero only hurts (He et al., Bag of Tricks, CVPR 2019).
    """
    weights = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    rate, momentum = config.learning_rate, config.momentum
    fused = next(model.parameters()).device.type in ("cpu", "cuda", "mps")
    if config.name == "sgd":
        nesterov = momentum > 0
        return torch.optim.SGD(groups, rate, momentum=momentum, nesterov=nesterov, fused=fused)
    kind = torch.optim.AdamW if config.name == "adamw" else torch.optim.Adam
    return kind(groups, rate, betas=(momentum, 0.999), fused=fused)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Let the next step use this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate
