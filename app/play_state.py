"""Where playback of a recorded video stands, and what the transport keys make of it.

state = PlayState().shuttled(+1)     # L: play; again: 2x, 4x, 8x
"""

from dataclasses import dataclass, replace

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
SHUTTLE_LIMIT = 8.0


@dataclass(frozen=True)
class PlayState:
    """Playing or not, how fast, and between which frames."""

    is_playing: bool = False
    rate: float = 1.0
    """Negative plays backwards."""
    in_frame: int | None = None
    out_frame: int | None = None
    """Both ends inclusive; None is the end of the video."""
    loops: bool = True

    def toggled(self) -> "PlayState":
        """Space: pause, or play forwards at the chosen speed."""
        if self.is_playing:
            return replace(self, is_playing=False)
        return replace(self, is_playing=True, rate=abs(self.rate))

    def shuttled(self, direction: int) -> "PlayState":
        """J (-1) or L (+1): play that way; pressed again, twice as fast up to 8x."""
        if not self.is_playing or self.rate * direction < 0:
            return replace(self, is_playing=True, rate=1.0 * direction)
        return replace(self, rate=direction * min(2 * abs(self.rate), SHUTTLE_LIMIT))

    def paused(self) -> "PlayState":
        return replace(self, is_playing=False, rate=1.0 if abs(self.rate) > 1 else abs(self.rate))

    def with_in(self, frame: int | None) -> "PlayState":
        """Set the range's first frame; an out point before it is dropped."""
        keeps = self.out_frame is None or frame is None or self.out_frame >= frame
        return replace(self, in_frame=frame, out_frame=self.out_frame if keeps else None)

    def with_out(self, frame: int | None) -> "PlayState":
        """Set the range's last frame; an in point after it is dropped."""
        keeps = self.in_frame is None or frame is None or self.in_frame <= frame
        return replace(self, out_frame=frame, in_frame=self.in_frame if keeps else None)
