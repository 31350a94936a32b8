"""Where the body is in every frame: root poses, articulation codes, proportions, cameras.

poses = Poses(start, rig)
posed = poses.at(frames)                   # Posed: transforms, duals, root, focal length

Frames of all clips lie one after the other; `clip_of[frame]` says whose they are.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from core.articulation import ArticulationDecoder
from core.body_state_torch import exp_rotation
from core.kinematics_torch import forward_kinematics, rotation_6d_to_matrix, skin_transforms
from core.rig import Skeleton
from training.banmo.fields import APPEARANCE
from training.banmo.warp import aligned_duals


@dataclass(frozen=True, eq=False)
class PoseStart:
    """What the student says of all clips' frames."""

    clip_of: Int[np.ndarray, " frames"]
    rotation: Float[np.ndarray, "frames 3 3"]
    """root_to_cam's."""
    place: Float[np.ndarray, "frames 3"]
    """log depth, x / z, y / z of the body's centre."""
    code: Float[np.ndarray, "frames articulation"]
    focal_px: Float[np.ndarray, " clips"]
    middle_px: Float[np.ndarray, "clips 2"]
    centre: Float[np.ndarray, " 3"]
    """The point of rig space that `place` places."""
    is_known: Bool[np.ndarray, " frames"]
    """False: nothing was found; the pose is a neighbour's."""


@dataclass(frozen=True, eq=False)
class Posed:
    """Some frames' bodies and cameras."""

    transforms: Float[Tensor, "frames joints 4 4"]
    """Canonical to rig space."""
    joint_to_rig: Float[Tensor, "frames joints 4 4"]
    duals: Float[Tensor, "frames joints 8"]
    rotation: Float[Tensor, "frames 3 3"]
    origin: Float[Tensor, "frames 3"]
    """root_to_cam's translation."""
    focal_px: Float[Tensor, " frames"]
    middle_px: Float[Tensor, "frames 2"]
    code: Float[Tensor, "frames articulation"]
    appearance: Float[Tensor, "frames appearance"]

    def to_camera(self, points: Float[Tensor, "frames points 3"]) -> Tensor:
        """Rig space to camera space."""
        return points @ self.rotation.transpose(-1, -2) + self.origin[:, None]

    def to_rig(self, points: Float[Tensor, "frames points 3"]) -> Tensor:
        """Camera space to rig space."""
        return (points - self.origin[:, None]) @ self.rotation

    def project(self, points: Float[Tensor, "frames points 3"]) -> Float[Tensor, "frames points 2"]:
        """Camera space to pixels."""
        depth = points[..., 2:].clamp_min(1e-2)
        return points[..., :2] / depth * self.focal_px[:, None, None] + self.middle_px[:, None]

    def rays(self, pixels: Float[Tensor, "frames points 2"]) -> Float[Tensor, "frames points 3"]:
        """Directions of pixels, of depth 1."""
        flat = (pixels - self.middle_px[:, None]) / self.focal_px[:, None, None]
        return torch.cat([flat, torch.ones_like(flat[..., :1])], -1)

    def __getitem__(self, rows: slice) -> "Posed":
        return Posed(**{name: value[rows] for name, value in vars(self).items()})


class Poses(nn.Module):
    """All that is learned of frames and clips."""

    def __init__(self, start: PoseStart, skeleton: Skeleton, decoder: ArticulationDecoder) -> None:
        super().__init__()
        self.skeleton = skeleton
        clips, frames, joints = len(start.focal_px), len(start.clip_of), len(skeleton.names)
        for name in ("rotation", "focal_px", "middle_px", "centre"):
            self.register_buffer(f"start_{name}", _tensor(getattr(start, name)))
        self.register_buffer("start_code", _tensor(start.code))
        self.register_buffer("clip_of", torch.from_numpy(start.clip_of.astype(np.int64)))
        self.register_buffer("rest_local", _tensor(skeleton.rest_joint_to_parent))
        self.register_buffer("rest", _tensor(skeleton.rest_joint_to_rig))
        self.turn = nn.Parameter(torch.zeros(frames, 3))
        self.place = nn.Parameter(_tensor(start.place))
        self.code = nn.Parameter(_tensor(start.code))
        self.appearance = nn.Parameter(0.01 * torch.randn(frames, APPEARANCE))
        self.log_length = nn.Parameter(torch.zeros(clips, joints))
        self.log_focal = nn.Parameter(torch.zeros(clips))
        self.middle_shift = nn.Parameter(torch.zeros(clips, 2))
        self.decoder = nn.ParameterDict(
            {name: nn.Parameter(_tensor(value)) for name, value in vars(decoder).items()}
        )

    @property
    def frame_count(self) -> int:
        return len(self.turn)

    def decode(self, code: Float[Tensor, "frames articulation"]) -> Tensor:
        """MLP_art: rotations of all joints; the root's is the root pose."""
        net = self.decoder
        hidden = torch.tanh(code @ net["hidden_weight"].T + net["hidden_bias"])
        six = net["mean"] + code @ net["linear"].T + hidden @ net["output_weight"].T
        rotations = rotation_6d_to_matrix(six.view(len(code), -1, 6))
        root = torch.eye(3).to(rotations).expand(len(code), 1, 3, 3)
        return torch.cat([root, rotations[:, 1:]], 1)

    def lengths(self) -> Float[Tensor, "clips joints"]:
        """Factors of bone lengths; left and right are the same."""
        mirror = list(self.skeleton.mirror)
        return (0.5 * (self.log_length + self.log_length[:, mirror])).exp()

    def local(self, clips: Int[Tensor, " frames"]) -> Float[Tensor, "frames joints 4 4"]:
        """Rest joint_to_parent with each clip's bone lengths."""
        factor = torch.ones(len(clips), len(self.skeleton.names), 4, 4).to(self.rest_local)
        column = self.lengths()[clips]
        # The root's place is the root pose's.
        column = torch.cat([torch.ones_like(column[:, :1]), column[:, 1:]], 1)
        scale = torch.cat([factor[..., :3, :3], column[..., None, None].expand(-1, -1, 3, 1)], -1)
        return torch.cat([self.rest_local[:, :3] * scale,
                          self.rest_local[:, 3:].expand(len(clips), -1, -1, -1)], -2)  # fmt: skip

    def at(self, frames: Int[Tensor, " frames"]) -> Posed:
        """Bodies and cameras of some frames."""
        clips = self.clip_of[frames]
        joint_to_rig = forward_kinematics(
            self.skeleton, self.decode(self.code[frames]), self.local(clips)
        )
        transforms = skin_transforms(self.skeleton, joint_to_rig, self.rest)
        rotation = self.rotations(frames)
        place = self.place[frames]
        depth = place[:, :1].exp()
        centre = depth * torch.cat([place[:, 1:], torch.ones_like(depth)], 1)
        origin = centre - rotation @ self.start_centre
        focal = self.start_focal_px[clips] * self.log_focal[clips].clamp(-0.5, 0.5).exp()
        middle = self.start_middle_px[clips] + 50 * self.middle_shift[clips]
        return Posed(
            transforms, joint_to_rig, aligned_duals(transforms, self.skeleton.parents),
            rotation, origin, focal, middle, self.code[frames], self.appearance[frames],
        )  # fmt: skip

    def rotations(self, frames: Int[Tensor, " frames"]) -> Float[Tensor, "frames 3 3"]:
        """Rotations of root_to_cam."""
        return exp_rotation(self.turn[frames]) @ self.start_rotation[frames]


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
