"""What a frame's mask asks of a body, in a small picture around the subject.

    target = FitTarget.of(result, start_px)        # None: the mask says nothing

Small and self-contained (size_px squared), so a long clip's targets stay in memory when its masks
need not.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32

from core.outline import Outline, find_outline
from core.results import Box, FrameResult
from core.track import box_of_mask, cut_sides

MARGIN = 1.15
"""Side of the picture over the longer side of what it holds."""
REACH = 1.5
"""The picture is at most this many times as long as the mask, however far off the body is."""
BORDER_SHARE = 0.006
"""A mask this near to the border, in image sides, is cut by it: masks often end a little early."""
LEAST_PX = 40
"""Pixels a mask needs to say anything."""


@dataclass(frozen=True, eq=False)
class FitTarget:
    """One frame's mask in a square around it."""

    scale: float
    """Pixels of the square per pixel of the image."""
    shift_px: Float[np.ndarray, " 2"]
    """square = scale * image + shift."""
    mask: Bool[np.ndarray, "size size"]
    is_visible: Bool[np.ndarray, "size size"]
    """False beyond a border of the image that cuts the mask: there nothing is known, nothing costs.
    A subject that does not reach a border is not beyond it."""
    distance: Float32[np.ndarray, "size size"]
    """Signed distance to the mask's edge, in sides of the mask: below 0 inside; 0 where unseen."""
    outline: Outline
    size_share: float
    """Longer side of the mask's box over the square's."""

    @classmethod
    def of(
        cls, result: FrameResult, start_px: Float[np.ndarray, "verts 2"], size_px: int
    ) -> "FitTarget | None":
        """The target of a frame, or None if its mask is empty.

        Args:
            result: A frame with its mask.
            start_px: Where the body is seen so far, image pixels; the square holds most of it.
            size_px: Side of the square.
        """
        if result.mask is None or np.count_nonzero(result.mask.alpha > 127) < LEAST_PX:
            return None
        box = box_of_mask(result.mask.alpha)
        if box is None:
            return None
        scale, shift = _square(box, start_px, size_px)
        carried_on = _warp(result.mask.alpha, scale, shift, size_px) > 127
        cut = cut_sides(box, result.mask.alpha, BORDER_SHARE * max(result.image_size))
        is_visible = _known(result.image_size, cut, scale, shift, size_px)
        mask = carried_on & is_visible
        outline = find_outline(carried_on, is_visible)
        if len(outline.row) < 3:
            return None
        longer = max(box[2] - box[0], box[3] - box[1]) * scale
        distance = _signed_distance(carried_on) / np.float32(longer)
        return cls(
            scale, shift, mask, is_visible, np.where(is_visible, distance, np.float32(0)),
            outline, longer / size_px,
        )  # fmt: skip

    def iou(self, covered: Bool[np.ndarray, "size size"]) -> float:
        """Intersection over union with a drawn body, where the image reaches."""
        seen = covered & self.is_visible
        return np.count_nonzero(seen & self.mask) / np.count_nonzero(seen | self.mask)


def _square(box: Box, start_px: np.ndarray, size_px: int) -> tuple[float, Float[np.ndarray, " 2"]]:
    low, high = np.array(box[:2]), np.array(box[2:])
    slack = 0.5 * (REACH - 1) * (high - low).max()
    first = np.maximum(np.minimum(low, start_px.min(0)), low - slack)
    last = np.minimum(np.maximum(high, start_px.max(0)), high + slack)
    scale = float(size_px / (MARGIN * (last - first).max()))
    return scale, size_px / 2 - scale * (first + last) / 2


def _warp(alpha: np.ndarray, scale: float, shift: np.ndarray, size_px: int) -> np.ndarray:
    """The image in the square, its last pixels carried on beyond the border.

    Shrunk by averaging first, so that nothing aliases.
    """
    height, width = alpha.shape
    if scale < 0.5:
        small = (max(1, round(width * 2 * scale)), max(1, round(height * 2 * scale)))
        alpha = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA)
    x_scale, y_scale = scale * width / alpha.shape[1], scale * height / alpha.shape[0]
    # OpenCV counts pixel centres at whole numbers.
    matrix = np.array(
        [[x_scale, 0, shift[0] + 0.5 * x_scale - 0.5], [0, y_scale, shift[1] + 0.5 * y_scale - 0.5]]
    )
    return cv2.warpAffine(alpha, matrix, (size_px, size_px), borderMode=cv2.BORDER_REPLICATE)


def _known(
    image_size: tuple[int, int],
    cut: tuple[str, ...],
    scale: float,
    shift: np.ndarray,
    size_px: int,
) -> Bool[np.ndarray, "size size"]:
    centre = (np.arange(size_px) + 0.5)[:, None] - shift
    is_known = np.ones((size_px, 2), bool)
    for axis, (near, far) in enumerate((("left", "right"), ("top", "bottom"))):
        if near in cut:
            is_known[:, axis] &= centre[:, axis] >= 0
        if far in cut:
            is_known[:, axis] &= centre[:, axis] < scale * image_size[axis]
    return is_known[None, :, 0] & is_known[:, None, 1]


def _signed_distance(mask: np.ndarray) -> Float32[np.ndarray, "size size"]:
    inside = mask.astype(np.uint8)
    out = cv2.distanceTransform(1 - inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return out - cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
