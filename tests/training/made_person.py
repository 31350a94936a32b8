"""A person of boxes with named joints and fingers; x: its own left, y: up, z: ahead."""

import numpy as np

from core.mirror import mirror_joints
from core.rig import MotionClip, Rig, Skeleton
from core.rig_import import ImportedRig
from core.rotations import matrix_from_axis_angle

# name, parent, place of the joint, low and high corner of its box
_LEFT = (
    ("upperarm_l", "chest", (0.1, 0.8, 0), (0.1, 0.77, -0.03), (0.25, 0.83, 0.03)),
    ("lowerarm_l", "upperarm_l", (0.25, 0.8, 0), (0.25, 0.77, -0.03), (0.4, 0.83, 0.03)),
    ("hand_l", "lowerarm_l", (0.4, 0.8, 0), (0.4, 0.77, -0.03), (0.45, 0.83, 0.03)),
    ("index_01_l", "hand_l", (0.45, 0.8, 0), (0.45, 0.79, -0.01), (0.5, 0.81, 0.01)),
    ("thigh_l", "pelvis", (0.06, 0.5, 0), (0.02, 0.28, -0.05), (0.1, 0.5, 0.05)),
    ("calf_l", "thigh_l", (0.06, 0.28, 0), (0.02, 0.05, -0.04), (0.1, 0.28, 0.04)),
    ("foot_l", "calf_l", (0.06, 0.05, 0), (0.02, 0.0, -0.04), (0.1, 0.05, 0.12)),
)
_MIDDLE = (
    ("pelvis", "", (0, 0.5, 0), (-0.1, 0.45, -0.06), (0.1, 0.6, 0.06)),
    ("chest", "pelvis", (0, 0.6, 0), (-0.12, 0.6, -0.07), (0.12, 0.84, 0.07)),
    ("Head", "chest", (0, 0.86, 0), (-0.06, 0.84, -0.07), (0.06, 1.0, 0.08)),
)
_QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
_BOX = [face for a, b, c, d in _QUADS for face in ((a, b, c), (a, c, d))]


def made_person() -> ImportedRig:
    """Seventeen boxes; one clip that waves the left arm, one that stands still."""
    parts = [*_MIDDLE, *_LEFT, *(_flipped(part) for part in _LEFT)]
    names = tuple(part[0] for part in parts)
    parents = tuple(names.index(part[1]) if part[1] else -1 for part in parts)
    rest = np.tile(np.eye(4), (len(parts), 1, 1))
    rest[:, :3, 3] = [part[2] for part in parts]
    skeleton = Skeleton(names, parents, rest, mirror_joints(names, parents, rest[:, :3, 3]))
    vertices = np.concatenate([_box(np.array(low), np.array(high)) for *_, low, high in parts])
    rig = Rig(
        "made_person", skeleton, vertices.astype(np.float32),
        np.concatenate([np.array(_BOX) + 8 * i for i in range(len(parts))]).astype(np.int32),
        np.repeat(np.eye(len(parts)), 8, axis=0).astype(np.float32),
        np.full((len(vertices), 3), 0.5, np.float32), 1.7,
    )  # fmt: skip
    return ImportedRig(rig, (_wave(skeleton), _still(skeleton)))


def _wave(skeleton: Skeleton) -> MotionClip:
    rotations = np.tile(np.eye(3), (12, len(skeleton.names), 1, 1))
    angle = np.linspace(0, -1.4, 12)
    rotations[:, skeleton.names.index("upperarm_l")] = matrix_from_axis_angle(
        np.stack([0 * angle, 0 * angle, angle], 1)
    )
    root = np.tile(np.eye(4), (12, 1, 1))
    root[:, 1, 3] = np.linspace(0, 0.1, 12)
    return MotionClip("Wave", np.arange(12) / 30, rotations, root)


def _still(skeleton: Skeleton) -> MotionClip:
    rotations = np.tile(np.eye(3), (2, len(skeleton.names), 1, 1))
    return MotionClip("Idle", np.arange(2) / 30, rotations, np.tile(np.eye(4), (2, 1, 1)))


def _flipped(part: tuple) -> tuple:
    def other(name: str) -> str:
        return name[:-2] + "_r" if name.endswith("_l") else name

    name, parent, (x, y, z), low, high = part
    return (
        other(name), other(parent), (-x, y, z),
        (-high[0], low[1], low[2]), (-low[0], high[1], high[2]),
    )  # fmt: skip


def _box(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Corners in the order of the bits z, y, x."""
    bits = (np.arange(8)[:, None] >> np.array([2, 1, 0])) & 1
    return np.where(bits == 1, high, low)
