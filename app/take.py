"""Plain facts that travel between the threads and the window."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from core.frame import Frame
from core.results import FrameResult


@dataclass(frozen=True, eq=False)
class SourceFacts:
    """What is known about an open source."""

    text: str
    """What was opened: a path, a URL, camera:0."""
    name: str
    is_live: bool
    width_px: int
    height_px: int
    fps: float
    times_s: Float[np.ndarray, " frames"] | None
    """Presentation time stamps; None when live."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width, height."""
        return self.width_px, self.height_px

    @property
    def frame_count(self) -> int | None:
        return None if self.times_s is None else len(self.times_s)


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame on its way from the capture thread to the inference thread."""

    frame: Frame
    captured_s: float
    """`time.perf_counter()` when the frame was read."""
    decode_ms: float
    take_id: int
    """Number of the source it came from; shots of a closed source are thrown away."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What the window shows: a frame and its reconstruction, which belong together."""

    frame: Frame
    result: FrameResult | None
    """None while no model is loaded."""
    captured_s: float
    decode_ms: float
    was_cached: bool
    take_id: int


def fitting(shown: Shown | None, model: Any) -> Shown | None:
    """Without a result of another body: one may still be on its way when the model changes.

    Args:
        model: The one loaded now; None takes every result away.
    """
    result = None if shown is None else shown.result
    if shown is None or result is None:
        return shown
    joints = 0 if model is None else len(model.rig.skeleton.names)
    return shown if len(result.joint_rotations) == joints else replace(shown, result=None)
