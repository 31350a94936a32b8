"""How far a mask can be trusted."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32

DOUBT_BELOW = 0.3
"""Confidence under which nothing is learned from a mask."""
_CLEAR_SEPARATION = 0.9
"""Gap between the scores inside and around at which the looks are beyond doubt."""
_FULL_OVERLAP = 0.6
_FREE_GROWTH = 0.35
"""Log change of area from the usual that costs no confidence."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the mask of a view was made from."""

    subject: Bool[np.ndarray, "h w"]
    score: Float32[np.ndarray, "h w"]
    """Of the appearance model."""
    expected: Bool[np.ndarray, "h w"]
    """Where the flow has carried the last mask; the mask itself where there was none."""
    is_inside: Bool[np.ndarray, "h w"]
    """True where the view shows the frame."""
    area_ratio: float
    """Area of the mask over its running mean."""


def confidence_of(evidence: Evidence) -> float:
    """0..1: looks apart from its surroundings, agrees with the flow, keeps its size, and does
    not run out of the view where the frame goes on."""
    subject, is_inside = evidence.subject, evidence.is_inside
    around = is_inside & ~subject & (cv2.dilate(subject.astype(np.uint8), np.ones((15, 15))) > 0)
    if not subject.any() or not around.any():
        return 0.0
    separation = evidence.score[subject].mean() - evidence.score[around].mean()
    overlap = (subject & evidence.expected).sum() / max((subject | evidence.expected).sum(), 1)
    growth = max(0.0, abs(np.log(max(evidence.area_ratio, 1e-3))) - _FREE_GROWTH)
    factors = (
        np.clip(separation / _CLEAR_SEPARATION, 0, 1),
        np.clip(overlap / _FULL_OVERLAP, 0, 1),
        np.exp(-growth),
        1 - min(1.0, 4 * _leak(subject, is_inside)),
    )
    return float(np.prod(factors))


def _leak(subject: Bool[np.ndarray, "h w"], is_inside: Bool[np.ndarray, "h w"]) -> float:
    """Share of the view's border, where it lies in the frame, that the mask covers."""
    border = np.zeros(subject.shape, bool)
    border[[0, -1]] = border[:, [0, -1]] = True
    border &= is_inside
    return float(subject[border].mean()) if border.any() else 0.0
