"""Rigs made ready for teaching: fingers given to the hand, heavy meshes thinned, joints renamed.

    prepared = prepare_rig(read_rig(path), RigPreparation(merged_joints=("thumb", "index")))

A student that sees 128 pixels of a person cannot tell fingers apart: 40 joints for them would
cost code numbers, shape numbers and time. What a file calls its joints is its maker's choice;
siblings must agree.
"""

import re
from dataclasses import dataclass, replace

import fast_simplification
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

from core.retarget import transfer_rotations
from core.rig import MotionClip, Rig, Skeleton
from core.rig_import import ImportedRig
from training.face_front import faced_front


@dataclass(frozen=True)
class RigPreparation:
    """What is done to every rig of a recipe."""

    merged_joints: tuple[str, ...] = ()
    """Joints whose names hold one of these words give their skin to their parents, in any case:
    a word ends where letters end, or where a capital begins."""
    joint_names: tuple[tuple[str, str], ...] = ()
    """Pairs: a file's name of a joint, and the template's."""
    joint_limit: int = 80
    """Of more joints, the last ones of chains that move least skin are merged too; the renderer of
    training pictures holds as many."""
    face_limit: int = 9000
    """Meshes of more triangles are thinned to as many."""


def prepare_rig(imported: ImportedRig, config: RigPreparation) -> ImportedRig:
    """The rig with names, joints and triangles as configured, and its clips to match."""
    imported, _ = faced_front(imported)
    rig, clips = imported.rig, imported.clips
    kept = _kept_joints(rig, config)
    if len(kept) < len(rig.skeleton.names):
        rig = _merged(rig, kept)
        clips = tuple(replace(c, joint_rotations=c.joint_rotations[:, kept]) for c in clips)
    names = dict(config.joint_names)
    called = tuple(names.get(name, name) for name in rig.skeleton.names)
    rig = replace(rig, skeleton=replace(rig.skeleton, names=called))
    return ImportedRig(thinned(rig, config.face_limit), clips)


def carried_clips(source: ImportedRig, target: Rig) -> tuple[MotionClip, ...]:
    """A rig's motions played by another one whose joints carry the same names.

    The root goes as far as the source's, measured in heights of the root above the ground.
    """
    here, there = (rig.skeleton.rest_joint_to_rig[0, :3, 3] for rig in (source.rig, target))
    reach = float(there[1] / max(here[1], 1e-6))
    carried = []
    for clip in source.clips:
        turn = clip.root_motion[:, :3, :3]
        place = turn @ here + clip.root_motion[:, :3, 3]
        root = clip.root_motion.copy()
        root[:, :3, 3] = there + reach * (place - here) - turn @ there
        rotations = transfer_rotations(source.rig.skeleton, target.skeleton, clip.joint_rotations)
        rotations[:, 0] = np.eye(3)
        name = f"{source.rig.name} {clip.name}"
        carried.append(MotionClip(name, clip.times_s, rotations, root))
    return tuple(carried)


def thinned(rig: Rig, face_limit: int) -> Rig:
    """The rig with at most about `face_limit` triangles; skin and colours of the nearest places."""
    if len(rig.faces) <= face_limit:
        return rig
    points, faces = fast_simplification.simplify(
        rig.vertices.astype(np.float32), rig.faces.astype(np.int32),
        target_count=face_limit, agg=4,
    )  # fmt: skip
    used, faces = np.unique(faces, return_inverse=True)
    points = np.asarray(points)[used].astype(np.float32)
    away, near = cKDTree(rig.vertices).query(points, k=3)
    share = 1 / (away + 1e-5)
    share /= share.sum(1, keepdims=True)
    weights = np.einsum("vk,vkj->vj", share, rig.weights[near])
    material = rig.material_of_vertex
    return replace(
        rig,
        vertices=points,
        faces=faces.reshape(-1, 3).astype(np.int32),
        weights=(weights / weights.sum(1, keepdims=True)).astype(np.float32),
        colors=rig.colors[near[:, 0]],
        material_of_vertex=None if material is None else material[near[:, 0]],
    )


def words_of(name: str) -> set[str]:
    """`LeftHandIndex1` and `index_01_l`: left, hand, index; index, l."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def _kept_joints(rig: Rig, config: RigPreparation) -> Int[np.ndarray, " kept"]:
    """Joints that stay; what hangs on a joint that goes, goes too."""
    skeleton, words = rig.skeleton, set(config.merged_joints)
    goes: Bool[np.ndarray, " joints"] = np.zeros(len(skeleton.names), bool)
    for joint, (name, parent) in enumerate(zip(skeleton.names, skeleton.parents, strict=True)):
        named = bool(words & words_of(name))
        goes[joint] = joint > 0 and (named or bool(goes[parent]))
    mass = rig.weights.sum(0, dtype=float)
    parents = np.array(skeleton.parents)
    while (~goes).sum() > config.joint_limit:
        is_end = ~goes & ~np.isin(np.arange(len(goes)), parents[~goes])
        last = int(np.where(is_end, mass, np.inf).argmin())
        goes[last] = True
        mass[parents[last]] += mass[last]
    return np.flatnonzero(~goes)


def _merged(rig: Rig, kept: Int[np.ndarray, " kept"]) -> Rig:
    skeleton = rig.skeleton
    position = {int(joint): index for index, joint in enumerate(kept)}
    weights: Float[np.ndarray, "verts joints"] = rig.weights.copy()
    for joint in range(len(skeleton.names) - 1, 0, -1):
        if joint not in position:
            weights[:, skeleton.parents[joint]] += weights[:, joint]
    parents = tuple(-1 if j == 0 else position[skeleton.parents[j]] for j in position)
    smaller = Skeleton(
        tuple(skeleton.names[joint] for joint in position),
        parents,
        skeleton.rest_joint_to_rig[kept],
        tuple(position.get(skeleton.mirror[joint], position[joint]) for joint in position),
    )
    return replace(rig, skeleton=smaller, weights=np.ascontiguousarray(weights[:, kept]))
