"""A fitted teacher's frames as bodies that are scored like any others.

bodies = teacher_bodies(teacher, rest, clip, first)       # in the pictures that prepare kept
bodies = key_frame_bodies(teacher, rest, clip, first, real_clip)
"""

import numpy as np
import torch
from jaxtyping import Int

from core.camera import Camera
from training.banmo.extract import RestSurface, frame_vertices, learned_camera
from training.banmo.teacher import Teacher
from training.evaluation.annotations import RealClip
from training.evaluation.bodies import Bodies
from training.prepare.prepared_clip import PreparedClip

NEAR_FRAMES = 3
"""A key frame that was not kept is shown by a kept one this near."""


def teacher_bodies(
    teacher: Teacher,
    rest: RestSurface,
    clip: PreparedClip,
    first: int,
    frames: Int[np.ndarray, " frames"] | None = None,
) -> Bodies:
    """Frames of a clip in its camera as fitted; `first` is the clip's first frame of all."""
    chosen = np.arange(len(clip.rgb)) if frames is None else frames
    index = first + chosen
    with torch.no_grad():
        posed = teacher.poses.at(torch.from_numpy(index))
        joints = posed.to_camera(posed.joint_to_rig[..., :3, 3]).numpy()
        root = np.tile(np.eye(4), (len(chosen), 1, 1))
        root[:, :3, :3], root[:, :3, 3] = posed.rotation.numpy(), posed.origin.numpy()
    return Bodies(
        camera=learned_camera(teacher, first, clip.image_size),
        faces=rest.faces,
        vertices=frame_vertices(teacher, rest, index),
        is_covered=clip.is_usable[chosen],
        root_to_cam=root,
        joints=joints,
        joint_names=teacher.rig.skeleton.names,
    )


def key_frame_bodies(
    teacher: Teacher, rest: RestSurface, clip: PreparedClip, first: int, real: RealClip
) -> Bodies:
    """The kept frames nearest to the annotated ones, in the video's own pixels.

    Where none is near, the frame counts as not covered.
    """
    wanted = np.array([key.index for key in real.key_frames])
    apart = np.abs(clip.frame_index[None] - wanted[:, None])
    bodies = teacher_bodies(teacher, rest, clip, first, apart.argmin(1))
    scale = real.width_px / clip.image_size[0]
    K = np.diag([scale, scale, 1.0]) @ bodies.camera.K
    return Bodies(
        camera=Camera(K, real.width_px, real.height_px),
        faces=bodies.faces,
        vertices=bodies.vertices,
        is_covered=bodies.is_covered & (apart.min(1) <= NEAR_FRAMES),
        root_to_cam=bodies.root_to_cam,
        joints=bodies.joints,
        joint_names=bodies.joint_names,
    )
