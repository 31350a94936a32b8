"""The pose with left and right exchanged, as an articulation code.

code = mirrored_code(model, code)
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from core.rig import Skeleton

ACROSS = np.diag([-1.0, 1.0, 1.0])
"""Left and right change places across x = 0 of the rig."""
STEPS = 6
DELTA = 1e-3
DAMPING = 1e-6


def mirrored_rotations(
    skeleton: Skeleton, joint_rotations: Float[np.ndarray, "joints 3 3"]
) -> Float[np.ndarray, "joints 3 3"]:
    """Each joint turned as its partner on the other side was, seen in a mirror."""
    rest = skeleton.rest_joint_to_rig[:, :3, :3]
    in_rig = rest @ joint_rotations @ rest.swapaxes(1, 2)
    partner = np.array(skeleton.mirror)
    reflected = (ACROSS @ in_rig @ ACROSS)[partner]
    return rest.swapaxes(1, 2) @ reflected @ rest


def mirrored_code(
    model: Any, code: Float[np.ndarray, " articulation"]
) -> Float[np.ndarray, " articulation"]:
    """The code whose pose is nearest to the mirrored one.

    The decoder has no inverse, so the code is found by damped least squares (Gauss-Newton) over
    the joint rotations; the decoder is nearly linear, so that a few steps suffice.
    """
    target = mirrored_rotations(model.rig.skeleton, model.joint_rotations(code)).reshape(-1)
    found = np.array(code, np.float64)
    for _ in range(STEPS):
        now = model.joint_rotations(found).reshape(-1)
        moved = [model.joint_rotations(found + one) for one in DELTA * np.eye(len(found))]
        jacobian = np.stack([(one.reshape(-1) - now) / DELTA for one in moved], axis=1)
        normal = jacobian.T @ jacobian + DAMPING * np.eye(len(found))
        found = found + np.linalg.solve(normal, jacobian.T @ (target - now))
    return found
