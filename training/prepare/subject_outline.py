"""The outline of what a learned network found, finer than its map.

    alpha = subject_outline(rgb, logits)

The network's map has a cell every few pixels. Between its cells the frame's own colours decide: in
every small window the share of subject is the linear function of colour that comes nearest to the
map (guided filter: He et al., ECCV 2010). A minimum cut would be smoother, but takes short ways
across the gaps between legs.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

_FINEST_PX = 640
"""Larger frames are shrunk to this long side."""
_WINDOW = 0.012
"""Half a window, as a share of the long side."""
_SMOOTH = 2e-4
"""Variance of colour, 0..1 each, below which a window is taken for plain."""
_NEAR = 0.12
"""Pieces this near to the subject belong to it, in square roots of its area: a paw whose leg was
not seen."""
_LEAST_PIECE = 0.004
"""Smaller pieces are specks, as a share of the subject's area."""


def subject_outline(
    rgb: UInt8[np.ndarray, "height width 3"], logits: Float32[np.ndarray, "rows columns"]
) -> UInt8[np.ndarray, "height width"]:
    """The subject's mask; specks and what lies apart are left out."""
    full = (rgb.shape[1], rgb.shape[0])
    shrink = min(1.0, _FINEST_PX / max(full))
    size = (max(1, round(full[0] * shrink)), max(1, round(full[1] * shrink)))
    guide = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    grown = cv2.resize(logits, size, interpolation=cv2.INTER_LINEAR)
    guided = guided_filter(guide, 1 / (1 + np.exp(-grown)), max(1, round(_WINDOW * max(size))))
    kept = with_near_pieces(guided > 0.5).astype(np.float32)
    subject = cv2.resize(kept, full, interpolation=cv2.INTER_LINEAR) > 0.5
    return subject.astype(np.uint8) * np.uint8(255)


def with_near_pieces(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """The largest piece, and those near it that are no specks."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count <= 2:
        return mask
    areas = facts[:, cv2.CC_STAT_AREA].astype(float)
    areas[0] = 0
    largest = int(areas.argmax())
    away = cv2.distanceTransform((labels != largest).astype(np.uint8), cv2.DIST_L2, 3)
    is_kept = areas > _LEAST_PIECE * areas[largest]
    near = away < _NEAR * np.sqrt(areas[largest])
    is_kept &= np.bincount(labels[near], minlength=count) > 0
    return is_kept[labels]


def guided_filter(
    guide: Float32[np.ndarray, "h w 3"], values: Float32[np.ndarray, "h w"], radius: int
) -> Float32[np.ndarray, "h w"]:
    """The values as local linear functions of the guide's colours (He et al., eq. 19 to 21)."""

    def mean(picture: np.ndarray) -> np.ndarray:
        side = 2 * radius + 1
        return cv2.blur(picture, (side, side), borderType=cv2.BORDER_REFLECT_101)

    middle, height = mean(guide), mean(values)
    joint = mean(guide * values[..., None]) - middle * height[..., None]
    products = (guide[..., :, None] * guide[..., None, :]).reshape(*values.shape, 9)
    spread = mean(products[..., :4]), mean(products[..., 4:8]), mean(products[..., 8])
    square = np.concatenate([*spread[:2], spread[2][..., None]], -1).reshape(*values.shape, 3, 3)
    square = (
        square - middle[..., :, None] * middle[..., None, :] + _SMOOTH * np.eye(3, dtype=np.float32)
    )
    slope = np.linalg.solve(square, joint[..., None])[..., 0].astype(np.float32)
    offset = height - (slope * middle).sum(-1)
    return (mean(slope) * guide).sum(-1) + mean(offset)
