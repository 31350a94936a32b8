"""Motions carried from one skeleton to another: by joint names, or by a map (core/bone_map.py).

wolf_rotations = transfer_rotations(shiba.skeleton, wolf.skeleton, clip.joint_rotations)
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from core.rig import Skeleton


def transfer_rotations(
    source: Skeleton,
    target: Skeleton,
    joint_rotations: Float[np.ndarray, "*batch source 3 3"],
    source_of: Mapping[str, str | None] | None = None,
) -> Float[np.ndarray, "*batch target 3 3"]:
    """Joint rotations that turn each target joint from rest as its namesake turns, in rig space.

    Rest frames of the two skeletons may be oriented at will: only the turn from rest counts.
    A target joint without a namesake keeps still against its parent. With `source_of`, it says
    which source joint a target joint follows, in place of the name.

    Raises:
        ValueError: The rotations are for another number of joints than the source's.
    """
    if joint_rotations.shape[-3] != len(source.names):
        raise ValueError(
            f"pose has {joint_rotations.shape[-3]} joints, source has {len(source.names)}"
        )
    turns = _turns_from_rest(source, joint_rotations)
    number_in_source = {name: joint for joint, name in enumerate(source.names)}
    rest = target.rest_joint_to_rig[:, :3, :3].astype(joint_rotations.dtype)
    local = target.rest_joint_to_parent[:, :3, :3].astype(joint_rotations.dtype)
    shape = (*joint_rotations.shape[:-3], len(target.names), 3, 3)
    to_rig, result = np.empty(shape, rest.dtype), np.empty(shape, rest.dtype)
    for joint, (own_name, parent) in enumerate(zip(target.names, target.parents, strict=True)):
        name = own_name if source_of is None else source_of.get(own_name)
        unturned = local[joint] if parent == -1 else to_rig[..., parent, :, :] @ local[joint]
        turned = np.broadcast_to(unturned, to_rig[..., joint, :, :].shape)
        if name in number_in_source:
            turned = turns[..., number_in_source[name], :, :] @ rest[joint]
        to_rig[..., joint, :, :] = turned
        result[..., joint, :, :] = np.swapaxes(unturned, -1, -2) @ turned
    return result


def _turns_from_rest(
    skeleton: Skeleton, joint_rotations: Float[np.ndarray, "*batch joints 3 3"]
) -> Float[np.ndarray, "*batch joints 3 3"]:
    """Rotation of each joint from rest, in rig-space axes."""
    rest = skeleton.rest_joint_to_rig[:, :3, :3].astype(joint_rotations.dtype)
    local = skeleton.rest_joint_to_parent[:, :3, :3].astype(joint_rotations.dtype)
    to_rig = local @ joint_rotations
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        to_rig[..., joint, :, :] = to_rig[..., parent, :, :] @ to_rig[..., joint, :, :]
    return to_rig @ np.swapaxes(rest, -1, -2)
