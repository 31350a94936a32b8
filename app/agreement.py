"""How well the drawn body and the mask cover each other: their overlap, and where each is alone.

seen = agreement_of(model, result)      # None where there is no mask or no body in the picture
seen.iou, seen.image()
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from core.camera import Camera
from core.coverage import draw
from core.decode import pose_rig
from core.results import FrameResult

SIZE_PX = 192
"""Longer side of the small picture in which areas are counted."""
NEAREST = 1e-3
"""What lies nearer to the camera, or behind it, cannot be drawn; rig units."""
OURS_RGBA = (242, 153, 46, 190)
THEIRS_RGBA = (58, 141, 222, 190)
"""Orange and blue can be told apart by nearly everybody."""
BOTH_RGBA = (255, 255, 255, 26)


@dataclass(frozen=True, eq=False)
class Agreement:
    """Body and mask in a small picture of the whole frame."""

    ours: Bool[np.ndarray, "height width"]
    """Where the body is."""
    theirs: Bool[np.ndarray, "height width"]
    """Where the mask is."""

    @property
    def iou(self) -> float:
        """Area of both by area of either; 1 is perfect."""
        either = np.count_nonzero(self.ours | self.theirs)
        return np.count_nonzero(self.ours & self.theirs) / either if either else 0.0

    def image(self) -> UInt8[np.ndarray, "height width 4"]:
        """Colours for what only one of the two covers."""
        rgba = np.zeros((*self.ours.shape, 4), np.uint8)
        rgba[self.ours & self.theirs] = BOTH_RGBA
        rgba[self.ours & ~self.theirs] = OURS_RGBA
        rgba[self.theirs & ~self.ours] = THEIRS_RGBA
        return rgba


def agreement_of(model: Any, result: FrameResult, size_px: int = SIZE_PX) -> Agreement | None:
    """Draw the result's body and hold it against its mask."""
    if result.mask is None:
        return None
    ours = body_area(model, result, size_px)
    if ours is None:
        return None
    small = ours.shape[1], ours.shape[0]
    alpha = cv2.resize(result.mask.alpha, small, interpolation=cv2.INTER_AREA)
    return Agreement(ours, alpha > 127)


def body_area(
    model: Any, result: FrameResult, size_px: int = SIZE_PX
) -> Bool[np.ndarray, "height width"] | None:
    """Where a result's body is, in a small picture of the frame; None if it is not before it."""
    if not result.is_covered:
        return None
    rig = model.rig_of(result.codes.shape)
    vertices = pose_rig(rig, result.joint_rotations, result.root_to_cam).vertices
    if vertices[:, 2].min() <= NEAREST:
        return None
    points_px = Camera(result.K, *result.image_size).project(vertices.astype(np.float64))
    width, height = result.image_size
    scale = size_px / max(width, height)
    small = max(round(width * scale), 1), max(round(height * scale), 1)
    drawn = draw((points_px * scale)[None], model.rig.faces, size_px)
    return drawn.is_covered[0, : small[1], : small[0]]
