"""Which part of a take a timeline shows: zoomed and moved, as a value.

view = TimeView(count=300).zoomed(2.0, about=120.0)
x = view.x_of(120, width_px)
"""

from dataclasses import dataclass, replace

MARGIN_PX = 12
SHORTEST = 8.0
"""Frames across the widget at the closest."""


@dataclass(frozen=True)
class TimeView:
    """Frames from `first` on, `span` of them, across a widget."""

    count: int = 0
    first: float = 0.0
    span: float = 0.0

    @classmethod
    def whole(cls, count: int) -> "TimeView":
        """All frames."""
        return cls(count, 0.0, float(max(count, 1)))

    def zoomed(self, factor: float, about: float) -> "TimeView":
        """Nearer (factor above 1) or farther; frame `about` stays where it is."""
        span = min(max(self.span / factor, min(SHORTEST, self.count)), float(max(self.count, 1)))
        share = (about - self.first) / self.span if self.span else 0.0
        return replace(self, span=span).moved_to(about - share * span)

    def moved(self, frames: float) -> "TimeView":
        """Later (or earlier, if negative), as far as there are frames."""
        return self.moved_to(self.first + frames)

    def moved_to(self, first: float) -> "TimeView":
        """Beginning there, as far as there are frames."""
        return replace(self, first=min(max(first, 0.0), max(self.count - self.span, 0.0)))

    def showing(self, frame: int) -> "TimeView":
        """Moved so that a frame is inside; unchanged if it is."""
        if self.first <= frame < self.first + self.span:
            return self
        return self.moved_to(frame - self.span / 2)

    def x_of(self, frame: float, width_px: float) -> float:
        """Where the middle of a frame's column is."""
        inner = width_px - 2 * MARGIN_PX
        return MARGIN_PX + (frame + 0.5 - self.first) * inner / max(self.span, 1e-6)

    def frame_at(self, x_px: float, width_px: float) -> int:
        """The frame under a position, held inside the take."""
        part = (x_px - MARGIN_PX) / max(width_px - 2 * MARGIN_PX, 1)
        return min(max(int(self.first + part * self.span), 0), max(self.count - 1, 0))
