"""How often something happens, over the last second or two."""

import time
from collections import deque
from collections.abc import Callable

WINDOW_S = 2.0
SHORTEST_S = 0.5
"""Two ticks that a busy machine delivers at once are no thousand in a second."""


class RateMeter:
    """Counts ticks per second in a sliding window; safe to read from another thread."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._ticks: deque[float] = deque(maxlen=512)

    def tick(self) -> None:
        self._ticks.append(self._now())

    def per_second(self) -> float:
        """Ticks per second; 0 when nothing happened within the window."""
        ticks = [tick for tick in list(self._ticks) if tick > self._now() - WINDOW_S]
        if len(ticks) < 2:
            return 0.0
        return (len(ticks) - 1) / max(ticks[-1] - ticks[0], SHORTEST_S)
