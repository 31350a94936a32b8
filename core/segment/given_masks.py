"""Masks that someone else made."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from core.errors import SegmentError
from core.frame import Frame
from core.results import Box, Mask
from core.segment.mask_set import open_masks
from core.segment.segmenter import Points, Segmenter, SegmentMemory


@dataclass(frozen=True, eq=False)
class GivenMemory(SegmentMemory):
    """Where to go on from on frames without a mask."""

    fallback: SegmentMemory | None = None
    """Memory of the fallback; None where a given mask has replaced it."""
    given: tuple[Frame, Mask] | None = None
    """The last frame with a given mask, unless the fallback has seen it already."""


class GivenMasks:
    """Reads masks from a folder of PNGs or a masks.npz.

    A frame without a mask is handed to `fallback`, which starts from the last given mask;
    without a fallback it gets an empty mask with confidence 0.

    Raises:
        SegmentError: The masks cannot be read.
    """

    name = "masks"

    def __init__(
        self, path: Path | str, clip: str | None = None, fallback: Segmenter | None = None
    ) -> None:
        self._masks = open_masks(Path(path), clip)
        self._fallback = fallback

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: UInt8[np.ndarray, "height width"] | None = None,
    ) -> SegmentMemory:
        """Passed on to the fallback; given masks need no prompt."""
        if self._fallback is None:
            return GivenMemory()
        return GivenMemory(self._fallback.prompt(frame, box, points, mask))

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        memory = memory if isinstance(memory, GivenMemory) else GivenMemory()
        alpha = self._masks.read(frame.index)
        if alpha is not None:
            mask = Mask(_fitted(alpha, frame), 1.0 if alpha.any() else 0.0)
            return mask, GivenMemory(None, (frame, mask))
        if self._fallback is None:
            empty = np.zeros((frame.height_px, frame.width_px), np.uint8)
            return Mask(empty, 0.0), memory
        start = memory.fallback
        if memory.given is not None:
            start = self._fallback.prompt(memory.given[0], mask=memory.given[1].alpha)
        mask, carried = self._fallback.segment(frame, start)
        return mask, GivenMemory(carried)

    def close(self) -> None:
        if self._fallback is not None:
            self._fallback.close()


def _fitted(
    alpha: UInt8[np.ndarray, "mask_height mask_width"], frame: Frame
) -> UInt8[np.ndarray, "height width"]:
    """The mask at the frame's size; masks made on a smaller copy of the video are fine."""
    size = (frame.width_px, frame.height_px)
    if (alpha.shape[1], alpha.shape[0]) == size:
        return alpha
    if abs(alpha.shape[1] / alpha.shape[0] - size[0] / size[1]) > 0.02 * size[0] / size[1]:
        raise SegmentError(
            f"The mask of frame {frame.index} is {alpha.shape[1]}x{alpha.shape[0]}, "
            f"but the video is {size[0]}x{size[1]}; masks must have the video's shape."
        )
    return cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR)
