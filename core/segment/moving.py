"""What moves apart from the camera, gathered over the first frames to guess the subject."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from core.results import Box

_MEMORY = 0.9
"""Share of what was gathered that is kept each frame."""
_NOISE_PX = 0.8
"""Gathered motion below this is noise of the flow."""
_PLAUSIBLE_SHARES = (0.002, 0.7)
"""Of the frame that a subject covers."""


@dataclass(frozen=True, eq=False)
class Moving:
    """Gathered motion of each pixel against the camera."""

    path_px: Float32[np.ndarray, "h w"]
    """Length of the way gone, in small pixels, with forgetting."""
    frames: int

    @classmethod
    def still(cls, shape: tuple[int, int]) -> "Moving":
        """Nothing has moved yet."""
        return cls(np.zeros(shape, np.float32), 0)

    def after(
        self,
        flow: Float32[np.ndarray, "h w 2"],
        now_to_before: Float[np.ndarray, "2 3"] | None,
    ) -> "Moving":
        """Gather one more frame; `flow` leads back to the frame before."""
        height, width = self.path_px.shape
        x = np.arange(width, dtype=np.float32)
        y = np.arange(height, dtype=np.float32)[:, None]
        carried = cv2.remap(self.path_px, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
        off_x, off_y = flow[..., 0], flow[..., 1]
        if now_to_before is not None:
            matrix = now_to_before.astype(np.float32)
            off_x = off_x + x - (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2])
            off_y = off_y + y - (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2])
        step = cv2.GaussianBlur(np.hypot(off_x, off_y), (0, 0), 1.5)
        return Moving(np.float32(_MEMORY) * carried + step, self.frames + 1)

    def box(self) -> Box | None:
        """Around the region that moves most, in small pixels.

        Returns:
            None if nothing moves, or so much that the camera's motion must be wrong.
        """
        moves = (self.path_px > self._threshold_px()).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(moves)
        if count < 2:
            return None
        way = np.bincount(labels.ravel(), weights=self.path_px.ravel(), minlength=count)
        way[0] = 0
        x, y, width, height, area = (int(number) for number in stats[int(way.argmax())])
        low, high = _PLAUSIBLE_SHARES
        if not low < area / moves.size < high:
            return None
        return (float(x), float(y), float(x + width), float(y + height))

    def agrees(self, subject: UInt8[np.ndarray, "h w"]) -> bool:
        """Whether most of a mask moves, about as much as anything does."""
        inside = self.path_px[subject > 127]
        most = float(np.percentile(self.path_px, 98))
        return len(inside) > 0 and float(np.percentile(inside, 35)) > 0.4 * most

    def _threshold_px(self) -> float:
        usual = float(np.median(self.path_px))
        most = float(np.percentile(self.path_px, 98))
        return max(2 * usual + _NOISE_PX, 0.35 * most)
