"""Which frame of a recorded video is due now.

playhead = Playhead(times_s, first=0, last=299, anchor_index=0, anchor_wall_s=now, rate=1.0)
playhead.wanted(now + 0.5)     # the frame shown half a second later
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Playhead:
    """Playback from an anchor: at `anchor_wall_s` the frame `anchor_index` was shown."""

    times_s: Float[np.ndarray, " frames"]
    """Presentation time stamps, increasing."""
    first: int
    last: int
    """The range played, both ends inclusive."""
    anchor_index: int
    anchor_wall_s: float
    rate: float
    """1 is real time; negative plays backwards."""
    loops: bool = True

    @property
    def _last_duration_s(self) -> float:
        """How long the range's last frame stays: as long as frames stay on average."""
        if len(self.times_s) < 2:
            return 1.0 / 30.0
        return float(self.times_s[-1] - self.times_s[0]) / (len(self.times_s) - 1)

    def wanted(self, wall_s: float) -> int | None:
        """The frame due at `wall_s`, or None when playback has run out of the range."""
        start_s = float(self.times_s[self.first])
        length_s = float(self.times_s[self.last]) + self._last_duration_s - start_s
        media_s = float(self.times_s[self.anchor_index]) + (wall_s - self.anchor_wall_s) * self.rate
        if self.rate < 0:
            # Backwards, a frame stays from half a frame after its stamp to half a frame before.
            media_s += self._last_duration_s * 0.5
        if not start_s <= media_s < start_s + length_s:
            if not self.loops:
                return None
            media_s = start_s + (media_s - start_s) % length_s
        found = int(np.searchsorted(self.times_s, media_s + 1e-9, side="right")) - 1
        return min(max(found, self.first), self.last)

    def wait_s(self, index: int, wall_s: float) -> float:
        """Seconds until the frame after `index` is due; at least 1 ms, at most 0.25 s."""
        neighbour = index + (1 if self.rate > 0 else -1)
        if not self.first <= neighbour <= self.last:
            return 0.005
        ahead_s = float(self.times_s[neighbour] - self.times_s[self.anchor_index]) / self.rate
        return float(np.clip(self.anchor_wall_s + ahead_s - wall_s, 0.001, 0.25))
