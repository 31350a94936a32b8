"""Does a reconstruction face the way its subject faces?

A body turned about its upright axis by 180 degrees changes the sign of two things in the picture:
front minus rear (large in side views) and left minus right (large in frontal views). Both are
compared, horizontally, since half a turn does not change which end is higher.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

_TRUNK_FRONT = (
    "neck_base", "left_front_elbow", "right_front_elbow", "left_front_paw", "right_front_paw",
)  # fmt: skip
_HEAD_FRONT = ("nose", "left_ear_base", "right_ear_base")
_REAR = ("tail_base", "left_hind_knee", "right_hind_knee", "left_hind_paw", "right_hind_paw")
_UNSURE = 0.05
"""Evidence under this share of sqrt(mask area) decides nothing: annotations are about that good."""

Points = Mapping[str, Float[np.ndarray, " 2"]]


def is_flipped(predicted: Points, annotated: Points, size_px: float) -> bool | None:
    """Whether the prediction faces away from where the annotations face.

    Args:
        predicted: Pixels of the reconstruction's keypoints, at least all annotated names.
        annotated: Pixels of the visible annotated keypoints.
        size_px: Square root of the mask's area.

    Returns:
        None if too little is annotated to tell.
    """
    names = set(annotated)
    theirs = np.array([_front_minus_rear(annotated, names), _left_minus_right(annotated, names)])
    ours = np.array([_front_minus_rear(predicted, names), _left_minus_right(predicted, names)])
    if np.abs(theirs).max() < _UNSURE * size_px:
        return None
    return bool(ours @ theirs < 0)


def _front_minus_rear(points: Points, names: set[str]) -> float:
    """Horizontal way from the rear to the front of the trunk, or to the head if that is all."""
    front = [name for name in _TRUNK_FRONT if name in names]
    front = front or [name for name in _HEAD_FRONT if name in names]
    rear = [name for name in _REAR if name in names]
    if not front or not rear:
        return 0.0
    return float(_mean_x(points, front) - _mean_x(points, rear))


def _left_minus_right(points: Points, names: set[str]) -> float:
    """Mean horizontal way from right to left over the pairs of which both are visible."""
    pairs = [(name, name.replace("left_", "right_")) for name in names if name.startswith("left_")]
    ways = [points[left][0] - points[right][0] for left, right in pairs if right in names]
    return float(np.mean(ways)) if ways else 0.0


def _mean_x(points: Points, names: list[str]) -> float:
    return float(np.mean([points[name][0] for name in names]))
