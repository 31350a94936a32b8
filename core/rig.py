"""A rig: rest mesh, skeleton and skinning weights, with the motions that came with it.

rig = read_rig(path)                       # core/rig_import.py
joint_to_rig = forward_kinematics(rig.skeleton, clip.joint_rotations[0])
vertices = skin(rig, joint_to_rig)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A tree of joints. Joint 0 is the only root; a parent comes before its children."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    """Index of each joint's parent; -1 for the root."""
    rest_joint_to_rig: Float[np.ndarray, "joints 4 4"]
    """Rigid transform of each joint at rest (float64, no scale)."""
    mirror: tuple[int, ...]
    """mirror[j] is the joint on the other side of the body; itself for joints in the middle."""

    def __post_init__(self) -> None:
        count = len(self.names)
        if not (len(self.parents) == len(self.mirror) == len(self.rest_joint_to_rig) == count):
            raise ValueError(f"skeleton of {count} names has arrays of other lengths")
        if count == 0 or self.parents[0] != -1:
            raise ValueError("joint 0 must be the root")
        if any(not 0 <= parent < joint for joint, parent in enumerate(self.parents) if joint):
            raise ValueError("every parent must come before its children")

    @property
    def rest_joint_to_parent(self) -> Float[np.ndarray, "joints 4 4"]:
        """L of DESIGN 4: each joint at rest in its parent's frame; the root's in rig space."""
        to_rig = self.rest_joint_to_rig
        parents = np.array(self.parents[1:], dtype=int)
        local = np.linalg.inv(to_rig[parents]) @ to_rig[1:]
        return np.concatenate([to_rig[:1], local])


@dataclass(frozen=True, eq=False)
class Rig:
    """Rest mesh + skeleton + skinning weights, in rig space.

    Rig space is glTF's (y up, facing +z), in rig units: the longest side of the rest mesh's
    bounding box is 1, and its centre lies at x = z = 0 with the lowest vertex at y = 0.
    """

    name: str
    skeleton: Skeleton
    vertices: Float[np.ndarray, "verts 3"]
    """Rest mesh, float32."""
    faces: Int[np.ndarray, "faces 3"]
    """Counter-clockwise seen from outside, int32."""
    weights: Float[np.ndarray, "verts joints"]
    """Skinning weights, float32; rows sum to 1."""
    colors: Float[np.ndarray, "verts 3"]
    """sRGB 0..1, float32."""
    metres_per_unit: float
    materials: tuple[str, ...] = ()
    """Names of the source's materials, where known."""
    material_of_vertex: Int[np.ndarray, " verts"] | None = None

    def __post_init__(self) -> None:
        if self.weights.shape != (len(self.vertices), len(self.skeleton.names)):
            raise ValueError(
                f"weights are {self.weights.shape}, "
                f"rig has {len(self.vertices)} vertices and {len(self.skeleton.names)} joints"
            )
        if not np.allclose(self.weights.sum(1), 1, atol=1e-4):
            raise ValueError("skinning weights of a vertex must sum to 1")


@dataclass(frozen=True, eq=False)
class MotionClip:
    """A motion of a rig: rotations of its joints and the movement of its root."""

    name: str
    times_s: Float[np.ndarray, " frames"]
    """Uniform, from 0."""
    joint_rotations: Float[np.ndarray, "frames joints 3 3"]
    """J of DESIGN 4: T = T_parent . L . J. The root's is the identity: see `root_motion`."""
    root_motion: Float[np.ndarray, "frames 4 4"]
    """Rigid body motion in rig space: moved = root_motion @ rest. Identity at rest."""
