"""Where the limbs end: the tips of joints without children."""

import numpy as np
from jaxtyping import Float

from core.rig import Rig

SHORTEST = 0.01
"""Share of the body length; a bone shorter than this is drawn that long."""


def end_joint_offsets(rig: Rig) -> dict[int, Float[np.ndarray, " 3"]]:
    """Position of the tip of each leaf joint, in the joint's own frame, rig units.

    The tip lies as far along the limb as the vertices that mostly belong to the joint reach. The
    limb runs from the parent through the joint, or, where both coincide, to those vertices.
    """
    skeleton = rig.skeleton
    leaves = sorted(set(range(len(skeleton.names))) - set(skeleton.parents))
    shortest = SHORTEST * float(np.ptp(rig.vertices, 0).max())
    return {joint: _tip(rig, joint, shortest) for joint in leaves}


def _tip(rig: Rig, joint: int, shortest: float) -> np.ndarray:
    to_rig = rig.skeleton.rest_joint_to_rig[joint]
    origin = to_rig[:3, 3]
    own = rig.vertices[rig.weights[:, joint] > 0.5] - origin
    parent = rig.skeleton.parents[joint]
    along = origin - rig.skeleton.rest_joint_to_rig[max(parent, 0), :3, 3]
    if np.linalg.norm(along) < shortest:
        along = own.mean(0) if len(own) else to_rig[:3, 1]
    if np.linalg.norm(along) < 1e-9:
        along = to_rig[:3, 1]
    along = along / np.linalg.norm(along)
    reach = float((own @ along).max()) if len(own) else 0.0
    return to_rig[:3, :3].T @ (max(reach, shortest) * along)
