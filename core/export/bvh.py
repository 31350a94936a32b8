"""A take's skeleton as BVH: metres, y up, channels Z X Y in degrees, rest pose as zero.

In a BVH all joints are aligned with the world at rest, so rotations are re-expressed: if A is a
joint's rotation in the posed rig and R at rest, the file holds G = A inv(R), relative to its
parent's G. Offsets are differences of rest positions.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from core.export.end_joints import end_joint_offsets
from core.export.joint_names import ROOT_BONE, file_names
from core.export.motion import FileMotion
from core.export.options import ExportOptions
from core.export.take import Take
from core.kinematics import forward_kinematics

ROTATION_CHANNELS = "Zrotation Xrotation Yrotation"


def bvh_text(take: Take, motion: FileMotion, options: ExportOptions) -> str:
    """The whole file. Key times must be even: resample the motion first."""
    angles = aligned_angles_deg(take, motion)
    root_angles = zxy_angles_deg(motion.rig_to_file[:, :3, :3])
    travel = motion.rig_to_file[:, :3, 3]
    rows = np.concatenate([travel, root_angles, angles.reshape(len(angles), -1)], 1)
    lines = list(_hierarchy(take, motion.scale, options))
    frame_s = 1 / motion.fps
    lines += ["MOTION", f"Frames: {len(rows)}", f"Frame Time: {frame_s:.8f}"]
    lines += [" ".join(f"{value:.6f}" for value in row) for row in rows.tolist()]
    return "\n".join(lines) + "\n"


def channel_order(take: Take) -> list[int]:
    """Joints in the order in which the file lists them: depth first."""
    children = _children(take)
    order: list[int] = []
    stack = [0]
    while stack:
        joint = stack.pop()
        order.append(joint)
        stack += reversed(children[joint])
    return order


def aligned_angles_deg(take: Take, motion: FileMotion) -> Float[np.ndarray, "keys joints 3"]:
    """Z, X, Y angles of every joint in `channel_order`, relative to its parent, axes as at rest."""
    skeleton = take.body.skeleton
    posed = forward_kinematics(skeleton, motion.joint_rotations)[..., :3, :3]
    aligned = posed @ skeleton.rest_joint_to_rig[:, :3, :3].swapaxes(1, 2)
    parents = np.array(skeleton.parents)
    local = aligned.copy()
    local[:, 1:] = aligned[:, parents[1:]].swapaxes(2, 3) @ aligned[:, 1:]
    order = channel_order(take)
    return np.stack([zxy_angles_deg(local[:, joint]) for joint in order], 1)


def zxy_angles_deg(rotations: Float[np.ndarray, "keys 3 3"]) -> Float[np.ndarray, "keys 3"]:
    """Angles z, x, y in degrees with R = Rz Rx Ry, without jumps of 360 between keys.

    Where x is a right angle, z and y turn about the same axis; then y is 0.
    """
    R = rotations.astype(np.float64)
    x = np.arcsin(np.clip(R[:, 2, 1], -1, 1))
    is_locked = np.abs(R[:, 2, 1]) > 1 - 1e-9
    z = np.where(is_locked, np.arctan2(R[:, 1, 0], R[:, 0, 0]), np.arctan2(-R[:, 0, 1], R[:, 1, 1]))
    y = np.where(is_locked, 0.0, np.arctan2(-R[:, 2, 0], R[:, 2, 2]))
    return np.rad2deg(np.unwrap(np.stack([z, x, y], 1), axis=0))


def _children(take: Take) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in take.body.skeleton.names]
    for joint, parent in enumerate(take.body.skeleton.parents):
        if parent >= 0:
            children[parent].append(joint)
    return children


def _hierarchy(take: Take, scale: float, options: ExportOptions) -> Iterator[str]:
    names = file_names(take.body.skeleton.names, options.joint_names)
    yield "HIERARCHY"
    yield f"ROOT {ROOT_BONE}"
    yield "{"
    yield "\tOFFSET 0.000000 0.000000 0.000000"
    yield f"\tCHANNELS 6 Xposition Yposition Zposition {ROTATION_CHANNELS}"
    yield from _joint_lines(take, scale, names, 0, 1)
    yield "}"


def _joint_lines(
    take: Take, scale: float, names: tuple[str, ...], joint: int, depth: int
) -> Iterator[str]:
    positions = scale * take.body.skeleton.rest_joint_to_rig[:, :3, 3]
    parent = take.body.skeleton.parents[joint]
    offset = positions[joint] - (positions[parent] if joint else 0)
    tab = "\t" * depth
    yield f"{tab}JOINT {names[joint]}"
    yield f"{tab}{{"
    yield f"{tab}\tOFFSET {_triple(offset)}"
    yield f"{tab}\tCHANNELS 3 {ROTATION_CHANNELS}"
    children = _children(take)[joint]
    for child in children:
        yield from _joint_lines(take, scale, names, child, depth + 1)
    if not children:
        turn = take.body.skeleton.rest_joint_to_rig[joint, :3, :3]
        tip = scale * turn @ end_joint_offsets(take.body)[joint]
        yield f"{tab}\tEnd Site"
        yield f"{tab}\t{{"
        yield f"{tab}\t\tOFFSET {_triple(tip)}"
        yield f"{tab}\t}}"
    yield f"{tab}}}"


def _triple(vector: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in vector.tolist())
