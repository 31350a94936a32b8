"""Rotations as matrices, quaternions (wxyz), axis-angle vectors and 6D columns; all batched.

    matrix = matrix_from_6d(network_output)
    angle_rad = geodesic_angle(matrix, target)
    halfway = slerp(quaternion_a, quaternion_b, np.array(0.5))

Results keep the dtype of their input. Torch twins live in core/kinematics_torch.py.
"""

import numpy as np
from jaxtyping import Float


def matrix_from_6d(
    columns: Float[np.ndarray, "*batch 6"],
) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation whose first two columns are the Gram-Schmidt of two 3-vectors.

    The first three numbers are the first column, the next three the second.

    Source:
        Zhou et al., "On the Continuity of Rotation Representations in Neural Networks", CVPR 2019.
    """
    first = _normalised(columns[..., :3])
    second = columns[..., 3:]
    second = _normalised(second - (first * second).sum(-1, keepdims=True) * first)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def sixd_from_matrix(matrix: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 6"]:
    """First two columns of a rotation, one after the other."""
    return np.concatenate([matrix[..., 0], matrix[..., 1]], axis=-1)


def matrix_from_quaternion(
    quaternion: Float[np.ndarray, "*batch 4"],
) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation of a quaternion of any length but zero."""
    w, x, y, z = np.moveaxis(_normalised(quaternion), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_matrix(
    matrix: Float[np.ndarray, "*batch 3 3"],
) -> Float[np.ndarray, "*batch 4"]:
    """Unit quaternion of a rotation, with w >= 0.

    The entries of a rotation are sums of products of the quaternion's numbers; put together they
    give the symmetric matrix 4 q q^T. Its row with the largest diagonal is q up to a factor of at
    least 2, so nothing small is ever divided by, at angle pi neither.
    """
    m = matrix
    outer = np.empty((*m.shape[:-2], 4, 4), dtype=m.dtype)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    outer[..., 0, 0] = 1 + xx + yy + zz
    outer[..., 1, 1] = 1 + xx - yy - zz
    outer[..., 2, 2] = 1 - xx + yy - zz
    outer[..., 3, 3] = 1 - xx - yy + zz
    outer[..., 0, 1] = outer[..., 1, 0] = m[..., 2, 1] - m[..., 1, 2]
    outer[..., 0, 2] = outer[..., 2, 0] = m[..., 0, 2] - m[..., 2, 0]
    outer[..., 0, 3] = outer[..., 3, 0] = m[..., 1, 0] - m[..., 0, 1]
    outer[..., 1, 2] = outer[..., 2, 1] = m[..., 1, 0] + m[..., 0, 1]
    outer[..., 1, 3] = outer[..., 3, 1] = m[..., 0, 2] + m[..., 2, 0]
    outer[..., 2, 3] = outer[..., 3, 2] = m[..., 2, 1] + m[..., 1, 2]
    best = np.argmax(np.diagonal(outer, axis1=-2, axis2=-1), axis=-1)
    row = np.take_along_axis(outer, best[..., None, None], axis=-2)[..., 0, :]
    return np.where(row[..., :1] < 0, -row, row) / np.linalg.norm(row, axis=-1, keepdims=True)


def quaternion_multiply(
    left: Float[np.ndarray, "*#batch 4"], right: Float[np.ndarray, "*#batch 4"]
) -> Float[np.ndarray, "*batch 4"]:
    """Hamilton product: the rotation `right` followed by `left`."""
    a, b, c, d = np.moveaxis(left, -1, 0)
    w, x, y, z = np.moveaxis(right, -1, 0)
    return np.stack(
        [
            a * w - b * x - c * y - d * z,
            a * x + b * w + c * z - d * y,
            a * y - b * z + c * w + d * x,
            a * z + b * y - c * x + d * w,
        ],
        axis=-1,
    )


def matrix_from_axis_angle(
    axis_angle: Float[np.ndarray, "*batch 3"],
) -> Float[np.ndarray, "*batch 3 3"]:
    """Exponential map: rotation about the vector's direction by its length in radians."""
    half_rad = 0.5 * np.linalg.norm(axis_angle, axis=-1, keepdims=True)
    # sin(h)/h without a division at zero; numpy's sinc has pi inside.
    vector = 0.5 * np.sinc(half_rad / np.pi).astype(axis_angle.dtype) * axis_angle
    return matrix_from_quaternion(np.concatenate([np.cos(half_rad), vector], axis=-1))


def axis_angle_from_matrix(
    matrix: Float[np.ndarray, "*batch 3 3"],
) -> Float[np.ndarray, "*batch 3"]:
    """Logarithm: axis times angle in radians, the angle in [0, pi]."""
    quaternion = quaternion_from_matrix(matrix)
    vector = quaternion[..., 1:]
    sine = np.linalg.norm(vector, axis=-1, keepdims=True)
    angle_rad = 2 * np.arctan2(sine, quaternion[..., :1])
    is_small = sine < 1e-12  # there angle / sine is 2 to the last digit
    return vector * np.where(is_small, 2, angle_rad / np.where(is_small, 1, sine))


def geodesic_angle(
    first: Float[np.ndarray, "*#batch 3 3"], second: Float[np.ndarray, "*#batch 3 3"]
) -> Float[np.ndarray, "*batch"]:
    """Angle in radians, 0 to pi, of the rotation between two rotations.

    The arctangent of sine and cosine keeps its precision at 0 and at pi, unlike an arccosine.
    """
    between = np.swapaxes(first, -1, -2) @ second
    skew = np.stack(
        [
            between[..., 2, 1] - between[..., 1, 2],
            between[..., 0, 2] - between[..., 2, 0],
            between[..., 1, 0] - between[..., 0, 1],
        ],
        axis=-1,
    )
    angle = np.arctan2(np.linalg.norm(skew, axis=-1), np.trace(between, axis1=-2, axis2=-1) - 1)
    return np.asarray(angle, between.dtype)  # an array for a single pair, too


def slerp(
    start: Float[np.ndarray, "*#batch 4"],
    end: Float[np.ndarray, "*#batch 4"],
    share: Float[np.ndarray, "*#batch"],
) -> Float[np.ndarray, "*batch 4"]:
    """Unit quaternion at `share` of the shorter way from `start` (0) to `end` (1)."""
    start, end = _normalised(start), _normalised(end)
    cosine = (start * end).sum(-1, keepdims=True)
    end = np.where(cosine < 0, -end, end)
    chord = np.linalg.norm(end - start, axis=-1, keepdims=True)
    angle_rad = 2 * np.arcsin(np.clip(0.5 * chord, 0, 1))
    share = share[..., None]
    sine = np.sin(angle_rad)
    is_small = sine < 1e-6  # the arc is a straight line to 1e-12 there
    safe = np.where(is_small, 1, sine)
    from_start = np.where(is_small, 1 - share, np.sin((1 - share) * angle_rad) / safe)
    from_end = np.where(is_small, share, np.sin(share * angle_rad) / safe)
    return _normalised(from_start * start + from_end * end).astype(start.dtype)


def _normalised(vector: Float[np.ndarray, "*batch axis"]) -> Float[np.ndarray, "*batch axis"]:
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)
