"""A tiny teacher of the made-up dog: six true frames, a decoder of two numbers that matter."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.articulation import ArticulationDecoder
from core.rig import Rig
from core.rotations import matrix_from_axis_angle, sixd_from_matrix
from tests.training.made_clips import made_clip
from tests.training.made_dog import made_dog
from training.banmo.config import TeacherConfig
from training.banmo.poses import PoseStart
from training.banmo.ray_pool import RayPool
from training.banmo.teacher import TeacherStart
from training.prepare.prepared_clip import ClipFlow, PreparedClip

TINY = replace(
    TeacherConfig(), frames_per_step=3, rays_per_frame=24, coarse_samples=12, fine_samples=8,
    voxel=0.05, hidden=8, threads=1, minutes=0.05,
)  # fmt: skip


def swing_decoder(rig: Rig) -> ArticulationDecoder:
    """Code 0 swings the left front leg, code 1 the right one, both about x."""
    joints = len(rig.skeleton.names)
    still = sixd_from_matrix(np.tile(np.eye(3), (joints, 1, 1))).reshape(-1)
    linear = np.zeros((6 * joints, 16), np.float32)
    small = sixd_from_matrix(matrix_from_axis_angle(np.array([0.5, 0, 0])))
    for code, joint in ((0, 4), (1, 6)):
        linear[6 * joint : 6 * joint + 6, code] = small - still[:6]
    return ArticulationDecoder(
        still.astype(np.float32), linear, np.zeros((4, 16), np.float32),
        np.zeros(4, np.float32), np.zeros((6 * joints, 4), np.float32),
    )  # fmt: skip


@lru_cache(maxsize=1)
def made_prepared() -> PreparedClip:
    """The trotting dog as a prepared clip whose flow is not believed."""
    clip, pictures = made_clip()
    count, (width, height) = clip.frame_count, clip.image_size
    flow = np.zeros((count - 1, height, width, 2), np.float16)
    sure = np.zeros((count - 1, height, width), np.uint8)
    return PreparedClip(
        "trot", "made", np.arange(count), np.arange(count) / 15.0, clip.K, np.stack(pictures),
        clip.masks, ClipFlow(flow, flow, sure, sure),
    )  # fmt: skip


def made_start(noise: float = 0.0) -> TeacherStart:
    """The true poses, turned and moved a little."""
    rig, (clip, _) = made_dog(), made_clip()
    assert clip.truth is not None
    rng = np.random.default_rng(0)
    centre = np.array([0, 0.45, 0])
    pose = clip.truth.root_to_cam
    middle = pose[:, :3, :3] @ centre + pose[:, :3, 3]
    place = np.column_stack([np.log(middle[:, 2]), middle[:, :2] / middle[:, 2:]])
    code = np.zeros((len(pose), 16))
    code[:, 0] = np.sin(2.1 * np.arange(len(pose)) + 0.6)
    code[:, 1] = -code[:, 0]
    poses = PoseStart(
        clip_of=np.zeros(len(pose), int),
        rotation=matrix_from_axis_angle(noise * rng.normal(size=(len(pose), 3))) @ pose[:, :3, :3],
        place=place + noise * rng.normal(size=place.shape),
        code=code,
        focal_px=clip.K[:1, 0],
        middle_px=clip.K[None, :2, 2],
        centre=centre,
        is_known=np.ones(len(pose), bool),
    )
    return TeacherStart(rig, swing_decoder(rig), poses)


def made_pool() -> RayPool:
    """Rays of the made clip."""
    return RayPool.of_clips([made_prepared()], 0)
