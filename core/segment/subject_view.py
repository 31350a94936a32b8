"""The part of the frame around the subject, at a size where each pixel can be looked at."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from core.results import Box

VIEW_PIXELS = 14000
"""Pixels of a view, whatever the shape of its box: thin subjects get more detail."""
VIEW_MARGIN = 0.3
"""Space around the box, as a share of its longer side."""
_LEAST_SIDE_PX = 12.0


@dataclass(frozen=True)
class SubjectView:
    """A window onto the frame."""

    box: Box
    """What the window was made around."""
    frame_size: tuple[int, int]
    """Width, height of the frame in pixels."""

    @cached_property
    def length(self) -> float:
        """Longer side of the box in view pixels."""
        return self._scale * self._side_px

    @property
    def size(self) -> tuple[int, int]:
        """Width, height of the view."""
        x0, y0, x1, y1 = self.box
        margin = 2 * VIEW_MARGIN * self._side_px
        width, height = x1 - x0 + margin, y1 - y0 + margin
        return max(8, round(width * self._scale)), max(8, round(height * self._scale))

    @cached_property
    def frame_to_view(self) -> Float[np.ndarray, "3 3"]:
        """Pixels with whole-number centres, as OpenCV counts."""
        x0, y0, x1, y1 = self.box
        scale, (width, height) = self._scale, self.size
        x, y = (x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2
        return np.array(
            [
                [scale, 0, (width - 1) / 2 - x * scale],
                [0, scale, (height - 1) / 2 - y * scale],
                [0, 0, 1],
            ]
        )

    @cached_property
    def is_inside(self) -> Bool[np.ndarray, "h w"]:
        """True where the view shows the frame and not what lies beyond its border."""
        (width, height), (frame_width, frame_height) = self.size, self.frame_size
        to_frame = np.linalg.inv(self.frame_to_view)
        x = to_frame[0, 0] * np.arange(width) + to_frame[0, 2]
        y = to_frame[1, 1] * np.arange(height) + to_frame[1, 2]
        inside_x = (x > -0.5) & (x < frame_width - 0.5)
        inside_y = (y > -0.5) & (y < frame_height - 0.5)
        return inside_y[:, None] & inside_x

    def see(self, rgb: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "h w 3"]:
        """The picture in the window; beyond the frame its border is repeated."""
        matrix = self.frame_to_view
        shrink = int(1 / self._scale)
        if shrink >= 2:
            height, width = rgb.shape[:2]
            small = (max(1, width // shrink), max(1, height // shrink))
            rgb = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
            matrix = matrix @ _grown(width / small[0], height / small[1])
        return self._warp(rgb, matrix, cv2.BORDER_REPLICATE)

    def see_small(
        self, image: Float32[np.ndarray, "h0 w0"] | UInt8[np.ndarray, "h0 w0"]
    ) -> Float32[np.ndarray, "h w"] | UInt8[np.ndarray, "h w"]:
        """A map of the whole frame, given at any size, in the window; 0 beyond the frame."""
        height, width = image.shape
        factors = self.frame_size[0] / width, self.frame_size[1] / height
        return self._warp(image, self.frame_to_view @ _grown(*factors), cv2.BORDER_CONSTANT)

    def unsee(self, alpha: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "height width"]:
        """A mask of the window at its place in the frame."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(alpha, self.frame_to_view[:2], self.frame_size, flags=flags)

    @property
    def _side_px(self) -> float:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1], _LEAST_SIDE_PX)

    @cached_property
    def _scale(self) -> float:
        margin = 2 * VIEW_MARGIN * self._side_px
        width, height = self.box[2] - self.box[0] + margin, self.box[3] - self.box[1] + margin
        return float(np.sqrt(VIEW_PIXELS / (width * height)))

    def _warp(self, image: np.ndarray, matrix: np.ndarray, border: int) -> np.ndarray:
        return cv2.warpAffine(
            image, matrix[:2], self.size, flags=cv2.INTER_LINEAR, borderMode=border
        )


def _grown(x_factor: float, y_factor: float) -> Float[np.ndarray, "3 3"]:
    """Pixels of a shrunk picture to pixels of the full one, centres at whole numbers."""
    return np.array(
        [
            [x_factor, 0, (x_factor - 1) / 2],
            [0, y_factor, (y_factor - 1) / 2],
            [0, 0, 1],
        ]
    )
