"""Clips of a glTF file as motions of a rig: 30 Hz, rotations only, the root's movement apart.

clips = read_clips(gltf, nodes, binding)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.errors import RigError
from core.gltf_animation import sample, time_span
from core.gltf_nodes import Nodes, NodeTransforms
from core.gltf_read import MAX_BYTES, Gltf
from core.rig import MotionClip, Skeleton

RATE_HZ = 30.0


@dataclass(frozen=True, eq=False)
class Binding:
    """How the file's nodes move the rig's joints."""

    skeleton: Skeleton
    nodes: tuple[int, ...]
    """Node of each joint."""
    world_to_joint: Float[np.ndarray, "joints 4 4"]
    """From world space to each node's own space, at the bind pose."""
    world_to_rig: Float[np.ndarray, "4 4"]
    """A similarity: uniform scale and shift."""


def read_clips(gltf: Gltf, nodes: Nodes, binding: Binding) -> tuple[MotionClip, ...]:
    """Sample all animations that move nodes.

    Raises:
        RigError: An animation is broken, or they are too long to hold in memory.
    """
    clips: list[MotionClip] = []
    lineage = nodes.lineage(list(binding.nodes))
    budget_frames = MAX_BYTES // (128 * 3 * len(lineage))
    for number, animation in enumerate(gltf.items("animations")):
        span = time_span(gltf, animation)
        if span is None:
            continue
        # A little slack: a last key at 0.99999 of a frame still belongs to the clip.
        count = np.floor((span[1] - span[0]) * RATE_HZ + 1e-3) + 1
        budget_frames -= count
        if budget_frames < 0:
            raise RigError(
                f"{gltf.file_name} has animations too long to hold in memory; export fewer of them."
            )
        times_s = np.arange(int(count)) / RATE_HZ
        transforms = sample(gltf, animation, nodes.rest, lineage, times_s + span[0])
        name = animation.text("name", "") or f"clip_{number}"
        rotations, root_motion = _split(binding, _moves(nodes, binding, transforms, lineage))
        clips.append(MotionClip(name, times_s, rotations, root_motion))
    return tuple(clips)


def _moves(
    nodes: Nodes, binding: Binding, transforms: NodeTransforms, lineage: list[int]
) -> Float[np.ndarray, "frames joints 4 4"]:
    """What the file itself does to rest vertices that follow each joint, in rig space."""
    columns = [lineage.index(node) for node in binding.nodes]
    node_to_world = nodes.world(transforms, lineage)[:, columns]
    rig_to_joint = binding.world_to_joint @ np.linalg.inv(binding.world_to_rig)
    return binding.world_to_rig @ node_to_world @ rig_to_joint


def _split(
    binding: Binding, moves: Float[np.ndarray, "frames joints 4 4"]
) -> tuple[Float[np.ndarray, "frames joints 3 3"], Float[np.ndarray, "frames 4 4"]]:
    """Joint rotations and root motion that give each joint the file's world rotation."""
    rest = binding.skeleton.rest_joint_to_rig
    turns = nearest_rotations(moves[..., :3, :3])
    root_motion = np.zeros((len(moves), 4, 4))
    root_motion[:, :3, :3] = turns[:, 0]
    place = moves[:, 0, :3, :3] @ rest[0, :3, 3] + moves[:, 0, :3, 3]
    root_motion[:, :3, 3] = place - turns[:, 0] @ rest[0, :3, 3]
    root_motion[:, 3, 3] = 1
    joint_to_body = np.swapaxes(turns[:, :1], -1, -2) @ turns @ rest[:, :3, :3]
    parents = np.array(binding.skeleton.parents[1:], int)
    local = binding.skeleton.rest_joint_to_parent[1:, :3, :3]
    rotations = np.empty(turns.shape)
    rotations[:, 0] = np.eye(3)
    unturned = joint_to_body[:, parents] @ local
    rotations[:, 1:] = np.swapaxes(unturned, -1, -2) @ joint_to_body[:, 1:]
    return rotations, root_motion


def nearest_rotations(
    matrices: Float[np.ndarray, "*batch 3 3"],
) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation nearest to each matrix: scale and shear taken out (polar decomposition).

    A collapsed matrix has no such rotation; it gives the identity.
    """
    squared = np.swapaxes(matrices, -1, -2) @ matrices
    scale_squared = np.trace(squared, axis1=-2, axis2=-1) / 3
    is_flat = scale_squared < 1e-24
    safe = np.where(is_flat, 1, scale_squared)[..., None, None]
    rotations = matrices / np.sqrt(safe)
    error = np.abs(squared / safe - np.eye(3)).max((-1, -2))
    is_odd = ((error > 0.01) | (np.linalg.det(rotations) < 0)) & ~is_flat
    # Nearly all are rotations times a scale but for rounding: two steps of Newton's iteration
    # square the error twice, for a tenth of a decomposition's time.
    for _ in range(2 if (error > 1e-14).any() else 0):
        excess = np.swapaxes(rotations, -1, -2) @ rotations
        rotations = rotations @ (1.5 * np.eye(3) - 0.5 * excess)
    if is_odd.any():
        u, _, v = np.linalg.svd(matrices[is_odd])
        u[..., 2] *= np.sign(np.linalg.det(u @ v))[..., None]
        rotations[is_odd] = u @ v
    rotations[is_flat] = np.eye(3)
    return rotations
