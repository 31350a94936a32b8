"""Notices when a camera stands still.

Cameras that were unplugged often go on "succeeding": reads block, or give the last picture
again and again (OpenCV issues 14044, 5746, 4468). So time and content decide, not return codes.

    watch, health = watch.after_frame(now_s, frame_hash(rgb))    # for each frame
    watch, health = watch.after_wait(now_s)                      # a few times a second
"""

import zlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import UInt8

FeedHealth = Literal["live", "stalled", "frozen", "resumed"]
"""`resumed` is said once, on the first good frame after a stall or freeze; then `live`."""


@dataclass(frozen=True)
class FeedWatch:
    """What is known about a feed; a value, advanced by its two methods."""

    started_s: float
    """When the feed was opened, by the same clock as all other times."""
    stall_after_s: float = 1.5
    """Without any frame for so long, the feed is stalled."""
    freeze_after_s: float = 1.5
    """With the very same picture for so long, it is frozen. Real sensors never repeat: noise."""
    health: FeedHealth = "live"
    last_frame_s: float | None = None
    last_change_s: float | None = None
    last_hash: int | None = None

    def after_frame(self, time_s: float, frame_hash: int) -> tuple["FeedWatch", FeedHealth]:
        """A frame came."""
        is_new = frame_hash != self.last_hash or self.last_change_s is None
        change_s = time_s if is_new else self.last_change_s
        assert change_s is not None
        seen = replace(self, last_frame_s=time_s, last_change_s=change_s, last_hash=frame_hash)
        if time_s - change_s >= self.freeze_after_s:
            return seen._become("frozen")
        if self.health in ("stalled", "frozen"):
            # A repeated picture is no proof of life.
            return seen._become("resumed" if is_new else self.health)
        return seen._become("live")

    def after_wait(self, time_s: float) -> tuple["FeedWatch", FeedHealth]:
        """Time passed, with or without frames."""
        last_s = self.started_s if self.last_frame_s is None else self.last_frame_s
        if time_s - last_s >= self.stall_after_s:
            return self._become("stalled")
        return self, self.health

    def _become(self, health: FeedHealth) -> tuple["FeedWatch", FeedHealth]:
        return replace(self, health=health), health


def frame_hash(rgb: UInt8[np.ndarray, "height width 3"]) -> int:
    """A number that differs for pictures that differ; looks at every fourth row only."""
    return zlib.crc32(np.ascontiguousarray(rgb[::4]))
