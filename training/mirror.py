"""Left-right mirrored truth, for symmetric augmentation through the skeleton's mirror pairs."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree

from core.appearance import AppearanceBasis
from core.rig import Rig, Skeleton
from training.appearance import appearance_codes
from training.turns import rotations_from_turns, turns_from_rest

FLIP = np.diag([-1.0, 1.0, 1.0])


def mirror_rotations(
    skeleton: Skeleton, rotations: Float[np.ndarray, "batch joints 3 3"]
) -> Float[np.ndarray, "batch joints 3 3"]:
    """Joint rotations of the mirrored pose.

    The mirrored body's joint j has turned from rest as joint mirror[j] had, reflected in x = 0.
    """
    turns = turns_from_rest(skeleton, rotations)
    return rotations_from_turns(skeleton, FLIP @ turns[:, list(skeleton.mirror)] @ FLIP)


def mirror_root(
    rotation: Float[np.ndarray, "batch 3 3"], weak: Float[np.ndarray, "batch 3"]
) -> tuple[Float[np.ndarray, "batch 3 3"], Float[np.ndarray, "batch 3"]]:
    """Root rotation and weak perspective of the mirrored picture."""
    return FLIP @ rotation @ FLIP, weak * [1.0, -1.0, 1.0]


def mirror_appearance(rig: Rig, basis: AppearanceBasis) -> tuple[np.ndarray, np.ndarray]:
    """Matrix and offset that mirror appearance codes: code' = code @ matrix + offset."""
    other = cKDTree(rig.vertices).query(rig.vertices * [-1, 1, 1])[1]
    colors = np.concatenate([basis.mean[None], basis.mean + basis.components])[:, other]
    codes = appearance_codes(basis, colors)
    return codes[1:] - codes[:1], codes[0]
