"""Which pose is drawn: the frame's own, that of frozen sliders, or rest."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from app.explore import ExploreState
from core.camera import Camera
from core.results import Codes, FrameResult

OPENGL_FROM_OPENCV = np.diag([1.0, -1.0, -1.0])


def rest_result(model: Any) -> FrameResult:
    """A result without a video: the mean pose, facing a plain camera."""
    codes = np.array(model.latent.code_of(np.zeros(len(model.latent.variance_share))))
    camera = Camera.from_fov(640, 480)
    root_to_cam = np.eye(4)
    root_to_cam[:3, :3] = OPENGL_FROM_OPENCV
    root_to_cam[:3, 3] = [0.0, 0.4, 2.4]
    return FrameResult(
        frame_index=0,
        time_s=0.0,
        is_covered=False,
        confidence=0.0,
        box=None,
        mask=None,
        K=camera.K,
        image_size=(640, 480),
        root_to_cam=root_to_cam,
        joint_rotations=model.joint_rotations(codes),
        codes=Codes(codes, np.zeros(model.shape_count), np.zeros(len(model.appearance.components))),
    )


def explored(model: Any, result: FrameResult, explore: ExploreState) -> FrameResult:
    """The result with the pose of frozen sliders in place of its own."""
    if not explore.is_frozen:
        return result
    code = explore.code(model.latent)
    return dataclasses.replace(
        result,
        joint_rotations=model.joint_rotations(code),
        codes=dataclasses.replace(result.codes, articulation=code),
    )


def heading_rad(root_to_cam: Float[np.ndarray, "4 4"]) -> float:
    """Where the body faces on the ground, the camera taken as level; 0 is towards the camera."""
    facing = OPENGL_FROM_OPENCV @ root_to_cam[:3, 2]
    return float(np.arctan2(facing[0], facing[2]))


def standing(heading: float) -> Float[np.ndarray, "4 4"]:
    """root_to_world of a body that stands on the ground and faces that way."""
    turn = np.eye(4)
    turn[0, [0, 2]] = np.cos(heading), np.sin(heading)
    turn[2, [0, 2]] = -np.sin(heading), np.cos(heading)
    return turn
