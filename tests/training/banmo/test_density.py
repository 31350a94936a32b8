"""Volume rendering against its twin and against a sphere."""

import pytest
import torch

from training.banmo.density import (
    even_depths,
    important_depths,
    laplace_density,
    ray_weights,
    ray_weights_reference,
    step_lengths,
)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_weights_agree_with_their_twin() -> None:
    density, steps = torch.rand(4, 9, generator=generator()) * 8, torch.full((4, 9), 0.2)
    for row, expected in enumerate(ray_weights(density, steps)):
        assert torch.allclose(ray_weights_reference(density[row], steps[row]), expected, atol=1e-6)


def test_density_is_half_its_highest_on_the_surface() -> None:
    beta = torch.tensor(0.1)
    values = laplace_density(torch.tensor([-9.0, 0.0, 9.0]), beta)
    assert torch.allclose(values, torch.tensor([10.0, 5.0, 0.0]), atol=1e-5)


def sphere_opacity(offset: torch.Tensor, beta: float, samples: int = 96) -> torch.Tensor:
    """Opacity of rays along z that pass a sphere of radius 0.5 at 2 by an offset."""
    depths = even_depths(torch.full_like(offset, 1.0), torch.full_like(offset, 3.0), samples, None)
    distance = ((depths - 2) ** 2 + offset[:, None] ** 2).sqrt() - 0.5
    density = laplace_density(distance, torch.tensor(beta))
    return ray_weights(density, step_lengths(depths)).sum(-1)


def test_a_sphere_is_a_disc() -> None:
    opacity = sphere_opacity(torch.tensor([0.0, 0.3, 0.45, 0.56, 0.8]), 0.01)
    assert torch.allclose(opacity, torch.tensor([1.0, 1, 1, 0, 0]), atol=0.05)


def leg_opacity(offset: torch.Tensor, beta: float, inset: float) -> torch.Tensor:
    """Opacity of rays along z that pass a leg of radius 0.02, which stands at 1, by an offset."""
    ends = torch.full_like(offset, 0.5), torch.full_like(offset, 1.5)
    depths = even_depths(*ends, 2000, None)
    distance = ((depths - 1) ** 2 + offset[:, None] ** 2).sqrt() - 0.02
    density = laplace_density(distance + inset * beta, torch.tensor(beta))
    return ray_weights(density, step_lengths(depths)).sum(-1)


@pytest.mark.parametrize("beta", [0.004, 0.0066])
def test_an_inset_of_a_beta_and_a_half_shows_a_leg_as_wide_as_it_is(beta: float) -> None:
    offsets = torch.linspace(0, 0.04, 401)
    seen = [float(offsets[leg_opacity(offsets, beta, i) > 0.5].max()) for i in (0.0, 1.5)]
    assert seen[0] > 0.026
    assert abs(seen[1] - 0.02) < 0.0022


def test_the_gradient_of_a_silhouette_is_that_of_differences() -> None:
    offset = torch.tensor([0.52], dtype=torch.float64, requires_grad=True)
    [slope] = torch.autograd.grad(sphere_opacity(offset, 0.05).sum(), offset)
    step = 1e-5
    between = sphere_opacity(offset.detach() + step, 0.05) - sphere_opacity(
        offset.detach() - step, 0.05
    )
    assert torch.allclose(slope, between / (2 * step), rtol=1e-3)
    assert slope.item() < 0


def test_important_depths_lie_at_the_surface() -> None:
    near, far = torch.tensor([1.0, 1.0]), torch.tensor([3.0, 3.0])
    depths = even_depths(near, far, 20, None)
    weights = torch.zeros(2, 20)
    weights[0, 10] = 1  # the second ray meets nothing: its samples are spread evenly
    chosen = important_depths(depths, weights, 40, generator())
    assert (chosen.diff(dim=-1) >= 0).all()
    assert ((chosen[0] - depths[0, 10]).abs() < 0.06).float().mean() > 0.85
    assert chosen[1].std() > 0.5
    assert (chosen >= 1).all()
    assert (chosen <= 3).all()


def test_steps_cover_the_whole_ray() -> None:
    depths = torch.tensor([[1.0, 1.5, 3.0]])
    assert torch.allclose(step_lengths(depths), torch.tensor([[0.5, 1.0, 1.5]]))
