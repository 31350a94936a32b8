"""Rigs turned to face +z, whichever way their makers had them look.

turned, degrees = faced_front(imported)

glTF's front is +z, but files look along x or backwards too. Joints that say left and right settle
it: left x up is ahead. Without such names feet do: toes reach further from the ankles than heels.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from core.mirror import mirror_joints, other_side
from core.rig import MotionClip, Rig
from core.rig_import import ImportedRig

_CLEAR = 0.02
"""A mean way from right to left under this many rig units says nothing."""


def faced_front(imported: ImportedRig) -> tuple[ImportedRig, int]:
    """The rig turned about y by a multiple of 90 degrees, and by how many."""
    quarters = _quarters(_leftwards(imported.rig))
    if quarters == 0:
        return imported, 0
    cos, sin = (1, 0, -1, 0)[quarters], (0, 1, 0, -1)[quarters]
    turn = np.eye(4)
    turn[:3, :3] = [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]
    return turned(imported, turn), 90 * quarters


def turned(imported: ImportedRig, turn: Float[np.ndarray, "4 4"]) -> ImportedRig:
    """The rig and its motions seen from turned axes; a clip's joint rotations stay as they are."""
    rig, skeleton = imported.rig, imported.rig.skeleton
    rest = turn @ skeleton.rest_joint_to_rig
    mirror = mirror_joints(skeleton.names, skeleton.parents, rest[:, :3, 3])
    own = replace(
        rig,
        skeleton=replace(skeleton, rest_joint_to_rig=rest, mirror=mirror),
        vertices=(rig.vertices @ turn[:3, :3].T).astype(np.float32),
    )
    return ImportedRig(own, tuple(_turned_clip(clip, turn) for clip in imported.clips))


def _turned_clip(clip: MotionClip, turn: Float[np.ndarray, "4 4"]) -> MotionClip:
    return replace(clip, root_motion=turn @ clip.root_motion @ np.linalg.inv(turn))


def _leftwards(rig: Rig) -> Float[np.ndarray, " 3"]:
    """Mean way from joints named right to their partners named left; zero without such names."""
    place = {
        name: rig.skeleton.rest_joint_to_rig[joint, :3, 3]
        for joint, name in enumerate(rig.skeleton.names)
    }
    ways = [
        place[name] - place[other]
        for name in place
        if (other := other_side(name)) in place and _is_left(name)
    ]
    return np.mean(ways, axis=0) if ways else np.zeros(3)


def _is_left(name: str) -> bool:
    """Of two names that differ in the side, whether this one says left."""
    other = other_side(name)
    assert other is not None
    differing = next((a for a, b in zip(name, other, strict=False) if a != b), "")
    return differing.lower() == "l"


def _quarters(left: Float[np.ndarray, " 3"]) -> int:
    """Quarter turns about y that bring a direction nearest to +x."""
    if np.hypot(left[0], left[2]) < _CLEAR:
        return 0
    # Turning by a about y takes x to (cos a, -sin a) in (x, z).
    return int(np.round(np.arctan2(left[2], left[0]) / (np.pi / 2))) % 4
