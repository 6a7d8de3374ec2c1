import copy

import pytest
import torch
from torch import nn

from smalti.recipes import OptimizerConfig
from smalti.training.muon import orthogonalised
from smalti.training.optimizers import make_optimizer, set_learning_rate


@pytest.mark.parametrize("shape", [(8, 40), (40, 8), (16, 16), (1, 9)])
def test_all_singular_values_come_near_one(shape):
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalised(matrix))
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_the_directions_stay():
    matrix = torch.randn(6, 20, generator=torch.Generator().manual_seed(1))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    core = left.T @ orthogonalised(matrix) @ right.T
    assert torch.allclose(core, torch.diag(core.diagonal()), atol=1e-4)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 8), nn.Linear(8, 12))


def stepped(model, **options):
    config = OptimizerConfig(name="muon", learning_rate=0.01, **options)
    optimizer = make_optimizer(model, config)
    inputs = torch.randn(64, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    model(inputs).square().mean().backward()
    optimizer.step()
    return optimizer


def test_hidden_weights_move_by_the_rate_in_root_mean_square_and_others_by_adam():
    model = network()
    before = copy.deepcopy(model.state_dict())
    stepped(model)
    moved = {name: (value - before[name]) for name, value in model.state_dict().items()}
    # AdamW's first step has the size of the rate in every entry.
    assert torch.allclose(moved["3.weight"].abs(), torch.tensor(0.01), rtol=1e-3)
    assert torch.allclose(moved["0.bias"].abs(), torch.tensor(0.01), rtol=1e-3)
    size = float(moved["2.weight"].square().mean().sqrt())
    assert size == pytest.approx(0.01, rel=0.3)


def test_weight_decay_pulls_hidden_weights_and_leaves_biases():
    plain, decayed = network(), network()
    stepped(plain)
    stepped(decayed, weight_decay=0.5)
    shrunk = plain[2].weight - 0.005 * network()[2].weight
    assert torch.allclose(decayed[2].weight, shrunk, atol=1e-7)
    assert torch.equal(plain[2].bias, decayed[2].bias)


def test_a_new_rate_reaches_both_halves():
    model = network()
    optimizer = stepped(model)
    set_learning_rate(optimizer, 0.0)
    before = copy.deepcopy(model.state_dict())
    optimizer.step()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_moments_of_both_halves_are_in_one_state():
    model = network()
    optimizer = stepped(model)
    assert "momentum_buffer" in optimizer.state[model[0].weight]
    assert "exp_avg" in optimizer.state[model[3].weight]


def test_a_network_without_hidden_weights_is_adams_alone():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    before = model[1].weight.detach().clone()
    stepped(model)
    assert not torch.equal(before, model[1].weight)


def test_unit_weights_are_brought_back_to_rows_of_length_one_and_turned_by_the_rate():
    model = network()
    with torch.no_grad():
        model[2].weight.mul_(7)  # a length that means nothing, and that goes
    direction = model[2].weight.detach().clone()
    optimizer = stepped(model, unit_weights=True, weight_decay=0.5, other_rate=0.001)
    unit = direction * 8**0.5 / direction.norm()
    turned = model[2].weight.detach() - unit
    gradient = optimizer.state[model[2].weight]["momentum_buffer"]
    assert torch.allclose(turned, -0.01 * orthogonalised(gradient), atol=1e-6)
    set_learning_rate(optimizer, 0.0)
    optimizer.step()
    assert model[2].weight.detach().square().sum(1).mean().item() == pytest.approx(1.0)


def test_what_is_left_to_adam_can_have_a_rate_of_its_own():
    model = network()
    before = copy.deepcopy(model.state_dict())
    optimizer = stepped(model, other_rate=0.002)
    moved = model[3].weight.detach() - before["3.weight"]
    assert torch.allclose(moved.abs(), torch.tensor(0.002), rtol=1e-3)
    set_learning_rate(optimizer, 0.005)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.005, 0.001, 0.001])


def test_the_rate_may_be_a_tensor():
    by_number, by_tensor = network(), network()
    stepped(by_number)
    optimizer = make_optimizer(by_tensor, OptimizerConfig(name="muon", learning_rate=0.5))
    for group in optimizer.param_groups[:1]:
        group["lr"] = torch.tensor(0.01)
    inputs = torch.randn(64, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    by_tensor(inputs).square().mean().backward()
    optimizer.step()
    assert torch.equal(by_number[2].weight, by_tensor[2].weight)
