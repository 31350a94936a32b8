"""Where the crop goes, and whether the subject is still there.

track = follow(None, mask, frame.time_s)
track = follow(track, mask, frame.time_s)  # track.crop_box, track.is_lost
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Int, UInt8

from core.results import Box, Mask

LOST_BELOW = 0.25
"""Confidence under which a subject counts as unseen..."""
FOUND_ABOVE = 0.4
"""...and from which it counts as seen again."""
LOST_AFTER_S = 0.25
"""A subject unseen for less keeps its crop."""
SIZE_TIME_S = 0.3
"""Time constant of the crop's size."""
SIZE_SLACK = 1.12
"""The smoothed size never differs from the measured one by more than this factor."""
_BLOB_SHARE = 0.15
"""A separate blob smaller than this share of the main one is dropped if it is also far."""
_BLOB_GAP = 0.2
"""How far is far, as a share of the main blob's longer side."""
_COARSE_PX = 160
_EDGE_SHARE = 0.001
"""Share of the mask that may stick out beyond each edge of the box."""


@dataclass(frozen=True, eq=False)
class Track:
    """The subject's place over time."""

    time_s: float
    box: Box | None
    """Tight box of this frame's mask; None if the mask is empty."""
    crop_box: Box | None
    """Square to crop around: centred on the mask without lag, its size smoothed over time.
    Stays where it was while the subject is unseen; None before it was ever seen."""
    is_lost: bool
    """The subject has been unseen for a while (or was never seen)."""
    seen_s: float
    """Time stamp of the last frame that showed the subject."""
    cut_sides: tuple[str, ...]
    """Sides of the frame that the mask touches: left, top, right, bottom."""


def follow(track: Track | None, mask: Mask, time_s: float) -> Track:
    """The track after one more frame.

    Raises:
        ValueError: The time stamp lies before the track's.
    """
    if track is not None and time_s < track.time_s:
        raise ValueError(f"time {time_s} s comes before {track.time_s} s")
    box = box_of_mask(mask.alpha)
    was_lost = track is None or track.is_lost
    is_seen = box is not None and mask.confidence >= (FOUND_ABOVE if was_lost else LOST_BELOW)
    if box is None or not is_seen:
        seen_s = track.seen_s if track else -np.inf
        crop_box = track.crop_box if track else None
        is_lost = was_lost or time_s - seen_s > LOST_AFTER_S
        return Track(time_s, box, crop_box, is_lost, seen_s, ())
    side = max(box[2] - box[0], box[3] - box[1])
    if track is not None and track.crop_box is not None and not was_lost:
        old_side = track.crop_box[2] - track.crop_box[0]
        side = _smoothed_side(old_side, side, time_s - track.time_s)
    return Track(time_s, box, _square(box, side), False, time_s, cut_sides(box, mask.alpha))


def box_of_mask(alpha: UInt8[np.ndarray, "height width"]) -> Box | None:
    """Tight box of the subject: far, small blobs and stray pixels do not count."""
    solid = _without_stray_blobs(cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1])
    x_range = _edges(cv2.reduce(solid, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel())
    y_range = _edges(cv2.reduce(solid, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel())
    if x_range is None or y_range is None:
        return None
    return (x_range[0], y_range[0], x_range[1], y_range[1])


def cut_sides(
    box: Box, alpha: UInt8[np.ndarray, "height width"], margin_px: float = 1.0
) -> tuple[str, ...]:
    """Which borders of the frame the box touches: there, part of the subject may be unseen."""
    height, width = alpha.shape
    touches = {
        "left": box[0] <= margin_px,
        "top": box[1] <= margin_px,
        "right": box[2] >= width - margin_px,
        "bottom": box[3] >= height - margin_px,
    }
    return tuple(side for side, is_touched in touches.items() if is_touched)


def _smoothed_side(old: float, new: float, passed_s: float) -> float:
    keep = np.exp(-passed_s / SIZE_TIME_S)
    smooth = np.exp(keep * np.log(old) + (1 - keep) * np.log(new))
    return float(np.clip(smooth, new / SIZE_SLACK, new * SIZE_SLACK))


def _square(box: Box, side: float) -> Box:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return (x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def _edges(counts: Int[np.ndarray, " places"]) -> tuple[float, float] | None:
    """First and last place after leaving out the outermost `_EDGE_SHARE` on either side."""
    total = int(counts.sum())
    if total == 0:
        return None
    allowed = total * _EDGE_SHARE / 2
    passed = np.cumsum(counts)
    first = int(np.searchsorted(passed, allowed, side="right"))
    last = int(np.searchsorted(passed, total - allowed, side="left"))
    return float(first), float(last + 1)


def _without_stray_blobs(
    solid: UInt8[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width"]:
    """Blobs are told apart on a coarse copy: labelling the full picture takes ten times longer."""
    height, width = solid.shape
    scale = min(1.0, _COARSE_PX / max(height, width))
    coarse_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    coarse = cv2.resize(solid, coarse_size, interpolation=cv2.INTER_AREA)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(coarse, connectivity=8)
    is_stray = _are_stray(stats[1:])
    if not is_stray.any():
        return solid
    stray = np.concatenate([[False], is_stray])[labels].astype(np.uint8)
    return np.where(cv2.resize(stray, (width, height), interpolation=cv2.INTER_NEAREST), 0, solid)


def _are_stray(stats: Int[np.ndarray, "blobs 5"]) -> Bool[np.ndarray, " blobs"]:
    """Which blobs are both small and far from the largest."""
    if len(stats) < 2:
        return np.zeros(len(stats), bool)
    areas = stats[:, cv2.CC_STAT_AREA]
    main = int(areas.argmax())
    x, y, width, height = stats[main, :4]
    left, top = stats[:, 0], stats[:, 1]
    right, bottom = left + stats[:, 2], top + stats[:, 3]
    x_gap = np.maximum(np.maximum(x - right, left - (x + width)), 0)
    y_gap = np.maximum(np.maximum(y - bottom, top - (y + height)), 0)
    is_far = np.hypot(x_gap, y_gap) > _BLOB_GAP * max(width, height)
    return is_far & (areas < _BLOB_SHARE * areas[main])
