"""Playing, stepping and seeking in a recorded video: what the transport keys and the bar call.

transport.toggle(); transport.step(-10); transport.seek(120); transport.shuttle(+1)
"""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.capture_thread import CaptureThread, PlayOrder
from app.play_state import PlayState
from app.take import SourceFacts


class Transport(QObject):
    """Owned by the session; gives orders to its capture thread.

    Signals:
        changed(): Playing, speed, range or the frame asked for changed.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = PlayState()
        self._capture: CaptureThread | None = None
        self._facts: SourceFacts | None = None
        self._shown_frame = 0
        self._wanted_frame: int | None = None
        self._resumes_after_scrub = False

    def attach(self, capture: CaptureThread, facts: SourceFacts, is_playing: bool) -> None:
        """Take over a source that was just opened."""
        self._capture, self._facts = capture, facts
        self._shown_frame, self._wanted_frame = 0, None
        self.state = PlayState(is_playing=is_playing and not facts.is_live)
        self._give_order()
        self.changed.emit()

    def detach(self) -> None:
        """There is no source any more."""
        self._capture = self._facts = self._wanted_frame = None
        self._shown_frame = 0
        self.state = PlayState()
        self.changed.emit()

    def arrived(self, frame: int) -> None:
        """A frame is shown."""
        self._shown_frame = frame
        if self._wanted_frame == frame:
            self._wanted_frame = None

    @property
    def can_scrub(self) -> bool:
        """A recorded video is open."""
        return self._facts is not None and not self._facts.is_live

    @property
    def frame_index(self) -> int:
        """The frame shown, or on its way after a seek."""
        return self._shown_frame if self._wanted_frame is None else self._wanted_frame

    # Playing.

    def toggle(self) -> None:
        """Space."""
        self._set(self.state.toggled())

    def pause(self) -> None:
        """K; the speed goes back to normal."""
        self._set(self.state.paused())

    def stop(self) -> None:
        """Playback ran out."""
        self._set(replace(self.state, is_playing=False))

    def resume(self) -> None:
        self._set(replace(self.state, is_playing=True))

    def shuttle(self, direction: int) -> None:
        """J (-1), L (+1)."""
        self._set(self.state.shuttled(direction))

    def set_speed(self, rate: float) -> None:
        """Playback speed, forwards."""
        self._set(replace(self.state, rate=rate))

    def set_loops(self, loops: bool) -> None:
        self._set(replace(self.state, loops=loops))

    def set_in(self, clear: bool = False) -> None:
        """Let the range begin at the frame shown, or at the start."""
        self._set(self.state.with_in(None if clear else self.frame_index))

    def set_out(self, clear: bool = False) -> None:
        """Let the range end at the frame shown, or at the end."""
        self._set(self.state.with_out(None if clear else self.frame_index))

    def set_range(self, in_frame: int | None, out_frame: int | None) -> None:
        """Both ends at once; None is the end of the video."""
        self._set(replace(self.state, in_frame=in_frame, out_frame=out_frame))

    # Moving.

    def seek(self, frame: int) -> None:
        """Show that frame, exactly; while playing, go on from there."""
        if self._capture is None or self._facts is None or self._facts.frame_count is None:
            return
        self._wanted_frame = min(max(frame, 0), self._facts.frame_count - 1)
        self._capture.seek(self._wanted_frame)
        self.changed.emit()

    def step(self, frames: int) -> None:
        """Pause and move by so many frames."""
        if self.can_scrub:
            self.pause()
            self.seek(self.frame_index + frames)

    def step_seconds(self, seconds: float) -> None:
        """Pause and move by time stamp."""
        if self._facts is not None and self._facts.times_s is not None:
            times_s = self._facts.times_s
            wanted_s = float(times_s[self.frame_index]) + seconds
            self.pause()
            self.seek(int(np.abs(times_s - wanted_s).argmin()))

    def seek_first(self) -> None:
        """To the range's first frame."""
        self.seek(self.state.in_frame or 0)

    def seek_last(self) -> None:
        """Pause on the range's last frame."""
        if self._facts is not None and self._facts.frame_count is not None:
            self.pause()
            out = self.state.out_frame
            self.seek(self._facts.frame_count - 1 if out is None else out)

    def begin_scrub(self) -> None:
        """The mouse went down on the timeline: hold playback until it comes up."""
        self._resumes_after_scrub = self.state.is_playing
        self.stop()

    def end_scrub(self) -> None:
        """The mouse came up: go on playing if it was playing."""
        if self._resumes_after_scrub:
            self.resume()

    def _set(self, state: PlayState) -> None:
        if not self.can_scrub or state == self.state:
            return
        self.state = state
        self._give_order()
        self.changed.emit()

    def _give_order(self) -> None:
        if self._capture is not None:
            state = self.state
            last = -1 if state.out_frame is None else state.out_frame
            self._capture.set_order(
                PlayOrder(state.is_playing, state.rate, state.in_frame or 0, last, state.loops)
            )
