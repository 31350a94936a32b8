"""Forward kinematics: joint rotations to joint transforms, to skinning transforms.

joint_to_rig = forward_kinematics(rig.skeleton, clip.joint_rotations[0])
transforms = skin_transforms(rig.skeleton, joint_to_rig)
"""

import numpy as np
from jaxtyping import Float

from core.rig import Skeleton


def forward_kinematics(
    skeleton: Skeleton, joint_rotations: Float[np.ndarray, "*batch joints 3 3"]
) -> Float[np.ndarray, "*batch joints 4 4"]:
    """Transform of each joint in rig space: T = T_parent . L . J (DESIGN 4).

    Args:
        skeleton: Gives L, each joint at rest in its parent's frame.
        joint_rotations: J of each joint, in the joint's own frame; identities give the rest pose.

    Raises:
        ValueError: The rotations are for another number of joints.
    """
    _check_joints(skeleton, joint_rotations.shape[-3])
    rest = skeleton.rest_joint_to_parent.astype(joint_rotations.dtype)
    joint_to_parent = np.empty((*joint_rotations.shape[:-2], 4, 4), joint_rotations.dtype)
    joint_to_parent[...] = rest
    joint_to_parent[..., :3, :3] = rest[:, :3, :3] @ joint_rotations
    joint_to_rig = joint_to_parent
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        joint_to_rig[..., joint, :, :] = (
            joint_to_rig[..., parent, :, :] @ joint_to_parent[..., joint, :, :]
        )
    return joint_to_rig


def forward_kinematics_reference(
    skeleton: Skeleton, joint_rotations: Float[np.ndarray, "joints 3 3"]
) -> Float[np.ndarray, "joints 4 4"]:
    """The slow, obvious twin of `forward_kinematics`: each joint walked up."""
    joint_to_rig = []
    for joint in range(len(skeleton.names)):
        transform = np.eye(4)
        while joint != -1:
            rotation = np.eye(4)
            rotation[:3, :3] = joint_rotations[joint]
            transform = skeleton.rest_joint_to_parent[joint] @ rotation @ transform
            joint = skeleton.parents[joint]
        joint_to_rig.append(transform)
    return np.stack(joint_to_rig)


def skin_transforms(
    skeleton: Skeleton, joint_to_rig: Float[np.ndarray, "*batch joints 4 4"]
) -> Float[np.ndarray, "*batch joints 4 4"]:
    """What each joint does to a vertex of the rest mesh: joint_to_rig @ inv(rest_joint_to_rig).

    Raises:
        ValueError: The transforms are for another number of joints.
    """
    _check_joints(skeleton, joint_to_rig.shape[-3])
    return joint_to_rig @ rigid_inverse(skeleton.rest_joint_to_rig).astype(joint_to_rig.dtype)


def rigid_inverse(transform: Float[np.ndarray, "*batch 4 4"]) -> Float[np.ndarray, "*batch 4 4"]:
    """Inverse of a rotation with translation."""
    inverse = np.zeros_like(transform)
    rotation = np.swapaxes(transform[..., :3, :3], -1, -2)
    inverse[..., :3, :3] = rotation
    inverse[..., :3, 3] = -(rotation @ transform[..., :3, 3:])[..., 0]
    inverse[..., 3, 3] = 1
    return inverse


def _check_joints(skeleton: Skeleton, count: int) -> None:
    if count != len(skeleton.names):
        raise ValueError(f"pose has {count} joints, skeleton has {len(skeleton.names)}")
