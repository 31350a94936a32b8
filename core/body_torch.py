"""A category model's body in torch: from codes to camera-space vertices, batched, with gradients.

    body = BodyTorch.of(model)
    vertices = body.in_camera(root_rotation, place, body.decode(articulation), shape)

The twin of `CategoryModel.joint_rotations` + `core.decode.posed_mesh`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.kinematics_torch import (
    forward_kinematics,
    rotation_6d_to_matrix,
    skin_dual_quaternion,
    skin_transforms,
)
from core.model import CategoryModel
from core.rig import Skeleton


@dataclass(frozen=True, eq=False)
class BodyTorch:
    """Constants of a body, float32."""

    skeleton: Skeleton
    centre: Float[Tensor, " 3"]
    vertices: Float[Tensor, "verts 3"]
    weights: Float[Tensor, "verts joints"]
    rest: Float[Tensor, "joints 4 4"]
    shape_vertices: Float[Tensor, "shape verts 3"]
    shape_joints: Float[Tensor, "shape joints 3"]
    decoder: dict[str, Tensor]
    code_mean: Float[Tensor, " articulation"]
    code_per_sigma: Float[Tensor, "components articulation"]

    @classmethod
    def of(cls, model: CategoryModel) -> "BodyTorch":
        """The body of a model."""
        rig, decoder = model.rig, model.articulation
        return cls(
            rig.skeleton,
            _tensor(model.centre),
            _tensor(rig.vertices),
            _tensor(rig.weights),
            _tensor(rig.skeleton.rest_joint_to_rig),
            _tensor(model.shape.vertices),
            _tensor(model.shape.joints),
            {name: _tensor(value) for name, value in vars(decoder).items()},
            _tensor(model.latent.mean),
            _tensor(model.latent.std[:, None] * model.latent.components),
        )

    def code_of(
        self, sigmas: Float[Tensor, "frames components"]
    ) -> Float[Tensor, "frames articulation"]:
        """The twin of `LatentStatistics.code_of`."""
        return self.code_mean + sigmas @ self.code_per_sigma

    def decode(
        self, code: Float[Tensor, "frames articulation"]
    ) -> Float[Tensor, "frames joints 3 3"]:
        """Joint rotations of articulation codes."""
        weights = self.decoder
        hidden = torch.tanh(code @ weights["hidden_weight"].T + weights["hidden_bias"])
        six = weights["mean"] + code @ weights["linear"].T + hidden @ weights["output_weight"].T
        rotations = rotation_6d_to_matrix(six.view(len(code), -1, 6))
        root = torch.eye(3).expand(len(code), 1, 3, 3)
        return torch.cat([root, rotations[:, 1:]], 1)

    def in_rig(
        self,
        joint_rotations: Float[Tensor, "frames joints 3 3"],
        shape: Float[Tensor, "frames shape"],
    ) -> Float[Tensor, "frames verts 3"]:
        """Posed vertices in rig space."""
        rest = self._rest(shape)
        parents = list(self.skeleton.parents[1:])
        local = torch.cat([rest[:, :1], torch.linalg.inv(rest[:, parents]) @ rest[:, 1:]], 1)
        posed = forward_kinematics(self.skeleton, joint_rotations, local)
        vertices = self.vertices + torch.einsum("fs,sva->fva", shape, self.shape_vertices)
        transforms = skin_transforms(self.skeleton, posed, rest)
        return skin_dual_quaternion(vertices, self.weights, transforms)

    def in_camera(
        self,
        root_rotation: Float[Tensor, "frames 3 3"],
        place: Float[Tensor, "frames 3"],
        joint_rotations: Float[Tensor, "frames joints 3 3"],
        shape: Float[Tensor, "frames shape"],
    ) -> Float[Tensor, "frames verts 3"]:
        """Posed vertices in camera space; `place` is log depth, x / z, y / z of the centre."""
        depth = place[:, :1].exp()
        centre = depth * torch.cat([place[:, 1:], torch.ones_like(depth)], 1)
        from_centre = self.in_rig(joint_rotations, shape) - self.centre
        return from_centre @ root_rotation.transpose(-1, -2) + centre[:, None]

    def _rest(self, shape: Float[Tensor, "frames shape"]) -> Float[Tensor, "frames joints 4 4"]:
        moved = torch.einsum("fs,sja->fja", shape, self.shape_joints)
        places = self.rest[:, :3, 3] + moved
        turned = self.rest[:, :3, :3].expand(len(shape), -1, 3, 3)
        top = torch.cat([turned, places[..., None]], -1)
        bottom = self.rest[:, 3:].expand(len(shape), -1, 1, 4)
        return torch.cat([top, bottom], -2)


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
