"""What refinement changes: the bodies of a window of frames as a start and a correction.

state = BodyState.of(model, results, shape)
bodies = state.bodies(body)                # Bodies: rotation, place, joints, code, vertices
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.body_torch import BodyTorch
from core.model import CategoryModel
from core.pipeline import root_pose
from core.results import Codes, FrameResult


@dataclass(frozen=True, eq=False)
class Bodies:
    """Bodies in camera space."""

    rotation: Float[Tensor, "frames 3 3"]
    place: Float[Tensor, "frames 3"]
    """log depth, x / z, y / z of the body's centre."""
    articulation: Float[Tensor, "frames articulation"]
    joints: Float[Tensor, "frames joints 3 3"]
    shape: Float[Tensor, " shape"]
    vertices: Float[Tensor, "frames verts 3"]

    def detached(self) -> "Bodies":
        """The same without gradients; safe to keep."""
        return Bodies(**{name: value.detach().clone() for name, value in vars(self).items()})

    def result(self, frame: int, start: FrameResult, centre: np.ndarray) -> FrameResult:
        """One frame as a result."""
        left, _, right = np.linalg.svd(self.rotation[frame].double().numpy())
        pose = root_pose(left @ right, self.place[frame].double().numpy(), centre)
        codes = Codes(self.articulation[frame].numpy(), self.shape.numpy(), start.codes.appearance)
        joints = self.joints[frame].double().numpy()
        return replace(start, root_to_cam=pose, joint_rotations=joints, codes=codes)


@dataclass(frozen=True, eq=False)
class BodyState:
    """Starts, and corrections that are learned; all corrections are 0 at first."""

    rotation: Float[Tensor, "frames 3 3"]
    place: Float[Tensor, "frames 3"]
    start_sigmas: Float[Tensor, "frames components"]
    """Articulation along the principal components, in standard deviations."""
    start_shape: Float[Tensor, " shape"]
    turn: Float[Tensor, "frames 3"]
    """Rotation vectors, applied in the camera about the body's centre."""
    move: Float[Tensor, "frames 3"]
    code: Float[Tensor, "frames components"]
    """In standard deviations, like `start_sigmas`."""
    bend: Float[Tensor, "frames joints 3"]
    """Rotation vectors of joints, beyond what the code expresses."""
    shape: Float[Tensor, " shape"]

    @classmethod
    def of(
        cls,
        model: CategoryModel,
        results: Sequence[FrameResult],
        shape: Float[np.ndarray, " shape"],
    ) -> "BodyState":
        """The start of some frames, with common proportions."""
        poses = np.stack([result.root_to_cam for result in results])
        centre = poses[:, :3, :3] @ model.centre + poses[:, :3, 3]
        depth = np.maximum(centre[:, 2], 1e-3)
        sigmas = np.stack([model.latent.sigmas_of(r.codes.articulation) for r in results])
        frames, joints = len(results), len(model.rig.skeleton.names)
        return cls(
            _tensor(poses[:, :3, :3]),
            _tensor(np.column_stack([np.log(depth), centre[:, 0] / depth, centre[:, 1] / depth])),
            _tensor(sigmas),
            _tensor(shape),
            _zeros(frames, 3), _zeros(frames, 3), _zeros(*sigmas.shape), _zeros(frames, joints, 3),
            _tensor(shape).requires_grad_(),
        )  # fmt: skip

    def bodies(self, body: BodyTorch) -> Bodies:
        """The corrected bodies."""
        rotation = exp_rotation(self.turn) @ self.rotation
        place = self.place + self.move
        code = body.code_of(self.sigmas)
        # The root's rotation is the root pose.
        bend = torch.cat([torch.zeros_like(self.bend[:, :1]), self.bend[:, 1:]], 1)
        joints = body.decode(code) @ exp_rotation(bend)
        shapes = self.shape.expand(len(code), -1)
        vertices = body.in_camera(rotation, place, joints, shapes)
        return Bodies(rotation, place, code, joints, self.shape, vertices)

    @property
    def sigmas(self) -> Float[Tensor, "frames components"]:
        """Articulation along the principal components, in standard deviations."""
        return self.start_sigmas + self.code

    def changes(self) -> Float[Tensor, "frames changes"]:
        """The corrections of each frame in comparable units."""
        parts = [self.turn, self.move, 0.3 * self.code, 0.5 * self.bend.flatten(1)]
        return torch.cat(parts, 1)


def exp_rotation(vector: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Rotation matrices of rotation vectors (Rodrigues); its gradient is finite at 0."""
    angle = (vector.square().sum(-1) + 1e-12).sqrt()[..., None, None]
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    half = torch.sin(angle / 2) / angle
    return torch.eye(3) + torch.sin(angle) / angle * skew + 2 * half * half * (skew @ skew)


def _zeros(*shape: int) -> Tensor:
    return torch.zeros(*shape, requires_grad=True)


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))
