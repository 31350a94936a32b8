"""Volume rendering of a signed distance: density, weights, and where to sample.

density = laplace_density(sdf, beta)                    # VolSDF, equations 2 and 3
weights = ray_weights(density, steps)                   # opacity is their sum
"""

import torch
from jaxtyping import Float
from torch import Tensor


def laplace_density(
    sdf: Float[Tensor, "*batch"], beta: Float[Tensor, ""]
) -> Float[Tensor, "*batch"]:
    """Density per unit of length: the Laplace distribution's CDF of minus the distance, over beta.

    Source:
        Yariv et al., "Volume rendering of neural implicit surfaces", NeurIPS 2021.
    """
    half = 0.5 * torch.exp(-sdf.abs() / beta)
    return torch.where(sdf > 0, half, 1 - half) / beta


def ray_weights(
    density: Float[Tensor, "*rays samples"], steps: Float[Tensor, "*rays samples"]
) -> Float[Tensor, "*rays samples"]:
    """Share of the light of each sample: 1 - exp(-density step), times what came through before."""
    depth = density * steps
    before = torch.cumsum(depth, -1) - depth
    return torch.exp(-before) * (1 - torch.exp(-depth))


def ray_weights_reference(
    density: Float[Tensor, " samples"], steps: Float[Tensor, " samples"]
) -> Float[Tensor, " samples"]:
    """The slow, obvious twin of `ray_weights`, for one ray."""
    through, weights = torch.ones(()), []
    for value, step in zip(density, steps, strict=True):
        alpha = 1 - torch.exp(-value * step)
        weights.append(through * alpha)
        through = through * (1 - alpha)
    return torch.stack(weights)


def even_depths(
    near: Float[Tensor, "*rays"],
    far: Float[Tensor, "*rays"],
    count: int,
    generator: torch.Generator | None,
) -> Float[Tensor, "*rays samples"]:
    """One depth in each of `count` equal parts of near..far; its middle without a generator."""
    parts = torch.arange(count, dtype=near.dtype, device=near.device)
    place = torch.full((*near.shape, count), 0.5, dtype=near.dtype, device=near.device)
    if generator is not None:
        place = torch.rand((*near.shape, count), generator=generator, device=generator.device)
        place = place.to(near)
    return near[..., None] + (far - near)[..., None] * (parts + place) / count


def important_depths(
    depths: Float[Tensor, "*rays coarse"],
    weights: Float[Tensor, "*rays coarse"],
    count: int,
    generator: torch.Generator | None,
    spread: float = 0.1,
) -> Float[Tensor, "*rays samples"]:
    """Sorted depths drawn where the weights are; a share `spread` everywhere.

    Weights count for the interval around their depth.
    """
    middle = 0.5 * (depths[..., 1:] + depths[..., :-1])
    edges = torch.cat([depths[..., :1], middle, depths[..., -1:]], -1)
    total = weights.sum(-1, keepdim=True)
    share = weights / total.clamp_min(1e-6)
    is_seen = (total > 1e-3).to(weights)
    even = 1.0 / weights.shape[-1]
    share = is_seen * ((1 - spread) * share + spread * even) + (1 - is_seen) * even
    cdf = torch.cat([torch.zeros_like(total), torch.cumsum(share, -1)], -1)
    cdf = cdf / cdf[..., -1:]
    parts = torch.arange(count, dtype=depths.dtype, device=depths.device)
    place = torch.full((*total.shape[:-1], count), 0.5, dtype=depths.dtype, device=depths.device)
    if generator is not None:
        place = torch.rand(place.shape, generator=generator, device=generator.device).to(depths)
    level = ((parts + place) / count).contiguous()
    above = torch.searchsorted(cdf.contiguous(), level, right=True).clamp(1, cdf.shape[-1] - 1)
    low, high = cdf.gather(-1, above - 1), cdf.gather(-1, above)
    first, last = edges.gather(-1, above - 1), edges.gather(-1, above)
    return first + (last - first) * ((level - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)


def step_lengths(depths: Float[Tensor, "*rays samples"]) -> Float[Tensor, "*rays samples"]:
    """Length of the interval that each sample stands for."""
    middle = 0.5 * (depths[..., 1:] + depths[..., :-1])
    first, last = depths[..., :1], depths[..., -1:]
    edges = torch.cat([1.5 * first - 0.5 * depths[..., 1:2], middle,
                       1.5 * last - 0.5 * depths[..., -2:-1]], -1)  # fmt: skip
    return edges[..., 1:] - edges[..., :-1]
