"""Skinning weights as the vertex shader wants them: a few joints per vertex.

joints, shares = strongest_influences(rig.weights, 8)
"""

import numpy as np
from jaxtyping import Float, Float32, Int32

MAX_INFLUENCES = 8
"""glTF's two weight sets; also what two vec4 attributes hold."""


def influences_needed(weights: Float[np.ndarray, "verts joints"]) -> int:
    """4 if no vertex listens to more than four joints, else 8."""
    busiest = int((np.asarray(weights) > 0).sum(1).max(initial=1))
    return 4 if busiest <= 4 else MAX_INFLUENCES


def strongest_influences(
    weights: Float[np.ndarray, "verts joints"], count: int
) -> tuple[Int32[np.ndarray, "verts influences"], Float32[np.ndarray, "verts influences"]]:
    """The `count` strongest joints of each vertex and their weights, which sum to 1 again.

    Joints without weight point at joint 0 with weight 0.
    """
    verts, joints = weights.shape
    kept = min(count, joints)
    order = np.argsort(-weights, axis=1, kind="stable")[:, :kept]
    share = np.take_along_axis(weights, order, 1).astype(np.float64)
    share /= share.sum(1, keepdims=True)
    joint_of = np.zeros((verts, count), np.int32)
    share_of = np.zeros((verts, count), np.float32)
    joint_of[:, :kept] = np.where(share > 0, order, 0)
    share_of[:, :kept] = share
    return joint_of, share_of
