"""A take's motion on another body: a category model's or a rig's.

take, found = take_onto(take, rig, bone_map(take.body.skeleton, rig.skeleton))
"""

from dataclasses import replace
from typing import Any

import numpy as np

from core.bone_map import BoneMap
from core.errors import ExportError
from core.export.take import Take
from core.retarget import transfer_rotations
from core.rig import Rig, Skeleton

LIKELY_M = (0.02, 40.0)
"""Lengths of animals and people; a rig outside is not in metres."""
MOST_STRIDE = 5.0
"""A body's steps are not made longer or shorter by more than this."""


def take_onto(take: Take, rig: Rig, source_of: BoneMap, facts: dict[str, Any]) -> Take:
    """The take as another body would perform it.

    Joints turn from rest as their sources turn; travel is scaled by how high the roots hang, so
    that feet do not slide more than they did.

    Args:
        take: The motion.
        rig: The other body, with its own colours.
        source_of: Joint of the take's body by joint of `rig`.
        facts: What is known about the other body (name, licence), for `extras`.

    Raises:
        ExportError: No joint of the rig has a source.
    """
    moved = [name for name in rig.skeleton.names if source_of.get(name)]
    if not moved:
        raise ExportError(f"No joint of {rig.name} is mapped to a joint of {take.body.name}.")
    rotations = transfer_rotations(
        take.body.skeleton, rig.skeleton, take.joint_rotations.astype(np.float64), source_of
    )
    still = len(rig.skeleton.names) - len(moved)
    notes = take.notes
    if still:
        notes = (*notes, f"{still} of {rig.name}'s {still + len(moved)} joints keep still.")
    if not LIKELY_M[0] < rig.metres_per_unit < LIKELY_M[1]:
        rig = replace(rig, metres_per_unit=take.body.metres_per_unit)
        notes = (*notes, f"{rig.name} is as long as the take's body; its file says otherwise.")
    kept = {key: value for key, value in take.facts.items() if key not in ("licence", "category")}
    return replace(
        take,
        body=rig,
        joint_rotations=rotations,
        root_to_cam=_strided(take, rig.skeleton),
        frame_colors=None,
        facts=kept | facts,
        notes=notes,
    )


def _strided(take: Take, target: Skeleton) -> np.ndarray:
    """Root poses with the travel from the first frame on scaled to the other body's height."""
    heights = [float(s.rest_joint_to_rig[0, 1, 3]) for s in (take.body.skeleton, target)]
    share = 1.0
    if min(heights) > 1e-3:
        share = float(np.clip(heights[1] / heights[0], 1 / MOST_STRIDE, MOST_STRIDE))
    roots = take.root_to_cam.astype(np.float64).copy()
    start = roots[:1, :3, 3]
    roots[:, :3, 3] = start + share * (roots[:, :3, 3] - start)
    return roots
