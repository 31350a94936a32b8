"""Slow, obvious counterparts of what the shaders do, and a small body to try them on."""

from dataclasses import dataclass

import numpy as np

from core.rig import Rig, Skeleton


@dataclass(frozen=True, eq=False)
class Tube:
    """A closed tube along y with two bones that share its middle; rests on y = 0."""

    vertices: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    colors: np.ndarray


def make_tube(around: int = 10, rings: int = 9, joints: int = 2) -> Tube:
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    height = np.linspace(0, 1, rings)
    radius = 0.18 * np.sqrt(np.sin(np.pi * (0.06 + 0.88 * height)))
    circle = np.stack([np.cos(angle), np.zeros(around), np.sin(angle)], 1)
    wall = circle * radius[:, None, None] + height[:, None, None] * [0, 1, 0]
    vertices = np.concatenate([wall.reshape(-1, 3), [[0, 0, 0], [0, 1, 0]]])
    faces = []
    for ring in range(rings - 1):
        for k in range(around):
            a, b = ring * around + k, ring * around + (k + 1) % around
            faces += [[a, a + around, b], [b, a + around, b + around]]
    bottom, top, last = len(vertices) - 2, len(vertices) - 1, (rings - 1) * around
    for k in range(around):
        faces += [[bottom, k, (k + 1) % around], [top, last + (k + 1) % around, last + k]]
    centres = (np.arange(joints) + 0.5) / joints
    weights = np.exp(-(((vertices[:, 1:2] - centres) * 1.6 * joints) ** 2))
    weights /= weights.sum(1, keepdims=True)
    colors = np.clip(vertices * [2, 1, 2] + [0.5, 0, 0.5], 0, 1)
    return Tube(
        vertices.astype(np.float32),
        np.array(faces, np.int32),
        weights.astype(np.float32),
        colors.astype(np.float32),
    )


def rigid(axis: np.ndarray, angle_rad: float, centre: np.ndarray) -> np.ndarray:
    """Rotation about an axis through a point (Rodrigues)."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation = np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * cross @ cross
    moved = np.eye(4)
    moved[:3, :3] = rotation
    moved[:3, 3] = centre - rotation @ centre
    return moved


def bent(joints: int = 2, angle_rad: float = 0.9) -> np.ndarray:
    """Skin transforms of the tube, bent ever further up along its length."""
    steps = np.linspace(0, angle_rad, joints)
    axis, centre = np.array([0.2, 0.1, 1.0]), np.array([0, 0.5, 0])
    return np.stack([rigid(axis, step, centre) for step in steps])


def in_front(yaw_rad: float = 0.4, distance: float = 3.0) -> np.ndarray:
    """root_to_cam of a body that stands upright, `distance` ahead of the camera."""
    turn = rigid(np.array([0, 1.0, 0]), yaw_rad, np.zeros(3))
    flip = np.diag([1.0, -1.0, -1.0, 1.0])
    flip[:3, 3] = [0, 0.5, distance]
    return flip @ turn


def skin_linear_loop(vertices: np.ndarray, weights: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Each vertex goes to the weighted mean of where its joints would take it."""
    posed = np.zeros((len(vertices), 3))
    for vertex, (rest, row) in enumerate(zip(vertices, weights, strict=True)):
        for joint, weight in enumerate(row):
            posed[vertex] += weight * (moves[joint] @ [*rest, 1])[:3]
    return posed


def to_cam(vertices: np.ndarray, root_to_cam: np.ndarray) -> np.ndarray:
    return vertices @ root_to_cam[:3, :3].T + root_to_cam[:3, 3]


def rasterize(cam: np.ndarray, faces: np.ndarray, K: np.ndarray, px: int) -> tuple:
    """Depth at each pixel's centre, and how near (px) the centre is to any edge of a face."""
    depth = np.full((px, px), np.inf)
    margin = np.full((px, px), np.inf)
    ys, xs = np.mgrid[:px, :px] + 0.5
    uv = (cam @ K.T)[:, :2] / cam[:, 2:]
    for face in faces:
        (ax, ay), (bx, by), (cx, cy) = uv[face]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        inside = np.ones((px, px), bool)
        inverse_z = np.zeros((px, px))
        corners = [(ax, ay), (bx, by), (cx, cy)]
        for k in range(3):
            (px0, py0), (px1, py1) = corners[(k + 1) % 3], corners[(k + 2) % 3]
            edge = (px1 - px0) * (ys - py0) - (py1 - py0) * (xs - px0)
            share = edge / area
            inside &= share >= 0
            inverse_z += share / cam[face[k], 2]
            along = ((xs - px0) * (px1 - px0) + (ys - py0) * (py1 - py0)) / np.hypot(
                px1 - px0, py1 - py0
            ) ** 2
            t = np.clip(along, 0, 1)
            away = np.hypot(xs - px0 - t * (px1 - px0), ys - py0 - t * (py1 - py0))
            margin = np.minimum(margin, away)
        z = 1 / np.where(inverse_z > 0, inverse_z, np.inf)
        depth = np.where(inside, np.minimum(depth, z), depth)
    return np.where(np.isfinite(depth), depth, 0), margin


def make_rig(joints: int = 5, around: int = 16, rings: int = 20) -> Rig:
    """The tube as a rig with a chain of joints, one above the other."""
    tube = make_tube(around, rings, joints)
    rest = np.tile(np.eye(4), (joints, 1, 1))
    rest[:, 1, 3] = np.arange(joints) / joints
    names = tuple(f"joint{k}" for k in range(joints))
    skeleton = Skeleton(names, tuple(range(-1, joints - 1)), rest, tuple(range(joints)))
    return Rig("tube", skeleton, tube.vertices, tube.faces, tube.weights, tube.colors, 1.0)
