"""A small made-up rig (an arm of three joints) and results that move it."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from core.export.take import Take
from core.results import Codes, FrameResult, Mask, RootHypotheses
from core.rig import Rig, Skeleton


def arm_rig(rings: int = 13, sides: int = 6) -> Rig:
    """An upright tube of height 1, bent by three joints, with soft weights."""
    heights = np.linspace(0, 1, rings)
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    grid_h, grid_a = (values.ravel() for values in np.meshgrid(heights, angles, indexing="ij"))
    vertices = np.stack([0.1 * np.sin(grid_a), grid_h, 0.1 * np.cos(grid_a)], 1)
    rest = np.tile(np.eye(4), (3, 1, 1))
    rest[:, 1, 3] = [0.0, 1 / 3, 2 / 3]
    rest[2, :3, :3] = Rotation.from_euler("y", 30, degrees=True).as_matrix()
    skeleton = Skeleton(("body", "lower.arm", "lower_arm"), (-1, 0, 1), rest, (0, 1, 2))
    distance = np.abs(grid_h[:, None] - np.array([1 / 6, 1 / 2, 5 / 6]))
    weights = np.exp(-((distance / 0.15) ** 2))
    weights /= weights.sum(1, keepdims=True)
    return Rig(
        name="arm",
        skeleton=skeleton,
        vertices=vertices.astype(np.float32),
        faces=_tube_faces(rings, sides),
        weights=weights.astype(np.float32),
        colors=np.stack([grid_h, 1 - grid_h, np.full_like(grid_h, 0.5)], 1).astype(np.float32),
        metres_per_unit=0.5,
    )


def _tube_faces(rings: int, sides: int) -> np.ndarray:
    ring, side = (values.ravel() for values in np.meshgrid(range(rings - 1), range(sides)))
    following = (side + 1) % sides
    a, b = ring * sides + side, ring * sides + following
    c, d = a + sides, b + sides
    return np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)]).astype(np.int32)


def arm_rotations(time_s: float) -> np.ndarray:
    """Bending of the three joints; the root stays."""
    angles = [0.0, 1.2 * np.sin(2.0 * time_s), 1.0 * np.sin(3.0 * time_s + 0.5)]
    return Rotation.from_rotvec(np.outer(angles, [0.6, 0.0, 0.8])).as_matrix()


def arm_root_to_cam(time_s: float) -> np.ndarray:
    """Upright before an OpenCV camera (y down), wandering and turning."""
    upright = np.diag([1.0, -1.0, -1.0])
    pose = np.eye(4)
    pose[:3, :3] = upright @ Rotation.from_euler("y", 0.8 * time_s).as_matrix()
    pose[:3, 3] = [0.3 * time_s, 0.4 + 0.05 * np.sin(9 * time_s), 3.0 + 0.2 * time_s]
    return pose


def make_result(frame_index: int, *, is_covered: bool = True, time_s: float | None = None):
    """A result for the arm at 30 frames a second."""
    time_s = frame_index / 30 if time_s is None else time_s
    pose = arm_root_to_cam(time_s)
    alpha = np.zeros((48, 64), np.uint8)
    alpha[10:30, 20 + frame_index % 10 : 40] = 255
    return FrameResult(
        frame_index=frame_index,
        time_s=time_s,
        is_covered=is_covered,
        confidence=0.9 if is_covered else 0.0,
        box=(20.0, 10.0, 40.0, 30.0) if is_covered else None,
        mask=Mask(alpha, 0.8) if is_covered else None,
        K=np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]]),
        image_size=(64, 48),
        root_to_cam=pose,
        joint_rotations=arm_rotations(time_s).astype(np.float32),
        codes=Codes(
            np.sin(np.arange(16) + time_s).astype(np.float32),
            np.array([0.1 * time_s, -0.2], np.float32),
            np.cos(np.arange(64) * time_s).astype(np.float32),
        ),
        hypotheses=RootHypotheses(np.stack([pose] * 2), np.array([0.75, 0.25])),
        stage_ms={"student": 4.25, "crop": 0.5},
    )


def make_take(frame_count: int, **changes) -> Take:
    """The arm's motion at 30 frames a second."""
    times_s = np.arange(frame_count) / 30
    take = Take(
        name="walk",
        body=arm_rig(),
        frame_index=np.arange(frame_count),
        times_s=times_s,
        is_covered=np.ones(frame_count, bool),
        confidence=np.full(frame_count, 0.9),
        joint_rotations=np.stack([arm_rotations(time_s) for time_s in times_s]),
        root_to_cam=np.stack([arm_root_to_cam(time_s) for time_s in times_s]),
        articulation=np.zeros((frame_count, 16)),
        K=np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]]),
        image_size=(64, 48),
        facts={"model": "arm"},
    )
    return replace(take, **changes)


def dense_chain_take(frame_count: int) -> Take:
    """A longer chain whose vertices follow every joint, as in a softmax over bone distances."""
    joints, rings, sides = 9, 25, 6
    rig = arm_rig(rings, sides)
    rest = np.tile(np.eye(4), (joints, 1, 1))
    rest[:, 1, 3] = np.linspace(0, 0.9, joints)
    names = tuple(f"spine_{joint}" for joint in range(joints))
    skeleton = Skeleton(names, (-1, *range(joints - 1)), rest, tuple(range(joints)))
    distance = rig.vertices[:, 1:2] - (rest[:, 1, 3] + 0.05)
    weights = np.exp(-((distance / 0.22) ** 2))
    weights /= weights.sum(1, keepdims=True)
    body = replace(rig, skeleton=skeleton, weights=weights.astype(np.float32))
    times_s = np.arange(frame_count) / 30
    angles = 0.35 * np.sin(4 * times_s[:, None] + 0.7 * np.arange(joints))
    angles[:, 0] = 0
    turns = Rotation.from_rotvec((angles[..., None] * [0.8, 0.0, 0.6]).reshape(-1, 3))
    rotations = turns.as_matrix().reshape(frame_count, joints, 3, 3)
    return make_take(frame_count, body=body, joint_rotations=rotations)
