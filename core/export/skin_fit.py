"""Linear skinning with few influences that looks like our dual-quaternion skinning.

    skin = fitted_skin(rig, joint_rotations)
    skin.influences, skin.joint_rotations

glTF knows linear skinning only, and most programs read four influences a vertex. Truncating the
rig's weights to four and posing linearly differs from the viewport at bends and twists; here
weights are fitted to the take instead, and where it pays rotations and rest vertices too.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from core.export.rotation_fit import RotationFit
from core.export.stages import Tell, silent
from core.export.take import Take, posed_in_rig
from core.export.weight_fit import fitted_influences
from core.influences import Influences
from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig
from core.skin import skin_linear

FIT_POSES = 120
"""Poses of the take that are fitted, evenly spread."""
ROTATIONS_PAY_ABOVE = 0.001
"""Mean error after fitting weights, as a share of the body length, from which rotations are
fitted too. Below it the joints keep the angles that the model gave them."""
ROUNDS = 3
"""Of rotations and weights in turn; five more gain 3 % (human of soft weights)."""
STAYING = 0.5
"""Pull of a rest vertex to its place, as a share of the take's own pull."""


@dataclass(frozen=True, eq=False)
class FittedSkin:
    """Weights, and the rotations and the rest mesh to use them with."""

    influences: Influences
    joint_rotations: Float[np.ndarray, "poses joints 3 3"]
    vertices: Float[np.ndarray, "verts 3"]
    """At rest, float32."""

    @classmethod
    def truncated(
        cls, rig: Rig, count: int, joint_rotations: Float[np.ndarray, "poses joints 3 3"]
    ) -> "FittedSkin":
        """The rig's own: nothing fitted."""
        return cls(truncated_influences(rig, count), joint_rotations, rig.vertices)

    def dressed(self, take: Take) -> Take:
        """The take with this rest mesh."""
        return replace(take, body=replace(take.body, vertices=self.vertices))


def truncated_influences(rig: Rig, count: int) -> Influences:
    """The strongest influences of each vertex, renormalised."""
    return Influences.from_dense(rig.weights, min(count, rig.weights.shape[1]))


def fitted_skin(
    rig: Rig,
    joint_rotations: Float[np.ndarray, "poses joints 3 3"],
    count: int = 4,
    tell: Tell = silent,
) -> FittedSkin:
    """The best weights of at most `count` joints a vertex over a take, and its rotations."""
    rotations = joint_rotations.astype(np.float64)
    poses = rotations[:: -(-len(rotations) // FIT_POSES)]
    truth = posed_in_rig(rig, poses)
    influences = fitted_influences(rig, poses, truth, count, tell)
    length = float(np.ptp(rig.vertices, 0).max())
    if _mean_error(rig, influences, poses, truth) < ROTATIONS_PAY_ABOVE * length:
        return FittedSkin(influences, rotations, rig.vertices)
    rotation_fit = RotationFit.of(rig)
    for _ in range(ROUNDS):
        turned = rotation_fit.rotations(influences, poses, steps=2, tell=tell)
        influences = fitted_influences(rig, turned, truth, count, tell)
    vertices = fitted_vertices(rig, influences, rotation_fit.rotations(influences, poses), truth)
    fitted = rotation_fit.rotations(influences, rotations, tell=tell)
    return FittedSkin(influences, fitted, vertices.astype(np.float32))


def fitted_vertices(
    rig: Rig,
    influences: Influences,
    poses: Float[np.ndarray, "poses joints 3 3"],
    truth: Float[np.ndarray, "poses verts 3"],
) -> Float[np.ndarray, "verts 3"]:
    """Rest vertices, near the rig's, from which linear skinning best gives `truth`.

    The mean of what linear blending loses in volume can be put into the rest mesh; per vertex
    this is least squares with three unknowns.
    """
    weights = influences.to_dense(len(rig.skeleton.names)).astype(np.float64)
    start = rig.vertices.astype(np.float64)
    normal = np.tile(STAYING * np.eye(3), (len(start), 1, 1))
    right = STAYING * start
    for pose, target in zip(poses, truth, strict=True):
        transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, pose))
        blended = (weights @ transforms[:, :3].reshape(-1, 12)).reshape(-1, 3, 4)
        turns = blended[..., :3]
        normal += turns.swapaxes(1, 2) @ turns / len(poses)
        right += np.einsum("vab,va->vb", turns, target - blended[..., 3]) / len(poses)
    return np.linalg.solve(normal, right[..., None])[..., 0]


def _mean_error(rig: Rig, influences: Influences, poses: np.ndarray, truth: np.ndarray) -> float:
    transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, poses))
    shown = skin_linear(rig.vertices, influences, transforms)
    return float(np.linalg.norm(shown - truth, axis=-1).mean())
