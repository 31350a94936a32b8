import pytest
import torch
from torch import nn

from training.muon import Muon, orthogonal, split_optimizers


@pytest.mark.parametrize("shape", [(6, 6), (4, 20), (20, 4)])
def test_singular_values_come_near_one_and_directions_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    made = orthogonal(matrix)
    u, _, vt = torch.linalg.svd(matrix, full_matrices=False)
    spread = torch.linalg.svdvals(made)
    assert spread.min() > 0.5
    assert spread.max() < 1.4
    assert torch.nn.functional.cosine_similarity(made.flatten(), (u @ vt).flatten(), 0) > 0.95


def test_a_step_has_the_size_that_adamw_usually_has() -> None:
    torch.manual_seed(0)
    weight = nn.Parameter(torch.zeros(32, 64))
    weight.grad = torch.randn(32, 64) * 1e-4
    Muon([weight], lr=0.01).step()
    assert 0.001 < float(weight.detach().square().mean().sqrt()) < 0.004


def test_it_finds_a_matrix() -> None:
    torch.manual_seed(0)
    goal, weight = torch.randn(8, 12), nn.Parameter(torch.zeros(8, 12))
    optimizer = Muon([weight], lr=0.03)
    for step in range(300):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 300)
        weight.grad = (weight - goal).detach()
        optimizer.step()
    assert float((weight - goal).detach().abs().mean()) < 0.05


def test_every_weight_has_one_optimizer() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3), nn.Linear(4, 2))
    muon, adam = split_optimizers(net, 1e-3, 0.0, ("0.", "3."))
    ours = [{id(w) for g in o.param_groups for w in g["params"]} for o in (muon, adam)]
    assert ours[0] == {id(net[2].weight)}
    assert ours[0] | ours[1] == {id(w) for w in net.parameters()}
    assert not ours[0] & ours[1]
