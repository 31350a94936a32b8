"""Skinning: rest mesh + joint transforms to posed mesh, by dual quaternions or linearly.

    transforms = skin_transforms(rig.skeleton, joint_to_rig)
    vertices = skin_dual_quaternion(rig.vertices, rig.weights, transforms)

Weights are dense, (verts, joints), or the sparse `Influences`. Every function has a slow twin
named `*_reference`, one vertex at a time.
"""

import numpy as np
from jaxtyping import Float

from core.influences import Influences
from core.rotations import matrix_from_quaternion, quaternion_from_matrix, quaternion_multiply

Weights = Float[np.ndarray, "verts joints"] | Influences


def skin_linear(
    vertices: Float[np.ndarray, "verts 3"],
    weights: Weights,
    transforms: Float[np.ndarray, "*batch joints 4 4"],
) -> Float[np.ndarray, "*batch verts 3"]:
    """Pose the rest mesh by linear blend skinning: each vertex by the mean of its joints' matrices.

    Args:
        vertices: Rest mesh.
        weights: Skinning weights; rows sum to 1.
        transforms: From `skin_transforms`; any leading batch.

    Source:
        Kavan, "Direct Skinning Methods and Deformation Primitives", SIGGRAPH 2014 course, part I.
    """
    x, y, z = np.ascontiguousarray(vertices.T)
    joints = transforms.shape[-3]
    # One row per matrix entry and one column per vertex: long contiguous rows vectorise best.
    entries = transforms[..., :3, :].reshape(-1, joints, 12).swapaxes(1, 2)
    posed = np.empty((len(entries), 3, len(vertices)), np.result_type(vertices, transforms))
    for pose, matrix in zip(posed, entries, strict=True):
        m = _blend(matrix, weights).reshape(3, 4, -1)
        pose[:] = m[:, 0] * x + m[:, 1] * y + m[:, 2] * z + m[:, 3]
    return posed.swapaxes(1, 2).reshape(*transforms.shape[:-3], len(vertices), 3)


def skin_linear_reference(
    vertices: Float[np.ndarray, "verts 3"],
    weights: Float[np.ndarray, "verts joints"],
    transforms: Float[np.ndarray, "joints 4 4"],
) -> Float[np.ndarray, "verts 3"]:
    """The slow, obvious twin of `skin_linear`."""
    posed = []
    for vertex, row in zip(vertices, weights, strict=True):
        matrix = sum(weight * transform for weight, transform in zip(row, transforms, strict=True))
        posed.append((matrix @ np.append(vertex, 1))[:3])
    return np.stack(posed)


def skin_dual_quaternion(
    vertices: Float[np.ndarray, "verts 3"],
    weights: Weights,
    transforms: Float[np.ndarray, "*batch joints 4 4"],
) -> Float[np.ndarray, "*batch verts 3"]:
    """Pose the rest mesh by dual-quaternion skinning, which keeps the volume of twisted limbs.

    Each joint's quaternion is flipped to the hemisphere of the joint with the largest weight at
    that vertex; both parts are divided by the length of the blended rotation part (METHODS 1.4).

    Args:
        vertices: Rest mesh.
        weights: Skinning weights; rows sum to 1.
        transforms: Rigid, from `skin_transforms`; any leading batch.

    Source:
        Kavan et al., "Geometric Skinning with Approximate Dual Quaternion Blending", TOG 2008.
    """
    points = np.ascontiguousarray(vertices.T)
    flat = transforms.reshape(-1, *transforms.shape[-3:])
    posed = np.empty((len(flat), 3, len(vertices)), np.result_type(vertices, transforms))
    is_sparse = isinstance(weights, Influences)
    strongest = weights.indices[:, 0] if is_sparse else weights.argmax(1)
    for pose, frame in zip(posed, flat, strict=True):
        dual = np.concatenate(to_dual_quaternions(frame), axis=-1)
        # sign[i, j]: does joint j lie in the hemisphere of joint i?
        sign = np.where(dual[:, :4] @ dual[:, :4].T < 0, -1, 1).astype(dual.dtype)
        if isinstance(weights, Influences):
            signed = weights.weights * sign[strongest[:, None], weights.indices]
            blended = _blend(dual.T, Influences(weights.indices, signed))
        else:
            blended = _blend(dual.T, weights * sign[strongest])
        pose[:] = _apply_dual_quaternion(blended, points)
    return posed.swapaxes(1, 2).reshape(*transforms.shape[:-3], len(vertices), 3)


def skin_dual_quaternion_reference(
    vertices: Float[np.ndarray, "verts 3"],
    weights: Float[np.ndarray, "verts joints"],
    transforms: Float[np.ndarray, "joints 4 4"],
) -> Float[np.ndarray, "verts 3"]:
    """The slow, obvious twin of `skin_dual_quaternion`."""
    duals = np.concatenate(to_dual_quaternions(transforms), axis=-1)
    posed = []
    for vertex, row in zip(vertices, weights, strict=True):
        leader = duals[row.argmax()]
        blend = np.zeros(8)
        for weight, dual in zip(row, duals, strict=True):
            blend += weight * (dual if dual[:4] @ leader[:4] >= 0 else -dual)
        blend /= np.linalg.norm(blend[:4])
        conjugate = blend[:4] * [1, -1, -1, -1]
        shift = 2 * quaternion_multiply(blend[4:], conjugate)[1:]
        posed.append(matrix_from_quaternion(blend[:4]) @ vertex + shift)
    return np.stack(posed)


def to_dual_quaternions(
    transforms: Float[np.ndarray, "*batch 4 4"],
) -> tuple[Float[np.ndarray, "*batch 4"], Float[np.ndarray, "*batch 4"]]:
    """Unit dual quaternions of rigid transforms: rotation (wxyz), and half of shift times it."""
    rotation = quaternion_from_matrix(transforms[..., :3, :3])
    shift = np.zeros_like(rotation)
    shift[..., 1:] = transforms[..., :3, 3]
    return rotation, 0.5 * quaternion_multiply(shift, rotation)


def _blend(
    rows: Float[np.ndarray, "rows joints"], weights: Weights
) -> Float[np.ndarray, "rows verts"]:
    """Weighted sum over the joints of each vertex."""
    if not isinstance(weights, Influences):
        return rows @ weights.T
    blended = rows[:, weights.indices[:, 0]] * weights.weights[:, 0]
    for column in range(1, weights.indices.shape[1]):
        blended += rows[:, weights.indices[:, column]] * weights.weights[:, column]
    return blended


def _apply_dual_quaternion(
    dual: Float[np.ndarray, "8 verts"], points: Float[np.ndarray, "3 verts"]
) -> Float[np.ndarray, "3 verts"]:
    """Move points by dual quaternions whose rotation part may have any length."""
    dual = dual / np.sqrt((dual[:4] * dual[:4]).sum(0))
    w, vector, dual_w, dual_vector = dual[0], dual[1:4], dual[4], dual[5:]
    turned = points + 2 * _cross(vector, _cross(vector, points) + w * points)
    return turned + 2 * (w * dual_vector - dual_w * vector + _cross(vector, dual_vector))


def _cross(a: Float[np.ndarray, "3 verts"], b: Float[np.ndarray, "3 verts"]) -> np.ndarray:
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )
