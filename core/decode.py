"""From codes to a posed mesh: the last stages before drawing.

mesh = posed_mesh(model, result)           # camera space, rig units
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.kinematics import forward_kinematics, skin_transforms
from core.model import CategoryModel
from core.results import FrameResult
from core.rig import Rig
from core.skin import skin_dual_quaternion


@dataclass(frozen=True, eq=False)
class PosedMesh:
    """A body in one pose."""

    vertices: Float[np.ndarray, "verts 3"]
    """Camera space, float32."""
    joint_to_rig: Float[np.ndarray, "joints 4 4"]
    skin_transforms: Float[np.ndarray, "joints 4 4"]
    """Rest to posed, in rig space."""


def pose_rig(
    rig: Rig,
    joint_rotations: Float[np.ndarray, "joints 3 3"],
    root_to_cam: Float[np.ndarray, "4 4"],
) -> PosedMesh:
    """Pose the rest mesh by dual-quaternion skinning; the root pose acts last (DESIGN 4)."""
    joint_to_rig = forward_kinematics(rig.skeleton, joint_rotations)
    transforms = skin_transforms(rig.skeleton, joint_to_rig)
    posed = skin_dual_quaternion(rig.vertices, rig.weights, transforms)
    in_camera = posed @ root_to_cam[:3, :3].T + root_to_cam[:3, 3]
    return PosedMesh(in_camera.astype(np.float32), joint_to_rig, transforms)


def posed_mesh(model: CategoryModel, result: FrameResult) -> PosedMesh:
    """The mesh of one frame's result."""
    rig = model.rig_of(result.codes.shape)
    return pose_rig(rig, result.joint_rotations, result.root_to_cam)
