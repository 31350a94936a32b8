"""The template body in torch, reduced to what the losses need: some vertices, all joints.

template = TemplateTorch.of(rig, space, decoder, appearance)
points = template.pose(template.decode(code), shape)     # (batch, points, 3), rig space
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.appearance import AppearanceBasis
from core.articulation import ArticulationDecoder
from core.kinematics_torch import (
    forward_kinematics,
    rotation_6d_to_matrix,
    skin_linear,
    skin_transforms,
)
from core.model import body_centre
from core.rig import Rig
from core.shape_space import ShapeSpace
from core.spread_points import spread_vertices
from training.articulation import skin_levers


class TemplateTorch(nn.Module):
    """Constants of the template as buffers; nothing here learns."""

    def __init__(
        self,
        rig: Rig,
        space: ShapeSpace,
        decoder: ArticulationDecoder,
        appearance: AppearanceBasis,
        point_count: int = 320,
    ) -> None:
        super().__init__()
        self.skeleton = rig.skeleton
        chosen = spread_vertices(rig, point_count)
        rest = rig.skeleton.rest_joint_to_rig
        offsets = rig.vertices - body_centre(rig)
        lever = skin_levers(rig) ** 2
        spread = (appearance.components**2).mean((1, 2))
        constants = {
            "vertices": rig.vertices[chosen],
            "weights": rig.weights[chosen],
            "rest_rotations": rest[:, :3, :3],
            "rest_places": rest[:, :3, 3],
            "shape_vertices": space.vertices[:, chosen],
            "shape_places": space.joints,
            "centre": body_centre(rig),
            "inertia": offsets.T @ offsets / len(offsets),
            "joint_share": lever / lever.sum() + 0.2 / len(lever),
            "color_spread": spread,
        }
        constants |= {f"decoder_{name}": value for name, value in vars(decoder).items()}
        for name, value in constants.items():
            self.register_buffer(name, torch.from_numpy(np.asarray(value)).float())

    def decode(
        self, code: Float[Tensor, "batch articulation"]
    ) -> Float[Tensor, "batch joints 3 3"]:
        """The twin of `ArticulationDecoder.decode`, with gradients."""
        hidden = torch.tanh(code @ self.decoder_hidden_weight.T + self.decoder_hidden_bias)
        six = (
            self.decoder_mean + code @ self.decoder_linear.T + hidden @ self.decoder_output_weight.T
        )
        rotations = rotation_6d_to_matrix(six.view(len(code), -1, 6))
        root = torch.eye(3, device=code.device).expand(len(code), 1, 3, 3)
        return torch.cat([root, rotations[:, 1:]], 1)

    def pose(
        self, rotations: Float[Tensor, "batch joints 3 3"], shape: Float[Tensor, "batch shape"]
    ) -> Float[Tensor, "batch points 3"]:
        """The chosen vertices of bodies of some shape in some pose, rig space."""
        rest = self._rest(shape)
        parents = torch.tensor(self.skeleton.parents[1:])
        local = torch.cat([rest[:, :1], rigid_inverse(rest[:, parents]) @ rest[:, 1:]], 1)
        posed = forward_kinematics(self.skeleton, rotations, local)
        points = self.vertices + torch.einsum("bs,sva->bva", shape, self.shape_vertices)
        return skin_linear(points, self.weights, skin_transforms(self.skeleton, posed, rest))

    def _rest(self, shape: Float[Tensor, "batch shape"]) -> Float[Tensor, "batch joints 4 4"]:
        places = self.rest_places + torch.einsum("bs,sja->bja", shape, self.shape_places)
        rest = torch.zeros(len(shape), len(self.skeleton.parents), 4, 4, device=shape.device)
        rest[:, :, :3, :3] = self.rest_rotations
        rest[:, :, :3, 3] = places
        rest[:, :, 3, 3] = 1.0
        return rest

    def color_error(self, difference: Float[Tensor, "batch appearance"]) -> Float[Tensor, " batch"]:
        """Mean squared colour error over vertices of a code error (components are orthogonal)."""
        return (difference.square() * self.color_spread).sum(1)


def rigid_inverse(transforms: Float[Tensor, "*batch 4 4"]) -> Float[Tensor, "*batch 4 4"]:
    """Inverse of rotations with translations."""
    rotation = transforms[..., :3, :3].transpose(-1, -2)
    inverse = torch.zeros_like(transforms)
    inverse[..., :3, :3] = rotation
    inverse[..., :3, 3] = -(rotation @ transforms[..., :3, 3:])[..., 0]
    inverse[..., 3, 3] = 1.0
    return inverse
