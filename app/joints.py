"""Where the joints of a result are: in the camera and in the picture."""

from typing import Any

import numpy as np
from jaxtyping import Float

from core.camera import Camera
from core.kinematics import forward_kinematics
from core.results import FrameResult


def joints_in_camera(model: Any, result: FrameResult) -> Float[np.ndarray, "joints 3"]:
    """Positions of all joints in camera space, rig units."""
    rig = model.rig_of(result.codes.shape)
    positions = forward_kinematics(rig.skeleton, result.joint_rotations)[:, :3, 3]
    return positions @ result.root_to_cam[:3, :3].T + result.root_to_cam[:3, 3]


def joints_in_image(
    model: Any, result: FrameResult
) -> tuple[Float[np.ndarray, "joints 2"], tuple[int, ...]]:
    """Pixel positions of all joints, and each one's parent."""
    camera = Camera(result.K, *result.image_size)
    points = joints_in_camera(model, result).astype(np.float64)
    points[:, 2] = np.maximum(points[:, 2], 1e-3)
    return camera.project(points), model.rig.skeleton.parents
