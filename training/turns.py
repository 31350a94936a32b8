"""Joint rotations as turns from rest in rig-space axes, and back: there mirroring and siblings
are simple."""

import numpy as np
from jaxtyping import Float

from core.rig import Skeleton


def turns_from_rest(
    skeleton: Skeleton, rotations: Float[np.ndarray, "*batch joints 3 3"]
) -> Float[np.ndarray, "*batch joints 3 3"]:
    """How far each joint has turned from its rest orientation."""
    to_rig = skeleton.rest_joint_to_parent[:, :3, :3] @ rotations
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            to_rig[..., joint, :, :] = to_rig[..., parent, :, :] @ to_rig[..., joint, :, :]
    return to_rig @ np.swapaxes(skeleton.rest_joint_to_rig[:, :3, :3], -1, -2)


def rotations_from_turns(
    skeleton: Skeleton, turns: Float[np.ndarray, "*batch joints 3 3"]
) -> Float[np.ndarray, "*batch joints 3 3"]:
    """Joint rotations J (DESIGN 4) of turns; the inverse of `turns_from_rest`."""
    to_rig = turns @ skeleton.rest_joint_to_rig[:, :3, :3]
    parents = np.array(skeleton.parents[1:], int)
    in_parent = np.swapaxes(to_rig[..., parents, :, :], -1, -2) @ to_rig[..., 1:, :, :]
    local = np.concatenate([to_rig[..., :1, :, :], in_parent], -3)
    return np.swapaxes(skeleton.rest_joint_to_parent[:, :3, :3], -1, -2) @ local
