"""AdamW as a function, for an optimizer that has other parameters to move besides."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import torch

BETAS, EPSILON = (0.9, 0.999), 1e-8
"""The customary ones, as PyTorch has them."""


def adamw_step(
    group: dict[str, Any], state: MutableMapping[torch.Tensor, dict[str, torch.Tensor]]
) -> None:
    """Move every weight of a parameter group that has a gradient, all of them at once.

    Loshchilov & Hutter, Decoupled Weight Decay Regularization, ICLR 2019. The group has ``params``,
    ``lr``, ``betas`` and ``weight_decay``; ``state`` keeps for each weight what PyTorch's own
    optimizer does, which would import PyTorch's compiler: 1.2 s of every start.
    """
    weights = [weight for weight in group["params"] if weight.grad is not None]
    if not weights:
        return
    kept = [state[weight] or _begun(weight, state) for weight in weights]
    gradients = [weight.grad for weight in weights]
    steps, means, squares = (
        [moments[name] for moments in kept] for name in ("step", "exp_avg", "exp_avg_sq")
    )
    (first, second), rate = group["betas"], group["lr"]
    torch._foreach_add_(steps, 1)
    torch._foreach_lerp_(means, gradients, 1 - first)
    torch._foreach_mul_(squares, second)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - second)
    # A tensor, not a number: a captured step counts on when it is replayed.
    taken = steps[0]
    sizes = torch._foreach_sqrt(squares)
    torch._foreach_div_(sizes, (1 - second**taken).sqrt())
    torch._foreach_add_(sizes, EPSILON)
    moves = torch._foreach_div(means, sizes)
    torch._foreach_mul_(moves, rate / (1 - first**taken))
    torch._foreach_mul_(weights, 1 - rate * group["weight_decay"])
    torch._foreach_sub_(weights, moves)


def _begun(
    weight: torch.Tensor, state: MutableMapping[torch.Tensor, dict[str, torch.Tensor]]
) -> dict[str, torch.Tensor]:
    state[weight] = {
        "step": torch.zeros((), device=weight.device),
        "exp_avg": torch.zeros_like(weight),
        "exp_avg_sq": torch.zeros_like(weight),
    }
    return state[weight]
