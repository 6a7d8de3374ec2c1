import copy

import pytest
import torch
from torch import nn

from smalti.training.adamw import BETAS, adamw_step


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_it_moves_weights_as_pytorchs_own_does(decay):
    ours, theirs = network(), network()
    group = {"params": list(ours.parameters()), "lr": 0.02, "betas": BETAS, "weight_decay": decay}
    state = {weight: {} for weight in group["params"]}
    optimizer = torch.optim.AdamW(theirs.parameters(), 0.02, weight_decay=decay)
    inputs = torch.randn(7, 6, generator=torch.Generator().manual_seed(1))
    for step in range(6):
        group["lr"] = optimizer.param_groups[0]["lr"] = 0.02 / (step + 1)
        for model in (ours, theirs):
            model.zero_grad()
            model(inputs).square().sum().backward()
        with torch.no_grad():
            adamw_step(group, state)
        optimizer.step()
    for mine, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, their, rtol=1e-5, atol=1e-6)
        kept = optimizer.state[their]
        assert state[mine].keys() == kept.keys()
        assert float(state[mine]["step"]) == float(kept["step"]) == 6


def test_weights_without_a_gradient_stay():
    model = network()
    before = copy.deepcopy(model.state_dict())
    group = {"params": list(model.parameters()), "lr": 1.0, "betas": BETAS, "weight_decay": 0.5}
    adamw_step(group, {weight: {} for weight in group["params"]})
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
