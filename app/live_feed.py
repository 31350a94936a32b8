"""How a live source is doing: told by the capture thread, asked by the window's timer.

feed.saw(frame.rgb)              # capture thread, for each frame
feed.health()                    # GUI thread: "live", "stalled", "frozen"
"""

import threading
import time
from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8

from core.sources.watch import FeedHealth, FeedWatch, frame_hash


class LiveFeed:
    """A `FeedWatch` shared by two threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._watch = FeedWatch(started_s=now())

    def saw(self, rgb: UInt8[np.ndarray, "height width 3"]) -> None:
        """A frame came."""
        seen = frame_hash(rgb)
        with self._lock:
            self._watch, _ = self._watch.after_frame(self._now(), seen)

    def health(self) -> FeedHealth:
        """How it is now; `resumed` counts as `live`."""
        with self._lock:
            self._watch, health = self._watch.after_wait(self._now())
        return "live" if health == "resumed" else health
