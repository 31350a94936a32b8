"""The teacher as one module: fields, bones, poses; and what a ray of a frame sees of them.

teacher = Teacher(config, start)
seen = teacher.render(cameras, pixels, generator)
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.articulation import ArticulationDecoder
from core.rig import Rig
from training.banmo.bones import DeltaSkin, GaussianBones
from training.banmo.config import TeacherConfig
from training.banmo.density import (
    even_depths,
    important_depths,
    laplace_density,
    ray_weights,
    step_lengths,
)
from training.banmo.fields import FEATURES, make_fields
from training.banmo.outline import SURFACE_POINTS, spread_over
from training.banmo.poses import Posed, Poses, PoseStart
from training.banmo.rest_sdf import SdfGrid
from training.banmo.warp import blended, move, move_back

MARGIN = 0.12
"""Room around the rest mesh that the shape may grow into, rig units."""
BONE_REACH = 3.2
"""A ray sees a bone within this many of its scales."""


@dataclass(frozen=True, eq=False)
class TeacherStart:
    """Everything that a fit begins with."""

    rig: Rig
    """The category's body, with the proportions the student found."""
    decoder: ArticulationDecoder
    poses: PoseStart


@dataclass(frozen=True, eq=False)
class Seen:
    """What rays saw."""

    opacity: Float[Tensor, "frames rays"]
    rgb: Float[Tensor, "frames rays 3"]
    depth: Float[Tensor, "frames rays"]
    canonical: Float[Tensor, "frames rays 3"]
    """Mean place of what was seen, in canonical space."""
    posed: Float[Tensor, "frames rays 3"]
    """The same in rig space, before warping back."""
    delta: Float[Tensor, ""]
    """Mean square of what the delta network added."""
    entropy: Float[Tensor, ""]
    """Mean entropy of skinning weights, where something was seen."""


