"""A shape space from a skeleton alone: the length and the girth of each group of chains.

    space = proportion_modes(rig)              # ShapeSpace, about 14 numbers for a dog

To first order, stretching a bone moves what hangs on it and stretches its own skin; both are
linear in the vertices and joints, so the whole body is. Left and right change together. Works for
any rig.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from core.rig import Rig, Skeleton
from core.shape_space import ShapeSpace
from training.motion import joint_chains


@dataclass(frozen=True)
class ProportionConfig:
    """One standard deviation of each kind of change, as a share."""

    length_std: float = 0.14
    girth_std: float = 0.14
    smallest_share: float = 0.004
    """A group that moves fewer than this share of the vertices gets no number of its own."""


def chain_groups(skeleton: Skeleton) -> Int[np.ndarray, " joints"]:
    """Chains, with the two sides of the body in one group; numbered from 0 without gaps."""
    chain = joint_chains(skeleton)
    mirrored = chain[np.array(skeleton.mirror)]
    return np.unique(np.minimum(chain, mirrored), return_inverse=True)[1]


def proportion_modes(rig: Rig, config: ProportionConfig | None = None) -> ShapeSpace:
    """Length and girth of each group of chains as a shape space."""
    config = config or ProportionConfig()
    groups = chain_groups(rig.skeleton)
    names, vertices, joints = [], [], []
    for group in range(groups.max() + 1):
        members = groups == group
        if rig.weights[:, members].sum() < config.smallest_share * len(rig.vertices):
            continue
        label = rig.skeleton.names[int(np.argmax(members))]
        for kind, std in (("length", config.length_std), ("girth", config.girth_std)):
            moved, shifted = _mode(rig, members, kind == "length")
            if np.abs(moved).max() < 1e-4:
                continue
            names.append(f"{label} {kind}")
            vertices.append(std * moved)
            joints.append(std * shifted)
    return ShapeSpace(tuple(names), np.array(vertices), np.array(joints))


def bone_ends(rig: Rig) -> Float[np.ndarray, "joints 3"]:
    """Where each joint's bone ends: its children's mean, else the far end of its own skin."""
    start = rig.skeleton.rest_joint_to_rig[:, :3, 3]
    ends = start.copy()
    parents = np.array(rig.skeleton.parents)
    for joint in range(len(start)):
        children = np.flatnonzero(parents == joint)
        if len(children):
            ends[joint] = start[children].mean(0)
            continue
        skin = rig.vertices[rig.weights[:, joint] > 0.3]
        if len(skin):
            away = np.linalg.norm(skin - start[joint], axis=1)
            ends[joint] = skin[away >= np.quantile(away, 0.8)].mean(0)
    return ends


def _mode(
    rig: Rig, members: np.ndarray, is_length: bool
) -> tuple[Float[np.ndarray, "verts 3"], Float[np.ndarray, "joints 3"]]:
    """Displacement of vertices and joints when the members grow by 100 %, to first order."""
    start = rig.skeleton.rest_joint_to_rig[:, :3, 3]
    axis = bone_ends(rig) - start
    axis /= np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-9)
    along = np.einsum("ja,jb->jab", axis, axis)
    rate = (along if is_length else np.eye(3) - along) * members[:, None, None]
    shift = np.zeros_like(start)
    for joint, parent in enumerate(rig.skeleton.parents):
        if parent >= 0:
            # Girth moves skin, not the joints: legs stay where they hang on the body.
            grown = rate[parent] @ (start[joint] - start[parent]) if is_length else 0.0
            shift[joint] = shift[parent] + grown
    local = rig.vertices[:, None] - start[None]
    moved = np.einsum(
        "vj,vja->va", rig.weights, shift[None] + np.einsum("jab,vjb->vja", rate, local)
    )
    return moved.astype(np.float64), shift
