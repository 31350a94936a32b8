"""Torch twins of core/rotations.py, core/kinematics.py and core/skin.py: batched, differentiable.

    joint_to_rig = forward_kinematics(skeleton, rotation_6d_to_matrix(sixes))
    vertices = skin_dual_quaternion(rest_vertices, weights, skin_transforms(skeleton, joint_to_rig))

Body proportions may differ within a batch: pass `rest_joint_to_parent`, and `rest_joint_to_rig`
made from it.
"""

from functools import lru_cache
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from core.rig import Skeleton


def rotation_6d_to_matrix(columns: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """Rotation whose first two columns are the Gram-Schmidt of two 3-vectors."""
    first = torch.nn.functional.normalize(columns[..., :3], dim=-1)
    second = columns[..., 3:]
    second = second - (first * second).sum(-1, keepdim=True) * first
    second = torch.nn.functional.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def matrix_to_rotation_6d(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 6"]:
    """First two columns of a rotation, one after the other."""
    return torch.cat([matrix[..., 0], matrix[..., 1]], dim=-1)


def matrix_to_quaternion(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4"]:
    """Unit quaternion (wxyz) of a rotation; its sign is free. See the numpy twin for the way."""
    xx, yy, zz = matrix[..., 0, 0], matrix[..., 1, 1], matrix[..., 2, 2]
    wx, wy = matrix[..., 2, 1] - matrix[..., 1, 2], matrix[..., 0, 2] - matrix[..., 2, 0]
    wz, xy = matrix[..., 1, 0] - matrix[..., 0, 1], matrix[..., 1, 0] + matrix[..., 0, 1]
    xz, yz = matrix[..., 0, 2] + matrix[..., 2, 0], matrix[..., 2, 1] + matrix[..., 1, 2]
    diagonal = torch.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz])
    rows = torch.stack(
        [
            torch.stack([diagonal[0], wx, wy, wz], -1),
            torch.stack([wx, diagonal[1], xy, xz], -1),
            torch.stack([wy, xy, diagonal[2], yz], -1),
            torch.stack([wz, xz, yz, diagonal[3]], -1),
        ]
    )
    best = diagonal.argmax(0)[None, ..., None].expand(1, *rows.shape[1:])
    return torch.nn.functional.normalize(rows.gather(0, best)[0], dim=-1)


def geodesic_angle(
    first: Float[Tensor, "*#batch 3 3"], second: Float[Tensor, "*#batch 3 3"]
) -> Float[Tensor, "*batch"]:
    """Angle in radians, 0 to pi, between rotations; its gradient never exceeds 1 nor turns NaN.

    At 0 and at pi, where the angle has a kink, the gradient of the sine's length is taken as 0.
    """
    between = first.transpose(-1, -2) @ second
    skew = torch.stack(
        [
            between[..., 2, 1] - between[..., 1, 2],
            between[..., 0, 2] - between[..., 2, 0],
            between[..., 1, 0] - between[..., 0, 1],
        ],
        dim=-1,
    )
    trace = between[..., 0, 0] + between[..., 1, 1] + between[..., 2, 2]
    return torch.atan2(torch.linalg.vector_norm(skew, dim=-1), trace - 1)


def forward_kinematics(
    skeleton: Skeleton,
    joint_rotations: Float[Tensor, "*batch joints 3 3"],
    rest_joint_to_parent: Float[Tensor, "*#batch joints 4 4"] | None = None,
) -> Float[Tensor, "*batch joints 4 4"]:
    """Transform of each joint in rig space: T = T_parent . L . J (DESIGN 4).

    Args:
        skeleton: The tree, and L where it is not given.
        joint_rotations: J of each joint; identities give the rest pose.
        rest_joint_to_parent: L of each body of the batch.

    Raises:
        ValueError: The rotations are for another number of joints.
    """
    if joint_rotations.shape[-3] != len(skeleton.names):
        raise ValueError(
            f"pose has {joint_rotations.shape[-3]} joints, skeleton has {len(skeleton.names)}"
        )
    if rest_joint_to_parent is None:
        rest_joint_to_parent = torch.as_tensor(
            skeleton.rest_joint_to_parent, dtype=joint_rotations.dtype
        ).to(joint_rotations.device)
    turned = rest_joint_to_parent[..., :3, :3] @ joint_rotations
    shifts = rest_joint_to_parent[..., :3, 3].expand(turned.shape[:-1])
    # Rotations and places apart: in-place writes would break autograd, 4x4 products waste a third.
    # All joints of one depth at once: a dozen steps for a dog instead of forty.
    levels, order = _levels(skeleton.parents)
    rotations, places = [turned[..., levels[0][0], :, :]], [shifts[..., levels[0][0], :]]
    for joints, parents in levels[1:]:
        above, origin = rotations[-1][..., parents, :, :], places[-1][..., parents, :]
        places.append(origin + (above @ shifts[..., joints, :, None])[..., 0])
        rotations.append(above @ turned[..., joints, :, :])
    return _rigid(torch.cat(rotations, -3)[..., order, :, :], torch.cat(places, -2)[..., order, :])


@lru_cache(maxsize=16)
def _levels(parents: tuple[int, ...]) -> tuple[list[tuple[list[int], list[int]]], list[int]]:
    """Joints by depth, each with its parent's position in the level above; and the way back."""
    depth = [0] * len(parents)
    for joint, parent in enumerate(parents):
        depth[joint] = depth[parent] + 1 if parent >= 0 else 0
    members = [[j for j, d in enumerate(depth) if d == level] for level in range(max(depth) + 1)]
    levels = [(members[0], [])]
    for above, joints in pairwise(members):
        levels.append((joints, [above.index(parents[joint]) for joint in joints]))
    flat = [joint for joints in members for joint in joints]
    return levels, [flat.index(joint) for joint in range(len(parents))]


def rest_joint_to_rig(
    skeleton: Skeleton, rest_joint_to_parent: Float[Tensor, "*batch joints 4 4"]
) -> Float[Tensor, "*batch joints 4 4"]:
    """Rest transforms of bodies with own proportions, from their L."""
    identity = torch.eye(3, dtype=rest_joint_to_parent.dtype, device=rest_joint_to_parent.device)
    rotations = identity.expand(*rest_joint_to_parent.shape[:-2], 3, 3)
    return forward_kinematics(skeleton, rotations, rest_joint_to_parent)


def skin_transforms(
    skeleton: Skeleton,
    joint_to_rig: Float[Tensor, "*batch joints 4 4"],
    rest_joint_to_rig: Float[Tensor, "*#batch joints 4 4"] | None = None,
) -> Float[Tensor, "*batch joints 4 4"]:
    """What each joint does to a vertex of the rest mesh: joint_to_rig @ inv(rest)."""
    if rest_joint_to_rig is None:
        rest_joint_to_rig = torch.as_tensor(
            skeleton.rest_joint_to_rig, dtype=joint_to_rig.dtype
        ).to(joint_to_rig.device)
    inverse = rest_joint_to_rig[..., :3, :3].transpose(-1, -2)
    shift = -(inverse @ rest_joint_to_rig[..., :3, 3:])[..., 0]
    return joint_to_rig @ _rigid(inverse, shift)


def skin_linear(
    vertices: Float[Tensor, "*#batch verts 3"],
    weights: Float[Tensor, "verts joints"],
    transforms: Float[Tensor, "*batch joints 4 4"],
) -> Float[Tensor, "*batch verts 3"]:
    """Linear blend skinning; vertices may differ within the batch."""
    entries = transforms[..., :3, :].flatten(-2)
    matrices = (weights @ entries).unflatten(-1, (3, 4))
    return (matrices[..., :3] @ vertices[..., None])[..., 0] + matrices[..., 3]


def skin_dual_quaternion(
    vertices: Float[Tensor, "*#batch verts 3"],
    weights: Float[Tensor, "verts joints"],
    transforms: Float[Tensor, "*batch joints 4 4"],
) -> Float[Tensor, "*batch verts 3"]:
    """Dual-quaternion skinning as in core/skin.py; vertices may differ within the batch."""
    rotation, dual = to_dual_quaternions(transforms)
    alignment = rotation.detach() @ rotation.detach().transpose(-1, -2)
    sign = torch.where(alignment < 0, -1.0, 1.0).to(weights.dtype)
    signed = weights * sign[..., weights.argmax(1), :]
    blended = signed @ torch.cat([rotation, dual], dim=-1)
    blended = blended / torch.linalg.vector_norm(blended[..., :4], dim=-1, keepdim=True)
    w, vector = blended[..., :1], blended[..., 1:4]
    dual_w, dual_vector = blended[..., 4:5], blended[..., 5:]
    points = vertices.expand(vector.shape)
    cross = torch.linalg.cross
    turned = points + 2 * cross(vector, cross(vector, points) + w * points)
    return turned + 2 * (w * dual_vector - dual_w * vector + cross(vector, dual_vector))


def to_dual_quaternions(
    transform: Float[Tensor, "*batch 4 4"],
) -> tuple[Float[Tensor, "*batch 4"], Float[Tensor, "*batch 4"]]:
    """Rotation part and dual part of a rigid transform's dual quaternion."""
    rotation = matrix_to_quaternion(transform[..., :3, :3])
    w, vector, shift = rotation[..., :1], rotation[..., 1:], transform[..., :3, 3]
    scalar = -(shift * vector).sum(-1, keepdim=True)
    dual = torch.cat([scalar, w * shift + torch.linalg.cross(shift, vector)], dim=-1)
    return rotation, 0.5 * dual


def _rigid(
    rotation: Float[Tensor, "*#batch 3 3"], shift: Float[Tensor, "*#batch 3"]
) -> Float[Tensor, "*batch 4 4"]:
    top = torch.cat([rotation, shift[..., None]], dim=-1)
    bottom = torch.zeros_like(top[..., :1, :])
    bottom[..., 3] = 1
    return torch.cat([top, bottom], dim=-2)
