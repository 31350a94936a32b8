"""A short clip of the made-up dog trotting past, with its truth."""

from dataclasses import replace

import numpy as np

from core.camera import Camera
from core.decode import pose_rig
from core.rig import Rig
from tests.training.made_dog import made_dog
from training.clip import Clip, ClipTruth
from training.rasterize import rasterize_silhouette

CAMERA = Camera.from_fov(96, 72)
FRAMES = 6


def facing(yaw_rad: float, x: float = 0.0, z: float = 2.0) -> np.ndarray:
    """root_to_cam of a body on the ground; 0: it looks at the camera, pi / 2: to the right."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    upright = np.diag([1.0, -1, -1])
    rotation = upright @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = np.array([x, 0, z]) - rotation @ [0, 0.45, 0]
    return pose


def made_clip(rig: Rig | None = None) -> tuple[Clip, list[np.ndarray]]:
    """Six frames with swinging front legs, a turning body and flat colours."""
    rig = rig or made_dog()
    joints = len(rig.skeleton.names)
    vertices, places, roots, masks, pictures = [], [], [], [], []
    for frame in range(FRAMES):
        rotations = np.tile(np.eye(3), (joints, 1, 1))
        swing = 0.5 * np.sin(2.1 * frame + 0.6)
        rotations[4] = _about_x(swing)
        rotations[6] = _about_x(-swing)
        root = facing(np.pi / 2 + 0.2 * frame, x=0.1 * frame - 0.2)
        posed = pose_rig(rig, rotations, root)
        vertices.append(posed.vertices)
        places.append(posed.joint_to_rig[:, :3, 3] @ root[:3, :3].T + root[:3, 3])
        roots.append(root)
        mask = rasterize_silhouette(posed.vertices, rig.faces, CAMERA)
        masks.append(mask.astype(np.uint8) * 255)
        pictures.append(np.where(mask[..., None], 150, 60).repeat(3, 2).astype(np.uint8))
    truth = ClipTruth(
        np.stack(vertices), rig.faces, np.stack(places), rig.skeleton.names, np.stack(roots),
        rig.vertices,
    )  # fmt: skip
    clip = Clip(
        "trot", "dog", rig.name, "made", 0, 15.0, CAMERA.K,
        (CAMERA.width_px, CAMERA.height_px), np.stack(masks), 0.8, truth,
    )  # fmt: skip
    return clip, pictures


def lifted(clip: Clip, by: float) -> np.ndarray:
    """The truth's vertices moved up the picture; for tests that need a known error."""
    assert clip.truth is not None
    return clip.truth.vertices + np.array([0, -by, 0], np.float32)


def without_unit(clip: Clip) -> Clip:
    """The same clip of unknown real size."""
    return replace(clip, metres_per_unit=None)


def _about_x(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
