"""What fills canonical space: a signed distance and a colour that depends on the light.

fields = make_fields(config, grid)
step = fields.ready()                      # once per step: what all points share
sdf = fields.sdf(points, step); rgb = fields.color(points, codes, step)

`GridFields` (lite) are sums of dense grids, coarse to fine, so that a distance costs one
interpolation; `NetworkFields` (full) are the MLPs of METHODS 2.2.
"""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from training.banmo.config import TeacherConfig
from training.banmo.rest_sdf import SdfGrid

APPEARANCE = 64
FEATURES = 16
BAND = 0.15
"""Eikonal and curvature count within this distance of the surface."""


@runtime_checkable
class Fields(Protocol):
    """What a fit needs of canonical space."""

    beta: nn.Parameter

    def ready(self) -> Tensor: ...

    def sdf(self, points: Tensor, step: Tensor) -> Tensor: ...

    def color(self, points: Tensor, codes: Tensor, step: Tensor) -> Tensor: ...

    def eikonal(self, step: Tensor) -> tuple[Tensor, Tensor]: ...

    def parameters_of(self, part: str) -> list[nn.Parameter]: ...


def make_fields(config: TeacherConfig, grid: SdfGrid) -> "GridFields | NetworkFields":
    """The fields of a configuration."""
    kind = GridFields if config.kind == "lite" else NetworkFields
    return kind(config, grid)


