"""One picture of a source, with its place in time."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture on its way into the pipeline."""

    index: int
    """0-based number in presentation order; for live sources, the count since the start."""
    time_s: float
    """Presentation time stamp in seconds, never index / fps."""
    rgb: UInt8[np.ndarray, "height width 3"]
    """sRGB, upright (rotation metadata already applied)."""

    @property
    def height_px(self) -> int:
        return self.rgb.shape[0]

    @property
    def width_px(self) -> int:
        return self.rgb.shape[1]
