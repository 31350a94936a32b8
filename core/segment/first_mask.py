"""The subject on one frame, from a box, clicks, or nothing at all.

What lies around the box is background for sure; inside, pixels are sorted by how much they look
like it (a classifier of colour and height), by how strong the edges between them and the
outside are (geodesic distance), and by how near the middle they lie.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from core.results import Box
from core.segment.appearance import CAREFUL, Appearance, colour_and_place
from core.segment.graph_cut import EVIDENCE_LIMIT, cut_out
from core.segment.segmenter import Points
from core.segment.subject_view import SubjectView

GUESS_MARGIN = 0.06
"""Without a box, what lies this near to the frame's border is taken for background."""
_ROUNDS = 3
_LOOKS_WEIGHT = 2.5
_ENCLOSED_WEIGHT = 2.0
_MIDDLE_WEIGHT = 0.3
_GUESS_MIDDLE_WEIGHT = 1.0
_LEAST_SHARE = 0.08
"""A round that keeps less of the box than this went astray."""
_EDGE_UNIT = 20.0
_BLANK_SPREAD = 2.0
"""Grey levels; a small picture that varies less shows nothing."""
_STEP_COST = 0.02
_CLICK_REACH = 0.08
"""Radius that a click decides, as a share of the view's longer side."""


def first_mask(
    rgb: UInt8[np.ndarray, "height width 3"],
    box: Box | None = None,
    points: Points | None = None,
) -> UInt8[np.ndarray, "height width"]:
    """Find the subject; empty if there is nothing that stands out.

    Args:
        rgb: The frame.
        box: Around the subject; the whole frame less a margin if not given.
        points: Clicks on the subject and on the background.
    """
    height, width = rgb.shape[:2]
    if box is None and points is None and _is_blank(rgb):
        return np.zeros((height, width), np.uint8)
    view = SubjectView(box or _guess_box(width, height), (width, height))
    seen = view.see(rgb)
    in_box = _in_box(view) & view.is_inside
    fixed = _MIDDLE_WEIGHT * _middle(view) if box else _GUESS_MIDDLE_WEIGHT * _middle(view)
    fixed = fixed + _ENCLOSED_WEIGHT * _enclosed(seen, in_box, view.is_inside)
    if points is not None:
        fixed = fixed + _clicked(points, view)
    subject = _sorted_out(seen, view, in_box, fixed.astype(np.float32))
    return view.unsee(largest_blobs(subject, subject).astype(np.uint8) * np.uint8(255))


