"""Agreement of silhouettes: J and F of video object segmentation."""

import cv2
import numpy as np
from jaxtyping import Bool

BOUNDARY_TOLERANCE = 0.008
"""Of the image's diagonal; DAVIS's value."""

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def silhouette_iou(
    predicted: Bool[np.ndarray, "height width"], truth: Bool[np.ndarray, "height width"]
) -> float:
    """Intersection over union, 0..1 (J); two empty silhouettes agree."""
    union = np.count_nonzero(predicted | truth)
    return np.count_nonzero(predicted & truth) / union if union else 1.0


def boundary_f(
    predicted: Bool[np.ndarray, "height width"],
    truth: Bool[np.ndarray, "height width"],
    tolerance: float = BOUNDARY_TOLERANCE,
) -> float:
    """F-measure of the boundaries, 0..1, within `tolerance` of the image's diagonal.

    A boundary pixel is a silhouette's pixel with a neighbour (of 4) outside; the image's border
    is no boundary.

    Source:
        Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object
        Segmentation", CVPR 2016.
    """
    reach_px = max(1.0, np.ceil(tolerance * np.hypot(*truth.shape)))
    ours, theirs = _boundary(predicted), _boundary(truth)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    precision = float((_distance_to(theirs)[ours] <= reach_px).mean())
    recall = float((_distance_to(ours)[theirs] <= reach_px).mean())
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def _boundary(silhouette: np.ndarray) -> np.ndarray:
    inside = silhouette.astype(np.uint8)
    return (inside > 0) & (cv2.erode(inside, _CROSS) == 0)


def _distance_to(boundary: np.ndarray) -> np.ndarray:
    """Distance in pixels of every pixel to the nearest boundary pixel, exact."""
    free = np.where(boundary, 0, 255).astype(np.uint8)
    return cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
