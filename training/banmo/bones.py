"""Gaussian bones: which joint moves a point of space, for points that lie on no mesh.

bones = GaussianBones.of_rig(rig)
weights = bones.weights(points, bones.to_bone(skin_transforms))        # posed space
weights = bones.weights(points, bones.to_bone(None))                   # canonical space

Logits are minus squared distances in units of each bone's scale (METHODS 1.4), plus what a small
network adds.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.rig import Rig

LEAST_SCALE = 0.012
USED_SHARE = 1e-3
"""Joints that move less of the skin than this are left out."""


class GaussianBones(nn.Module):
    """Centres, axes and scales in canonical space; only the scales and centres are learned."""

    def __init__(
        self,
        joints: Float[np.ndarray, " bones"] | np.ndarray,
        centres: Float[np.ndarray, "bones 3"],
        axes: Float[np.ndarray, "bones 3 3"],
        scales: Float[np.ndarray, "bones 3"],
    ) -> None:
        super().__init__()
        self.register_buffer("joints", torch.from_numpy(np.array(joints, np.int64)))
        self.register_buffer("axes", torch.from_numpy(axes.astype(np.float32)))
        self.centres = nn.Parameter(torch.from_numpy(centres.astype(np.float32)))
        self.log_scales = nn.Parameter(torch.from_numpy(np.log(scales).astype(np.float32)))

    @classmethod
    def of_rig(cls, rig: Rig, fit_steps: int = 200) -> "GaussianBones":
        """Bones over what each joint of a rig moves, then fitted to its skinning weights."""
        used = np.flatnonzero(rig.weights.mean(0) > USED_SHARE)
        parts = [_spread(rig, int(joint)) for joint in used]
        centres, axes, scales = (np.stack(values) for values in zip(*parts, strict=True))
        bones = cls(used, centres, axes, scales)
        bones._fit(rig, fit_steps)
        return bones

    @property
    def count(self) -> int:
        return len(self.centres)

    def to_bone(
        self, transforms: Float[Tensor, "frames joints 4 4"] | None
    ) -> tuple[Float[Tensor, "frames rows 3"], Float[Tensor, "frames rows"]]:
        """Affine maps from posed (or canonical) space to bones' own units, three rows each."""
        turn = torch.exp(-self.log_scales)[..., None] * self.axes.transpose(-1, -2)
        shift = -(turn @ self.centres[..., None])[..., 0]
        if transforms is None:
            return turn.flatten(0, 1)[None], shift.flatten()[None]
        chosen = transforms[:, self.joints]
        inverse = chosen[..., :3, :3].transpose(-1, -2)
        origin = (inverse @ chosen[..., :3, 3:])[..., 0]
        posed = turn @ inverse
        moved = shift - (turn @ origin[..., None])[..., 0]
        return posed.flatten(1, 2), moved.flatten(1)

    def weights(
        self,
        points: Float[Tensor, "frames points 3"],
        to_bone: tuple[Tensor, Tensor],
        delta: Float[Tensor, "frames points bones"] | None = None,
    ) -> Float[Tensor, "frames points bones"]:
        """Softmax skinning weights."""
        turn, shift = to_bone
        local = torch.baddbmm(
            shift[:, None].expand(len(points), points.shape[1], -1),
            points,
            turn.transpose(-1, -2).expand(len(points), -1, -1),
        )
        logits = -local.square().unflatten(-1, (-1, 3)).sum(-1)
        return torch.softmax(logits if delta is None else logits + delta, -1)

    def weights_reference(
        self, point: Float[Tensor, " 3"], transforms: Float[Tensor, "joints 4 4"] | None = None
    ) -> Float[Tensor, " bones"]:
        """The slow, obvious twin of `weights`, for one point."""
        logits = []
        for bone, joint in enumerate(self.joints.tolist()):
            place = torch.cat([point, torch.ones(1)])
            if transforms is not None:
                place = torch.linalg.inv(transforms[joint]) @ place
            local = self.axes[bone].T @ (place[:3] - self.centres[bone])
            logits.append(-((local / self.log_scales[bone].exp()) ** 2).sum())
        return torch.softmax(torch.stack(logits), 0)

    def ellipsoid_sdf(self, points: Float[Tensor, "points 3"]) -> Float[Tensor, " points"]:
        """About the signed distance to the union of the bones: a start without any mesh."""
        turn, shift = self.to_bone(None)
        local = (points @ turn[0].T + shift[0]).unflatten(-1, (-1, 3))
        away = torch.linalg.vector_norm(points[:, None] - self.centres, dim=-1).clamp_min(1e-6)
        # Exact for spheres; along each ray from the centre for ellipsoids.
        distance = away - away / torch.linalg.vector_norm(local, dim=-1).clamp_min(1e-6)
        return distance.amin(-1)

    def _fit(self, rig: Rig, steps: int) -> None:
        """A softmax of Gaussians that says of the rest mesh what its weights say."""
        chosen = np.linspace(0, len(rig.vertices) - 1, min(1200, len(rig.vertices))).astype(int)
        points = torch.from_numpy(rig.vertices[chosen].astype(np.float32))[None]
        wanted = torch.from_numpy(rig.weights[chosen].astype(np.float32))[:, self.joints]
        wanted = wanted / wanted.sum(1, keepdim=True).clamp_min(1e-6)
        optimizer = torch.optim.Adam(
            [{"params": [self.log_scales], "lr": 0.02}, {"params": [self.centres], "lr": 1e-3}]
        )
        for _ in range(steps):
            given = self.weights(points, self.to_bone(None))[0]
            loss = -(wanted * given.clamp_min(1e-6).log()).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                self.log_scales.clamp_(float(np.log(LEAST_SCALE)), float(np.log(0.5)))
        self.zero_grad()


class DeltaSkin(nn.Module):
    """What is added to the logits: a small network of place and articulation code; 0 at first."""

    def __init__(self, bones: int, codes: int, hidden: int, scale: float = 0.5) -> None:
        super().__init__()
        self.place = nn.Linear(15, hidden)
        self.code = nn.Linear(codes, hidden, bias=False)
        self.out = nn.Linear(hidden, bones)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.scale = scale

    def forward(
        self, points: Float[Tensor, "frames points 3"], code: Float[Tensor, "frames codes"]
    ) -> Float[Tensor, "frames points bones"]:
        """Logits to add."""
        waves = [points * 2]
        for frequency in (4.0, 8.0):
            waves += [torch.sin(frequency * points), torch.cos(frequency * points)]
        hidden = self.place(torch.cat(waves, -1)) + self.code(code)[:, None]
        return self.scale * self.out(torch.relu(hidden))


def _spread(rig: Rig, joint: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted mean, principal axes and standard deviations of what a joint moves."""
    weight = rig.weights[:, joint].astype(float) ** 2
    weight /= weight.sum()
    centre = weight @ rig.vertices
    offset = rig.vertices - centre
    variance, axes = np.linalg.eigh((offset * weight[:, None]).T @ offset)
    axes[:, 0] *= np.sign(np.linalg.det(axes)) or 1.0
    return centre, axes, np.maximum(1.5 * np.sqrt(np.maximum(variance, 0)), LEAST_SCALE)
