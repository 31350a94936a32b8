"""The whole frame at low resolution, for flow and for the background."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

SMALL_LONG_SIDE_PX = 256


@dataclass(frozen=True, eq=False)
class SmallFrame:
    """A frame, shrunk."""

    grey: UInt8[np.ndarray, "h w"]
    lab: Float32[np.ndarray, "h w 3"]
    """8-bit Lab as numbers, a little blurred: compression noise says nothing."""
    scale: float
    """Small pixels per full pixel; at most 1."""

    @classmethod
    def of(cls, rgb: UInt8[np.ndarray, "height width 3"]) -> "SmallFrame":
        """Shrink a picture by averaging."""
        height, width = rgb.shape[:2]
        scale = min(1.0, SMALL_LONG_SIDE_PX / max(height, width))
        small = cv2.resize(rgb, _small_size(width, height, scale), interpolation=cv2.INTER_AREA)
        lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), (0, 0), 0.8)
        return cls(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), lab.astype(np.float32), scale)

    def shrink(self, alpha: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "h w"]:
        """A mask of the full frame at this size."""
        height, width = self.grey.shape
        return cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)


def _small_size(width: int, height: int, scale: float) -> tuple[int, int]:
    return max(1, round(width * scale)), max(1, round(height * scale))
