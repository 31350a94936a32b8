"""Points between canonical and posed space: dual quaternions blended point by point.

duals = aligned_duals(skin_transforms, parents)             # (frames, bones, 8)
posed = move(points, blended(weights, duals))
points = move_back(posed, blended(weights, duals))           # its exact inverse for equal weights

The maths of core/skin.py for points that each have their own weights. There every quaternion is
flipped to the hemisphere of the strongest bone, here to that of its parent, once per frame instead
of once per point; the two agree while no joint turns by more than half a turn against its parent.
"""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.kinematics_torch import to_dual_quaternions


def aligned_duals(
    transforms: Float[Tensor, "frames joints 4 4"], parents: tuple[int, ...]
) -> Float[Tensor, "frames joints 8"]:
    """Unit dual quaternions whose neighbours in the tree lie in one hemisphere."""
    rotation, dual = to_dual_quaternions(transforms)
    above = [max(parent, 0) for parent in parents]
    with torch.no_grad():
        is_flipped = ((rotation * rotation[:, above]).sum(-1) < 0).to(rotation.dtype)
        flips = is_flipped @ _ancestry(parents).to(rotation)
        sign = 1 - 2 * (flips % 2)
    return torch.cat([rotation, dual], -1) * sign[..., None]


@lru_cache(maxsize=8)
def _ancestry(parents: tuple[int, ...]) -> Tensor:
    """[a, j]: 1 where a is j or above it, without the root, which is never flipped."""
    count = len(parents)
    matrix = np.eye(count, dtype=np.float32)
    for joint in range(1, count):
        matrix[:, joint] += matrix[:, parents[joint]]
    matrix[0] = 0
    return torch.from_numpy(matrix)


def blended(
    weights: Float[Tensor, "frames points bones"], duals: Float[Tensor, "frames bones 8"]
) -> Float[Tensor, "frames points 8"]:
    """Weighted sum of dual quaternions, divided by the length of its rotation part."""
    total = weights @ duals
    return total / torch.linalg.vector_norm(total[..., :4], dim=-1, keepdim=True)


def move(
    points: Float[Tensor, "frames points 3"], dual: Float[Tensor, "frames points 8"]
) -> Float[Tensor, "frames points 3"]:
    """Each point by its dual quaternion."""
    return _turn(points, dual[..., :1], dual[..., 1:4]) + _shift(dual)


def move_back(
    points: Float[Tensor, "frames points 3"], dual: Float[Tensor, "frames points 8"]
) -> Float[Tensor, "frames points 3"]:
    """The inverse of `move`."""
    return _turn(points - _shift(dual), dual[..., :1], -dual[..., 1:4])


def _turn(points: Tensor, w: Tensor, vector: Tensor) -> Tensor:
    return points + 2 * _cross(vector, _cross(vector, points) + w * points)


def _shift(dual: Tensor) -> Tensor:
    w, vector, dual_w, dual_vector = dual[..., :1], dual[..., 1:4], dual[..., 4:5], dual[..., 5:]
    return 2 * (w * dual_vector - dual_w * vector + _cross(vector, dual_vector))


def _cross(first: Tensor, second: Tensor) -> Tensor:
    """Several times faster than torch.linalg.cross on the CPU."""
    ax, ay, az = first.unbind(-1)
    bx, by, bz = second.unbind(-1)
    return torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)
