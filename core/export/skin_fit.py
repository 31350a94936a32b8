"""Linear skinning with few influences that looks like our dual-quaternion skinning.

    skin = fitted_skin(rig, joint_rotations)
    skin.influences, skin.joint_rotations

glTF knows linear skinning only, and most programs read four influences a vertex. Truncating the
rig's weights to four and posing linearly differs from the viewport at bends and twists; here
weights, and where it pays rotations, are fitted to the take instead.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.export.rotation_fit import RotationFit
from core.export.take import posed_in_rig
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
"""Of rotations and weights in turn; a fourth gains less than a tenth."""


@dataclass(frozen=True, eq=False)
class FittedSkin:
    """Weights, and the rotations to use them with."""

    influences: Influences
    joint_rotations: Float[np.ndarray, "poses joints 3 3"]


def truncated_influences(rig: Rig, count: int) -> Influences:
    """The strongest influences of each vertex, renormalised."""
    return Influences.from_dense(rig.weights, min(count, rig.weights.shape[1]))


def fitted_skin(
    rig: Rig, joint_rotations: Float[np.ndarray, "poses joints 3 3"], count: int = 4
) -> FittedSkin:
    """The best weights of at most `count` joints a vertex over a take, and its rotations."""
    rotations = joint_rotations.astype(np.float64)
    poses = rotations[:: -(-len(rotations) // FIT_POSES)]
    truth = posed_in_rig(rig, poses)
    influences = fitted_influences(rig, poses, truth, count)
    length = float(np.ptp(rig.vertices, 0).max())
    if _mean_error(rig, influences, poses, truth) < ROTATIONS_PAY_ABOVE * length:
        return FittedSkin(influences, rotations)
    rotation_fit = RotationFit.of(rig)
    for _ in range(ROUNDS):
        turned = rotation_fit.rotations(influences, poses, steps=2)
        influences = fitted_influences(rig, turned, truth, count)
    return FittedSkin(influences, rotation_fit.rotations(influences, rotations))


def _mean_error(rig: Rig, influences: Influences, poses: np.ndarray, truth: np.ndarray) -> float:
    transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, poses))
    shown = skin_linear(rig.vertices, influences, transforms)
    return float(np.linalg.norm(shown - truth, axis=-1).mean())