class _Fields(nn.Module):
    """The box of canonical space, and beta of the density."""

    def __init__(self, config: TeacherConfig, grid: SdfGrid) -> None:
        super().__init__()
        low, high = torch.from_numpy(grid.low).float(), torch.from_numpy(grid.high).float()
        self.register_buffer("low", low)
        self.register_buffer("high", high)
        self.register_buffer("voxel", torch.tensor(float(grid.voxel)))
        self.register_buffer("start_sdf", torch.from_numpy(grid.values)[None, None])
        self.beta = nn.Parameter(torch.tensor(-3.0))
        self.beta_most = config.beta_start
        """Falls during a fit: a wide density is seen about beta beyond the zero level, which then
        shrinks to fit the masks until thin legs are gone."""

    def density_beta(self) -> Float[Tensor, ""]:
        """Beta of the Laplace density: what is learned of `beta_most`, at least a tenth voxel."""
        share = torch.exp(-F.softplus(self.beta))
        return (self.beta_most * share).clamp_min(0.1 * float(self.voxel))

    def unit(self, points: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
        """Canonical points with the box as -1..1."""
        return 2 * (points - self.low) / (self.high - self.low) - 1

    def beyond(self, points: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
        """Distance to the box; 0 inside."""
        gap = torch.maximum(self.low - points, points - self.high).clamp_min(0)
        return torch.linalg.vector_norm(gap, dim=-1)


class GridFields(_Fields):
    """Dense grids of three resolutions; colour by a small network on interpolated features."""

    def __init__(self, config: TeacherConfig, grid: SdfGrid) -> None:
        super().__init__(config, grid)
        shape = grid.values.shape
        self.levels = nn.ParameterList(
            nn.Parameter(torch.zeros(1, 1, *[(size - 1) // every + 1 for size in shape]))
            for every in (4, 2, 1)
        )
        coarse = [(size - 1) // 2 + 1 for size in shape]
        self.features = nn.Parameter(0.1 * torch.randn(1, 12, *coarse))
        self.color_in = nn.Linear(12, config.hidden)
        self.color_code = nn.Linear(APPEARANCE, config.hidden, bias=False)
        self.color_out = nn.Linear(config.hidden, 3)
        self.feature_out = nn.Linear(12, FEATURES)

    def ready(self) -> Float[Tensor, "1 1 z y x"]:
        """The sum of the levels on the finest grid."""
        total = self.start_sdf + self.levels[2]
        for level in self.levels[:2]:
            total = total + F.interpolate(
                level, total.shape[2:], mode="trilinear", align_corners=True
            )
        return total

    def sdf(
        self, points: Float[Tensor, "*batch 3"], step: Float[Tensor, "1 1 z y x"]
    ) -> Float[Tensor, "*batch"]:
        """Signed distance; beyond the box it grows by the distance to the box."""
        return self._sample(step, points)[..., 0] + self.beyond(points)

    def color(
        self,
        points: Float[Tensor, "frames points 3"],
        codes: Float[Tensor, "frames appearance"],
        step: Tensor,
    ) -> Float[Tensor, "frames points 3"]:
        """sRGB 0..1."""
        hidden = (
            self.color_in(self._sample(self.features, points)) + self.color_code(codes)[:, None]
        )
        return torch.sigmoid(self.color_out(torch.relu(hidden)))

    def feature(self, points: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch features"]:
        """What the surface looks like to a matcher."""
        return F.normalize(self.feature_out(self._sample(self.features, points)), dim=-1)

    def eikonal(self, step: Float[Tensor, "1 1 z y x"]) -> tuple[Tensor, Tensor]:
        """How far gradients near the surface are from length 1, and their curvature."""
        values = step[0, 0]
        inner = values[1:-1, 1:-1, 1:-1]
        gradient, bend = [], []
        for axis in range(3):
            before = _inner(values, axis, 0)
            after = _inner(values, axis, 2)
            gradient.append((after - before) / (2 * self.voxel))
            bend.append((after + before - 2 * inner) / self.voxel)
        is_near = (inner.detach().abs() < BAND).float()
        length = (sum(g.square() for g in gradient) + 1e-8).sqrt()
        share = is_near.sum().clamp_min(1)
        curvature = sum(b.square() for b in bend)
        return ((length - 1).square() * is_near).sum() / share, (curvature * is_near).sum() / share

    def parameters_of(self, part: str) -> list[nn.Parameter]:
        """Parameters by rate: `field` or `color`."""
        shape = list(self.levels)
        if part == "field":
            return shape
        known = {id(value) for value in [*shape, self.beta]}
        return [value for value in self.parameters() if id(value) not in known]

    def _sample(self, grid: Tensor, points: Tensor) -> Tensor:
        places = self.unit(points).reshape(1, 1, 1, -1, 3)
        values = F.grid_sample(
            grid, places, mode="bilinear", padding_mode="border", align_corners=True
        )
        return values[0, :, 0, 0].T.reshape(*points.shape[:-1], grid.shape[1])


class NetworkFields(_Fields):
    """Fourier features and deep MLPs: the paper's fields, for a GPU."""

    def __init__(self, config: TeacherConfig, grid: SdfGrid) -> None:
        super().__init__(config, grid)
        width = config.hidden
        self.first = nn.ModuleList([nn.Linear(63, width), *_layers(width, 4)])
        self.second = nn.ModuleList([nn.Linear(width + 63, width), *_layers(width, 2)])
        self.distance = nn.Linear(width, 1)
        nn.init.zeros_(self.distance.weight)
        nn.init.zeros_(self.distance.bias)
        self.color_in = nn.Linear(width, 128)
        self.color_code = nn.Linear(APPEARANCE, 128, bias=False)
        self.color_out = nn.Linear(128, 3)
        self.feature_out = nn.Linear(width, FEATURES)

    def ready(self) -> Tensor:
        """The start, which the network corrects."""
        return self.start_sdf

    def sdf(self, points: Float[Tensor, "*batch 3"], step: Tensor) -> Float[Tensor, "*batch"]:
        """Signed distance: that of the start and what the network adds."""
        places = self.unit(points).reshape(1, 1, 1, -1, 3)
        start = F.grid_sample(step, places, padding_mode="border", align_corners=True)
        added = 0.3 * self.distance(self._hidden(points))[..., 0]
        return start.reshape(points.shape[:-1]) + added + self.beyond(points)

    def color(
        self,
        points: Float[Tensor, "frames points 3"],
        codes: Float[Tensor, "frames appearance"],
        step: Tensor,
    ) -> Float[Tensor, "frames points 3"]:
        """sRGB 0..1."""
        hidden = self.color_in(self._hidden(points)) + self.color_code(codes)[:, None]
        return torch.sigmoid(self.color_out(torch.relu(hidden)))

    def feature(self, points: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch features"]:
        """What the surface looks like to a matcher."""
        return F.normalize(self.feature_out(self._hidden(points)), dim=-1)

    def eikonal(self, step: Tensor) -> tuple[Tensor, Tensor]:
        """By differences at random points of the box."""
        spread = self.high - self.low
        points = self.low + spread * torch.rand(512, 3, device=self.low.device)
        offsets = float(self.voxel) * torch.eye(3, device=points.device)
        after = self.sdf(points[:, None] + offsets, step)
        before = self.sdf(points[:, None] - offsets, step)
        middle = self.sdf(points, step)[:, None]
        length = (((after - before) / (2 * self.voxel)).square().sum(-1) + 1e-8).sqrt()
        bend = ((after + before - 2 * middle) / self.voxel).square().sum(-1)
        return (length - 1).square().mean(), bend.mean()

    def parameters_of(self, part: str) -> list[nn.Parameter]:
        """Parameters by rate: `field` or `color`."""
        deep = [*self.first.parameters(), *self.second.parameters(), *self.distance.parameters()]
        if part == "field":
            return deep
        known = {id(value) for value in [*deep, self.beta]}
        return [value for value in self.parameters() if id(value) not in known]

    def _hidden(self, points: Tensor) -> Tensor:
        unit = self.unit(points)
        waves = [unit]
        for band in range(10):
            waves += [torch.sin(2**band * unit), torch.cos(2**band * unit)]
        encoded = torch.cat(waves, -1)
        hidden = encoded
        for layer in self.first:
            hidden = torch.relu(layer(hidden))
        hidden = torch.cat([hidden, encoded], -1)
        for layer in self.second:
            hidden = torch.relu(layer(hidden))
        return hidden


def _layers(width: int, count: int) -> list[nn.Module]:
    return [nn.Linear(width, width) for _ in range(count)]


def _inner(values: Tensor, axis: int, start: int) -> Tensor:
    """The grid without its border, moved by one along an axis: start 0 or 2."""
    for other in range(3):
        first = start if other == axis else 1
        values = values.narrow(other, first, values.shape[other] - 2)
    return values