def largest_blobs(
    subject: Bool[np.ndarray, "h w"], expected: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """The blobs that matter: those that overlap what was expected, or are large."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(subject.astype(np.uint8))
    if count <= 2:
        return subject
    score = np.bincount(labels.ravel(), weights=expected.ravel(), minlength=count)
    score += 0.2 * stats[:, cv2.CC_STAT_AREA]
    score[0] = 0
    is_kept = score > 0.15 * score.max()
    return is_kept[labels]


def _sorted_out(
    seen: UInt8[np.ndarray, "h w 3"],
    view: SubjectView,
    in_box: Bool[np.ndarray, "h w"],
    fixed: Float32[np.ndarray, "h w"],
) -> Bool[np.ndarray, "h w"]:
    """Learn in from out, cut, learn from the cut, and again."""
    inputs = _looks(seen, view)
    subject = in_box
    for round_ in range(_ROUNDS):
        learned = Appearance.first(inputs, subject.ravel(), view.is_inside.ravel(), 1.0, CAREFUL)
        if learned is None:
            return subject
        score = learned.score(inputs).reshape(subject.shape)
        if round_ == 0:
            # Much of the box is background: only the order of the scores means something.
            score = score - _otsu(score[in_box])
        evidence = np.clip(_LOOKS_WEIGHT * score + fixed, -EVIDENCE_LIMIT, EVIDENCE_LIMIT)
        evidence[~in_box] = -EVIDENCE_LIMIT
        evidence[~view.is_inside] = 0
        found = cut_out(seen, evidence) & in_box
        if found.sum() < _LEAST_SHARE * in_box.sum():
            return subject
        subject = found
    return subject


def _looks(seen: UInt8[np.ndarray, "h w 3"], view: SubjectView) -> Float32[np.ndarray, "pixels 7"]:
    """Colour, colour around, and height in the box. Not the place across: it would tell in from
    out by itself."""
    inputs = colour_and_place(seen, view)
    blurred = cv2.GaussianBlur(seen, (0, 0), max(0.5, 0.018 * view.length))
    around = colour_and_place(blurred, view)[:, :3]
    height = view.box[3] - view.box[1]
    stretch = np.float32(max(view.box[2] - view.box[0], height) / max(height, 1.0))
    return np.concatenate([inputs[:, :3], around, inputs[:, 4:] * stretch], axis=1)


def _is_blank(rgb: UInt8[np.ndarray, "height width 3"]) -> bool:
    """Whether it is all one colour, as a fade-in or a covered lens is."""
    small = cv2.resize(rgb, (32, 32), interpolation=cv2.INTER_AREA)
    return bool(small.std(axis=(0, 1)).max() < _BLANK_SPREAD)


def _guess_box(width: int, height: int) -> Box:
    margin = GUESS_MARGIN * max(width, height)
    return (margin, margin, max(width - margin, margin + 1), max(height - margin, margin + 1))


def _box_in_view(view: SubjectView) -> tuple[float, float, float, float]:
    matrix = view.frame_to_view
    x0, y0, x1, y1 = view.box
    low = matrix @ np.array([x0 - 0.5, y0 - 0.5, 1])
    high = matrix @ np.array([x1 - 0.5, y1 - 0.5, 1])
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _in_box(view: SubjectView) -> Bool[np.ndarray, "h w"]:
    width, height = view.size
    x0, y0, x1, y1 = _box_in_view(view)
    x, y = np.arange(width), np.arange(height)
    return ((y >= y0) & (y < y1))[:, None] & ((x >= x0) & (x < x1))


def _middle(view: SubjectView) -> Float32[np.ndarray, "h w"]:
    """1 in the middle of the box, -1 in its corners and outside."""
    width, height = view.size
    x0, y0, x1, y1 = _box_in_view(view)
    x = np.abs(np.arange(width) - (x0 + x1) / 2) / max((x1 - x0) / 2, 1)
    y = np.abs(np.arange(height)[:, None] - (y0 + y1) / 2) / max((y1 - y0) / 2, 1)
    off = np.minimum(np.hypot(x, y), 1.3 * np.maximum(x, y))
    return np.clip(1.6 * (0.85 - off), -1, 1).astype(np.float32)


def _enclosed(
    seen: UInt8[np.ndarray, "h w 3"],
    in_box: Bool[np.ndarray, "h w"],
    is_inside: Bool[np.ndarray, "h w"],
) -> Float32[np.ndarray, "h w"]:
    """How strong the edges are that part a pixel from the outside, -1..1.

    Source: Wei et al., "Geodesic Saliency Using Background Priors", ECCV 2012.
    """
    from skimage.graph import MCP_Geometric

    outside = ~in_box & is_inside
    seeds = outside if outside.any() else ~in_box
    if not seeds.any() or not in_box.any():
        return np.zeros(in_box.shape, np.float32)
    lab = cv2.cvtColor(cv2.GaussianBlur(seen, (0, 0), 1), cv2.COLOR_RGB2Lab).astype(np.float32)
    x_edges, y_edges = np.gradient(lab, axis=1), np.gradient(lab, axis=0)
    edges = np.sqrt((x_edges**2 + y_edges**2).sum(axis=2))
    paths = MCP_Geometric(_STEP_COST + edges / _EDGE_UNIT)
    distance, _ = paths.find_costs(np.argwhere(seeds))
    far = max(float(np.percentile(distance[in_box], 95)), 1e-6)
    return np.clip(2 * distance / far - 1, -1, 1).astype(np.float32)


def _clicked(points: Points, view: SubjectView) -> Float32[np.ndarray, "h w"]:
    """Certain at the clicks, fading around them."""
    width, height = view.size
    reach = _CLICK_REACH * max(width, height)
    evidence = np.zeros((height, width), np.float32)
    for (x, y), is_subject in zip(points.positions_px, points.is_subject, strict=True):
        at_x, at_y, _ = view.frame_to_view @ np.array([x - 0.5, y - 0.5, 1])
        away = np.hypot(np.arange(width) - at_x, np.arange(height)[:, None] - at_y) / reach
        weight = 3 * EVIDENCE_LIMIT if is_subject else -3 * EVIDENCE_LIMIT
        evidence += np.float32(weight) * np.exp(-(away**2)).astype(np.float32)
    return evidence


def _otsu(values: Float32[np.ndarray, " values"]) -> float:
    """The threshold that parts values in two best; scores of about -1.5..1.5."""
    grey = np.clip((values + 1.5) / 3 * 255, 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return level / 255 * 3 - 1.5
