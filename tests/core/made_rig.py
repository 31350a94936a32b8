"""Random skeletons, poses and bodies for tests of kinematics and skinning."""

import numpy as np

from core.rig import Skeleton
from core.rotations import matrix_from_axis_angle


def random_skeleton(rng: np.random.Generator, joints: int = 7) -> Skeleton:
    """A random tree with random rest frames."""
    parents = (-1, *(int(rng.integers(0, joint)) for joint in range(1, joints)))
    return Skeleton(
        tuple(f"joint_{joint}" for joint in range(joints)),
        parents,
        random_rigid(rng, joints),
        tuple(range(joints)),
    )


def random_rotations(rng: np.random.Generator, *shape: int, spread: float = 1.0) -> np.ndarray:
    return matrix_from_axis_angle(rng.normal(0, spread, (*shape, 3)))


def random_rigid(rng: np.random.Generator, *shape: int) -> np.ndarray:
    transforms = np.tile(np.eye(4), (*shape, 1, 1))
    transforms[..., :3, :3] = random_rotations(rng, *shape)
    transforms[..., :3, 3] = rng.normal(0, 0.5, (*shape, 3))
    return transforms


def random_weights(rng: np.random.Generator, verts: int, joints: int, used: int = 3) -> np.ndarray:
    """Weights of which each vertex uses a few."""
    weights = np.zeros((verts, joints))
    for row in weights:
        row[rng.choice(joints, used, replace=False)] = rng.dirichlet(np.ones(used))
    return weights
