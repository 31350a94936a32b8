"""Which part of a person each vertex belongs to, found from joint names; None for animals.

parts = people_parts(rig)
is_sleeve = (parts.part == ARM) & (parts.along < 0.4)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from core.rig import Rig, Skeleton
from render.normals import vertex_normals
from training.evaluation.keypoint_map import keypoint_map

TORSO, HEAD, ARM, HAND, LEG, FOOT = range(6)

_LIMBS = (("shoulder", "wrist", ARM, HAND), ("hip", "ankle", LEG, FOOT))


@dataclass(frozen=True, eq=False)
class PeopleParts:
    """Where clothes, hair and face lie on a body at rest."""

    part: Int[np.ndarray, " verts"]
    along: Float[np.ndarray, " verts"]
    """Arms: 0 shoulder, 1 wrist; legs: 0 hip, 1 ankle; torso: 0 hips, 1 shoulders."""
    in_head: Float[np.ndarray, "verts 3"]
    """Place within the head's box, 0..1: its own left, up, forwards."""
    front: Float[np.ndarray, " verts"]
    """How far the skin faces forwards, -1..1."""


def people_parts(rig: Rig) -> PeopleParts | None:
    """The parts of an upright body with arms, legs and a head; None where they are not found."""
    anchors = keypoint_map(rig, "human").anchors
    joint = {name: next(iter(anchor.joints)) for name, anchor in anchors.items() if anchor.joints}
    needed = [f"{side}_{end}" for side in ("left", "right") for limb in _LIMBS for end in limb[:2]]
    heads = [j for j, name in enumerate(rig.skeleton.names) if "head" in name.lower()]
    if not heads:
        heads = [j for j, name in enumerate(rig.skeleton.names) if "neck" in name.lower()][-1:]
    if any(name not in joint for name in needed) or not heads:
        return None
    place = rig.skeleton.rest_joint_to_rig[:, :3, 3]
    rise = place[heads[0]] - place[joint["left_hip"]]
    if rise[1] < 2 * abs(rise[2]):
        return None
    part_of_joint = _part_of_joint(rig.skeleton, joint, heads[0])
    share = np.stack([rig.weights[:, part_of_joint == p].sum(1) for p in range(6)], 1)
    part = share.argmax(1)
    return PeopleParts(
        part, _along(rig, joint, part), _in_head(rig, part),
        vertex_normals(rig.vertices, rig.faces)[:, 2].astype(float),
    )  # fmt: skip


def _part_of_joint(
    skeleton: Skeleton, joint: dict[str, int], head: int
) -> Int[np.ndarray, " joints"]:
    starts = {head: HEAD}
    for side in ("left", "right"):
        for first, last, limb, tip in _LIMBS:
            starts |= {joint[f"{side}_{first}"]: limb, joint[f"{side}_{last}"]: tip}
    part = np.full(len(skeleton.names), TORSO)
    for index, parent in enumerate(skeleton.parents):
        part[index] = starts.get(index, part[parent] if parent >= 0 else TORSO)
    return part


def _along(rig: Rig, joint: dict[str, int], part: np.ndarray) -> Float[np.ndarray, " verts"]:
    place = rig.skeleton.rest_joint_to_rig[:, :3, 3]
    points = rig.vertices.astype(float)
    hips, shoulders = (
        np.mean([place[joint[f"{side}_{name}"], 1] for side in ("left", "right")])
        for name in ("hip", "shoulder")
    )
    along = (points[:, 1] - hips) / max(shoulders - hips, 1e-6)
    for side, sign in (("left", 1), ("right", -1)):
        for first, last, limb, tip in _LIMBS:
            start, end = place[joint[f"{side}_{first}"]], place[joint[f"{side}_{last}"]]
            way = end - start
            own = ((part == limb) | (part == tip)) & (sign * points[:, 0] > 0)
            along[own] = (points[own] - start) @ way / max(way @ way, 1e-9)
    return along


def _in_head(rig: Rig, part: np.ndarray) -> Float[np.ndarray, "verts 3"]:
    head = rig.vertices[part == HEAD].astype(float)
    if not len(head):
        return np.zeros((len(rig.vertices), 3))
    low, high = head.min(0), head.max(0)
    return (rig.vertices - low) / np.maximum(high - low, 1e-6)
