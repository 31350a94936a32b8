"""Joint rotations under which linear skinning comes closer to our dual-quaternion shapes.

    fit = RotationFit.of(rig)
    better = fit.rotations(influences, pose, truth)

Linear blending pulls soft areas towards the joint; turning the joints a little further makes up
for part of it. Gauss-Newton on all joints of one pose at once: turning joint j by w moves what
hangs on it by w x q, where q is the vertices' weighted lever about the joint.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from core.export.stages import FITTING, Tell, silent, told
from core.export.take import posed_in_rig
from core.influences import Influences
from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig, Skeleton
from core.rotations import matrix_from_axis_angle

SPREAD_VERTICES = 800
"""Vertices looked at all over the body."""
JOINT_VERTICES = 8
"""Further ones for each joint: those that follow it most, so that fingers count too."""
CROSS = ((1, 2), (2, 0), (0, 1))
DAMPING = 1e-3
"""Resistance of a joint against turning, as a share of the body's mean squared lever."""


@dataclass(frozen=True, eq=False)
class RotationFit:
    """What stays the same over all poses of a rig."""

    rig: Rig
    """Cut down to the chosen vertices."""
    chosen: Int[np.ndarray, " chosen"]
    """Their numbers in the whole rig."""
    below: Float[np.ndarray, "joints joints"]
    """below[j, k] = 1 where joint k hangs on joint j (or is it)."""

    @classmethod
    def of(cls, rig: Rig) -> "RotationFit":
        """Choose vertices of a rig."""
        spread = np.arange(0, len(rig.vertices), -(-len(rig.vertices) // SPREAD_VERTICES))
        followers = np.argsort(-rig.weights, axis=0)[:JOINT_VERTICES].ravel()
        chosen = np.unique(np.concatenate([spread, followers]))
        return cls(cut_down(rig, chosen), chosen, _below(rig.skeleton))

    def rotations(
        self,
        influences: Influences,
        joint_rotations: Float[np.ndarray, "poses joints 3 3"],
        steps: int = 3,
        tell: Tell = silent,
    ) -> Float[np.ndarray, "poses joints 3 3"]:
        """Rotations near the given ones that serve linear skinning with `influences` best."""
        skeleton = self.rig.skeleton
        weights = influences.to_dense(len(skeleton.names))[self.chosen].T.astype(np.float64)
        fitted = joint_rotations.astype(np.float64)
        for index in told(range(len(fitted)), len(fitted), tell, FITTING):
            truth = posed_in_rig(self.rig, fitted[index : index + 1])[0].T
            for _ in range(steps):
                fitted[index] = self._step(weights, fitted[index], truth)
        return fitted

    def _step(self, weights: np.ndarray, pose: np.ndarray, truth: np.ndarray) -> np.ndarray:
        skeleton = self.rig.skeleton
        joint_to_rig = forward_kinematics(skeleton, pose)
        transforms = skin_transforms(skeleton, joint_to_rig)
        moved = transforms[:, :3, :3] @ self.rig.vertices.T + transforms[:, :3, 3:]
        shares = weights[:, None] * moved
        count = len(shares)
        residual = truth - shares.sum(0)
        levers = (self.below @ shares.reshape(count, -1)).reshape(shares.shape)
        levers -= (self.below @ weights)[:, None] * joint_to_rig[:, :3, 3:]
        products = levers @ residual.T
        # sum of q x r, from the products of their numbers
        pull = np.stack([products[:, a, b] - products[:, b, a] for a, b in CROSS], 1)
        turns = np.linalg.solve(self._normal_matrix(levers), pull.reshape(-1))
        own_axes = joint_to_rig[:, :3, :3].swapaxes(1, 2) @ turns.reshape(count, 3, 1)
        return pose @ matrix_from_axis_angle(own_axes[..., 0])

    def _normal_matrix(self, levers: np.ndarray) -> np.ndarray:
        """Sum over vertices of [q_j]x^T [q_l]x = (q_j.q_l) 1 - q_l q_j^T, and the damping."""
        count = len(levers)
        flat = levers.reshape(3 * count, -1)
        products = (flat @ flat.T).reshape(count, 3, count, 3)
        dots = np.einsum("jclc->jl", products)
        normal = dots[:, None, :, None] * np.eye(3)[:, None, :] - products.transpose(0, 3, 2, 1)
        size = float(np.ptp(self.rig.vertices, 0).max())
        damping = DAMPING * len(self.chosen) * size**2 / count
        return normal.reshape(3 * count, -1) + damping * np.eye(3 * count)


def cut_down(rig: Rig, chosen: Int[np.ndarray, " chosen"]) -> Rig:
    """The rig with some of its vertices and no faces."""
    return Rig(
        name=rig.name,
        skeleton=rig.skeleton,
        vertices=rig.vertices[chosen],
        faces=np.zeros((0, 3), np.int32),
        weights=rig.weights[chosen],
        colors=rig.colors[chosen],
        metres_per_unit=rig.metres_per_unit,
    )


def _below(skeleton: Skeleton) -> np.ndarray:
    below = np.eye(len(skeleton.parents))
    for joint in range(len(below) - 1, 0, -1):
        below[skeleton.parents[joint]] += below[joint]
    return below
