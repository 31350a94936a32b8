"""A dog of boxes with named joints, so that keypoints can be found on it and poses told apart."""

import numpy as np

from core.rig import Rig, Skeleton

# name, parent, place of the joint, low and high corner of its box; x: the dog's left, z: forwards
PARTS = (
    ("Body", -1, (0, 0.5, 0), (-0.1, 0.4, -0.3), (0.1, 0.6, 0.3)),
    ("Head", 0, (0, 0.6, 0.3), (-0.08, 0.6, 0.3), (0.08, 0.75, 0.5)),
    ("Ear1.L", 1, (0.06, 0.7, 0.35), (0.04, 0.75, 0.34), (0.08, 0.85, 0.36)),
    ("Ear1.R", 1, (-0.06, 0.7, 0.35), (-0.08, 0.75, 0.34), (-0.04, 0.85, 0.36)),
    ("FrontShoulder.L", 0, (0.08, 0.5, 0.2), (0.05, 0.3, 0.17), (0.1, 0.4, 0.23)),
    ("FrontLowerLeg.L", 4, (0.08, 0.3, 0.2), (0.05, 0.0, 0.17), (0.1, 0.3, 0.23)),
    ("FrontShoulder.R", 0, (-0.08, 0.5, 0.2), (-0.1, 0.3, 0.17), (-0.05, 0.4, 0.23)),
    ("FrontLowerLeg.R", 6, (-0.08, 0.3, 0.2), (-0.1, 0.0, 0.17), (-0.05, 0.3, 0.23)),
    ("BackLeg.L", 0, (0.08, 0.5, -0.2), (0.05, 0.3, -0.23), (0.1, 0.4, -0.17)),
    ("BackUpperLeg.L", 8, (0.08, 0.3, -0.2), (0.05, 0.0, -0.23), (0.1, 0.3, -0.17)),
    ("BackLeg.R", 0, (-0.08, 0.5, -0.2), (-0.1, 0.3, -0.23), (-0.05, 0.4, -0.17)),
    ("BackUpperLeg.R", 10, (-0.08, 0.3, -0.2), (-0.1, 0.0, -0.23), (-0.05, 0.3, -0.17)),
    ("Tail1", 0, (0, 0.55, -0.3), (-0.02, 0.53, -0.5), (0.02, 0.57, -0.3)),
)
_QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
_BOX = [face for a, b, c, d in _QUADS for face in ((a, b, c), (a, c, d))]


def made_dog() -> Rig:
    """Thirteen boxes, each moved by its own joint; the tail shares the body's rear face."""
    names = tuple(part[0] for part in PARTS)
    parents = tuple(part[1] for part in PARTS)
    rest = np.tile(np.eye(4), (len(PARTS), 1, 1))
    rest[:, :3, 3] = [part[2] for part in PARTS]
    other = {name: index for index, name in enumerate(names)}
    mirror = tuple(
        other[name[:-1] + ("R" if name[-1] == "L" else "L")] if name[-2] == "." else index
        for index, name in enumerate(names)
    )
    boxes = [_box(np.array(low), np.array(high)) for *_, low, high in PARTS]
    vertices = np.concatenate(boxes)
    faces = np.concatenate([np.array(_BOX) + 8 * index for index in range(len(PARTS))])
    weights = np.repeat(np.eye(len(PARTS)), 8, axis=0)
    is_tail_root = (weights[:, -1] > 0) & (vertices[:, 2] > -0.31)
    weights[is_tail_root] = 0
    weights[is_tail_root, 0] = 1
    return Rig(
        "made_dog", Skeleton(names, parents, rest, mirror), vertices.astype(np.float32),
        faces.astype(np.int32), weights.astype(np.float32),
        np.full((len(vertices), 3), 0.5, np.float32), 0.8,
    )  # fmt: skip


def _box(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Corners in the order of the bits z, y, x."""
    bits = (np.arange(8)[:, None] >> np.array([2, 1, 0])) & 1
    return np.where(bits == 1, high, low)
