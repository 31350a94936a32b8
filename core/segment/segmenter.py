"""What every way of finding the subject can do.

segmenter = make_segmenter("grabcut")      # core/segment/make_segmenter.py
memory = segmenter.prompt(frame, box=(40, 30, 200, 180))       # optional
mask, memory = segmenter.segment(frame, memory)
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from core.frame import Frame
from core.results import Box, Mask


@dataclass(frozen=True, eq=False)
class SegmentMemory:
    """What a segmenter carries from frame to frame; opaque to everyone else."""


@dataclass(frozen=True, eq=False)
class Points:
    """Clicks on a frame."""

    positions_px: Float[np.ndarray, "points 2"]
    """x, y in full-image pixels."""
    is_subject: tuple[bool, ...]
    """False: this place is background."""

    def __post_init__(self) -> None:
        if len(self.positions_px) != len(self.is_subject):
            raise ValueError(f"{len(self.positions_px)} points, {len(self.is_subject)} labels")


@runtime_checkable
class Segmenter(Protocol):
    """Finds the subject frame by frame. All state is in the memory that is handed around."""

    name: str

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: UInt8[np.ndarray, "height width"] | None = None,
    ) -> SegmentMemory:
        """Say where the subject is on one frame; segment that frame next with the result.

        With nothing but the frame, the segmenter guesses.

        Raises:
            ValueError: The box or mask lies outside the frame or has another size.
        """
        ...

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        """Find the subject on the next frame; without a memory, start from a guess."""
        ...

    def close(self) -> None:
        """Free what the segmenter holds."""
        ...


def check_prompt(
    frame: Frame, box: Box | None, mask: UInt8[np.ndarray, "height width"] | None
) -> None:
    """Refuse what cannot mean a place on the frame.

    Raises:
        ValueError: The box lies outside the frame, or the mask has another size.
    """
    if box is not None:
        x0, y0, x1, y1 = box
        if not (max(x0, 0) < min(x1, frame.width_px) and max(y0, 0) < min(y1, frame.height_px)):
            raise ValueError(f"box {box} lies outside {frame.width_px} x {frame.height_px} pixels")
    if mask is not None and mask.shape != frame.rgb.shape[:2]:
        raise ValueError(f"mask is {mask.shape}, frame {frame.rgb.shape[:2]}")