class Teacher(nn.Module):
    """The skeleton BANMo."""

    def __init__(
        self, config: TeacherConfig, start: TeacherStart, feature_channels: int = 0
    ) -> None:
        super().__init__()
        torch.manual_seed(config.seed)
        self.config, self.rig = config, start.rig
        self.bones = GaussianBones.of_rig(start.rig)
        grid = SdfGrid.of_mesh(start.rig.vertices, start.rig.faces, config.voxel, MARGIN)
        if config.start == "bones":
            grid = SdfGrid(grid.low, grid.voxel, _of_bones(self.bones, grid))
        self.fields = make_fields(config, grid)
        self.poses = Poses(start.poses, start.rig.skeleton, start.decoder)
        codes = start.poses.code.shape[1]
        self.delta = DeltaSkin(self.bones.count, codes, config.hidden)
        self.uses_delta = False
        self.feature_in = None
        if feature_channels and config.uses_features:
            self.feature_in = nn.Linear(feature_channels, FEATURES)
        self.register_buffer("rest_code", torch.zeros(1, codes))
        self.register_buffer("surface_turn", torch.zeros((), dtype=torch.int64))
        self.register_buffer("surface", torch.zeros(SURFACE_POINTS, 3))
        self.register_buffer("surface_weights", torch.zeros(SURFACE_POINTS, self.bones.count))
        self.keep_surface(start.rig.vertices, start.rig.faces)

    def keep_surface(
        self, vertices: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"]
    ) -> None:
        """Choose points of the canonical surface for the outline, with their skinning weights."""
        points, _ = spread_over(vertices, faces, np.zeros((len(vertices), 0)))
        points = torch.from_numpy(points).to(self.surface)
        with torch.no_grad():
            delta = self.delta(points[None], self.rest_code) if self.uses_delta else None
            weights = self.bones.weights(points[None], self.bones.to_bone(None), delta)[0]
            self.surface.copy_(points)
            self.surface_weights.copy_(weights)

    def placed_surface(self, posed: Posed) -> Float[Tensor, "frames points 3"]:
        """The chosen surface points in rig space."""
        duals = posed.duals[:, self.bones.joints]
        weights = self.surface_weights.expand(len(duals), -1, -1)
        return move(self.surface.expand(len(duals), -1, -1), blended(weights, duals))

    def render(
        self,
        posed: Posed,
        pixels: Float[Tensor, "frames rays 2"],
        generator: torch.Generator | None = None,
        step: Tensor | None = None,
    ) -> Seen:
        """Render rays; samples are drawn anew where the surface is.

        Args:
            posed: Bodies and cameras.
            pixels: Where the rays go.
            generator: Places samples within their parts; without it, in the middle.
            step: What `fields.ready()` gave, where it is known already.
        """
        config = self.config
        step = self.fields.ready() if step is None else step
        beta = self.fields.density_beta()
        directions = posed.rays(pixels) @ posed.rotation
        origin = -(posed.origin[:, None] @ posed.rotation)
        length = torch.linalg.vector_norm(directions, dim=-1, keepdim=True)
        with torch.no_grad():
            near, far = self._reach(posed, origin, directions)
            depths = even_depths(near, far, config.coarse_samples, generator)
            canonical, _, _ = self._back(posed, _points(origin, directions, depths), False)
            sdf = self.fields.sdf(canonical, step).view(depths.shape)
            weights = ray_weights(self._density(sdf, beta), step_lengths(depths) * length)
            depths = important_depths(depths, weights, config.fine_samples, generator)
        points = _points(origin, directions, depths)
        canonical, skin, delta = self._back(posed, points, self.uses_delta)
        sdf = self.fields.sdf(canonical, step).view(depths.shape)
        weights = ray_weights(self._density(sdf, beta), step_lengths(depths) * length)
        color = self.fields.color(canonical, posed.appearance, step)
        opacity = weights.sum(-1)
        share = weights / opacity[..., None].clamp_min(1e-4)
        shape = (*depths.shape, 3)
        mixed = (share[..., None] * torch.cat(
            [canonical.view(shape), points.view(shape), color.view(shape)], -1
        )).sum(-2)  # fmt: skip
        entropy = -(skin * skin.clamp_min(1e-6).log()).sum(-1).view(depths.shape)
        return Seen(
            opacity=opacity,
            rgb=mixed[..., 6:],
            depth=(share * depths).sum(-1),
            canonical=mixed[..., :3],
            posed=mixed[..., 3:6],
            delta=delta,
            entropy=(weights.detach() * entropy).sum() / weights.detach().sum().clamp_min(1e-3),
        )

    def forward_warp(
        self, posed: Posed, canonical: Float[Tensor, "frames points 3"]
    ) -> Float[Tensor, "frames points 3"]:
        """Canonical space to rig space."""
        delta = None
        if self.uses_delta:
            delta = self.delta(canonical, self.rest_code.expand(len(canonical), -1))
        weights = self.bones.weights(canonical, self.bones.to_bone(None), delta)
        return move(canonical, blended(weights, posed.duals[:, self.bones.joints]))

    def _density(
        self, sdf: Float[Tensor, "*batch"], beta: Float[Tensor, ""]
    ) -> Float[Tensor, "*batch"]:
        """Of samples by their distance: inside of the surface by the configuration's inset."""
        return laplace_density(sdf + self.config.inset * beta, beta)

    def _back(
        self, posed: Posed, points: Float[Tensor, "frames points 3"], uses_delta: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Rig space to canonical space; with the skinning weights and the size of delta."""
        delta = self.delta(points, posed.code) if uses_delta else None
        weights = self.bones.weights(points, self.bones.to_bone(posed.transforms), delta)
        moved = move_back(points, blended(weights, posed.duals[:, self.bones.joints]))
        size = points.new_zeros(()) if delta is None else delta.square().mean()
        return moved, weights, size

    def _reach(self, posed: Posed, origin: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
        """Depths between which a ray may meet the body: where it passes a bone's sphere."""
        chosen = posed.transforms[:, self.bones.joints]
        centres = (chosen[..., :3, :3] @ self.bones.centres[..., None])[..., 0] + chosen[..., :3, 3]
        radius = (BONE_REACH * self.bones.log_scales.exp().amax(-1)).clamp(0.07, 0.45)
        to_centre = centres - origin
        square = directions.square().sum(-1, keepdim=True)
        along = (directions @ to_centre.transpose(-1, -2)) / square
        apart = to_centre.square().sum(-1)[:, None] - along.square() * square
        half = ((radius.square() - apart).clamp_min(0) / square).sqrt()
        is_hit = half > 0
        near = torch.where(is_hit, along - half, torch.inf).amin(-1)
        far = torch.where(is_hit, along + half, -torch.inf).amax(-1)
        middle = along.mean(-1)
        is_any = is_hit.any(-1)
        near = torch.where(is_any, near, middle - 0.2).clamp_min(0.02)
        return near, torch.maximum(torch.where(is_any, far, middle + 0.2), near + 0.02)


def _points(origin: Tensor, directions: Tensor, depths: Tensor) -> Float[Tensor, "frames points 3"]:
    return (origin[:, :, None] + depths[..., None] * directions[:, :, None]).flatten(1, 2)


def _of_bones(bones: GaussianBones, grid: SdfGrid) -> np.ndarray:
    """The bones' ellipsoids in place of the mesh."""
    axes = [
        torch.arange(size, dtype=torch.float32) * grid.voxel + float(low)
        for size, low in zip(grid.values.shape[::-1], grid.low, strict=True)
    ]
    z, y, x = torch.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    points = torch.stack([x, y, z], -1).reshape(-1, 3)
    with torch.no_grad():
        values = torch.cat([bones.ellipsoid_sdf(part) for part in points.split(50_000)])
    return values.reshape(grid.values.shape).numpy()
