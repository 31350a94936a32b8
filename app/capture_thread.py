"""Reads a source on its own thread: live as it comes, recorded by presentation time stamps.

capture = CaptureThread(open_source, "walk.mp4", take_id=1, out=Latest())
capture.start()
capture.seek(120); capture.play(rate=1.0); capture.stop()
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QThread, Signal

from app.live_feed import LiveFeed
from app.mailbox import Latest
from app.meter import RateMeter
from app.playhead import Playhead
from app.take import Shot, SourceFacts
from core.errors import SourceError
from core.frame import Frame
from core.sources.source import Source

LOG = logging.getLogger(__name__)
STOP_MS = 250
"""A live source answers within a frame or two; longer means that it hangs."""
RETRY_S = 1.0
"""How long to wait before a lost camera is tried again."""
READ_THROUGH_FRAMES = 24
"""Skips up to this many frames are decoded through; for longer ones a seek is cheaper."""


@dataclass(frozen=True)
class PlayOrder:
    """What the window wants of a recorded source."""

    is_playing: bool = False
    rate: float = 1.0
    first: int = 0
    last: int = -1
    """Inclusive range; -1 is the last frame."""
    loops: bool = True


class CaptureThread(QThread):
    """Opens one source and reads it until stopped.

    Signals (emitted on this thread):
        opened(SourceFacts): The source is open; frames follow.
        failed(Exception): It could not be opened, or a recorded one broke; the thread ends.
        ran_out(): Playback reached the end of a range that does not loop.

    A live source that breaks or ends after its first frame is tried again until it is back; `feed`
    tells the window how it is doing.
    """

    opened = Signal(object)
    failed = Signal(object)
    ran_out = Signal()

    def __init__(
        self,
        open_source: Callable[[str], Source],
        text: str,
        take_id: int,
        out: Latest[Shot],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"capture-{take_id}")
        self.meter = RateMeter()
        self._open_source = open_source
        self._text = text
        self._take_id = take_id
        self._out = out
        self._changed = threading.Condition()
        self._order = PlayOrder()
        self._is_stopped = False
        self._seek_to: int | None = 0
        self._is_anchor_stale = True
        self._facts: SourceFacts | None = None
        self.feed = LiveFeed()
        self.tap: Callable[[Shot], None] | None = None
        """Sees every frame, on this thread; the recorder's."""

    # Orders, from the GUI thread.

    def set_order(self, order: PlayOrder) -> None:
        """Play, pause, change speed or range."""
        with self._changed:
            self._order = order
            self._is_anchor_stale = True
            self._changed.notify_all()

    def seek(self, index: int) -> None:
        """Show frame `index` next; of several seeks waiting, the newest wins."""
        with self._changed:
            self._seek_to = index
            self._changed.notify_all()

    def stop(self) -> None:
        """Ask the thread to end; call `wait` after."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    # The thread itself.

    def run(self) -> None:
        try:
            with self._open_source(self._text) as source:
                if self._is_stopped:
                    return
                self._facts = facts_of(source, self._text)
                self.opened.emit(self._facts)
                self._read_live(source) if source.is_live else self._read_recorded(source)
        except Exception as error:
            if not self._is_stopped:
                self.failed.emit(error)

    def _put(self, frame: Frame, started_s: float) -> None:
        now = time.perf_counter()
        self.meter.tick()
        shot = Shot(frame, now, 1e3 * (now - started_s), self._take_id)
        tap = self.tap
        if tap is not None:
            tap(shot)
        self._out.put(shot)

    def _read_live(self, source: Source) -> None:
        """Read what comes; when the source breaks or hangs up, wait for it to come back."""
        last: Frame | None = None
        while True:
            last = self._read_until_broken(source, last)
            source.close()
            reopened = None if last is None or self._is_stopped else self._reopen()
            if reopened is None:
                return
            source = reopened

    def _read_until_broken(self, source: Source, before: Frame | None) -> Frame | None:
        """The last frame there was; `before` is the one from before the last break.

        Raises:
            SourceError: It broke before any frame came.
        """
        # After a break numbers and time go on, so that nothing downstream runs backwards.
        first_index = 0 if before is None else before.index + 1
        first_s = 0.0 if before is None else before.time_s + RETRY_S
        last = before
        while not self._is_stopped:
            started_s = time.perf_counter()
            try:
                frame = source.read()
            except SourceError as error:
                if last is None:
                    raise
                LOG.warning("live source lost: %s", error)
                return last
            if frame is None:  # a network camera that restarts hangs up in an orderly way
                LOG.warning("the live source hung up")
                return last
            self.feed.saw(frame.rgb)
            last = replace(frame, index=frame.index + first_index, time_s=frame.time_s + first_s)
            self._put(last, started_s)
        return last

    def _reopen(self) -> Source | None:
        """Try once a second until the source is back; None when stopped."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopped, RETRY_S)
                if self._is_stopped:
                    return None
            try:
                source = self._open_source(self._text)
            except SourceError:
                continue
            facts = facts_of(source, self._text)
            if self._facts is None or facts.size_px != self._facts.size_px:
                self._facts = facts
                self.opened.emit(facts)
            return source

    def _read_recorded(self, source: Source) -> None:
        reader = _RecordedReader(source)
        playhead: Playhead | None = None
        while True:
            with self._changed:
                while not (self._is_stopped or self._seek_to is not None or self._order.is_playing):
                    self._changed.wait()
                if self._is_stopped:
                    return
                seek_to, self._seek_to = self._seek_to, None
                order, is_stale = self._order, self._is_anchor_stale
                self._is_anchor_stale = False
            if seek_to is not None:
                self._show(reader, seek_to)
            if not order.is_playing:
                continue
            if playhead is None or is_stale or seek_to is not None:
                playhead = _playhead(reader, order)
            self._play(reader, playhead)

    def _show(self, reader: "_RecordedReader", index: int) -> None:
        started_s = time.perf_counter()
        frame = reader.frame(index)
        if frame is not None:
            self._put(frame, started_s)

    def _play(self, reader: "_RecordedReader", playhead: Playhead) -> None:
        """Show the frame that is due, or sleep until one is."""
        now = time.perf_counter()
        wanted = playhead.wanted(now)
        if wanted is None:
            with self._changed:
                self._order = replace(self._order, is_playing=False)
            self.ran_out.emit()
        elif wanted != reader.current:
            self._show(reader, wanted)
        else:
            with self._changed:
                if not self._is_stopped and self._seek_to is None and not self._is_anchor_stale:
                    self._changed.wait(playhead.wait_s(wanted, now))


class _RecordedReader:
    """Gives any frame of a recorded source, reading on where that is cheaper than seeking."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.count = int(source.frame_count or 0)
        self.current = -1

    def frame(self, index: int) -> Frame | None:
        index = min(max(index, 0), self.count - 1)
        skip = index - self.current - 1
        if not 0 <= skip <= READ_THROUGH_FRAMES:
            self.source.seek(index)
            skip = 0
        frame = None
        for _ in range(skip + 1):
            frame = self.source.read()
        self.current = index if frame is not None else -1
        return frame


def _playhead(reader: _RecordedReader, order: PlayOrder) -> Playhead:
    times_s = reader.source.times_s
    if times_s is None:
        raise ValueError("a recorded source must know its time stamps")
    last = reader.count - 1 if order.last < 0 else min(order.last, reader.count - 1)
    anchor = min(max(reader.current, 0), reader.count - 1)
    if not order.first <= anchor <= last:
        anchor = order.first if order.rate > 0 else last
    return Playhead(
        times_s, order.first, last, anchor, time.perf_counter(), order.rate, order.loops
    )


def facts_of(source: Source, text: str) -> SourceFacts:
    """What the window needs to know of an open source."""
    return SourceFacts(
        text,
        source.name,
        source.is_live,
        source.width_px,
        source.height_px,
        source.fps,
        source.times_s,
    )


_hanging: set[CaptureThread] = set()
"""Threads that did not stop in time; a QThread must not be destroyed while it runs."""


def retire(capture: CaptureThread) -> None:
    """Stop a thread; one that hangs in its driver ends by itself, and holds nothing up."""
    capture.stop()
    if capture.wait(STOP_MS):
        capture.deleteLater()
        return
    capture.setParent(None)
    _hanging.add(capture)
    capture.finished.connect(lambda: _hanging.discard(capture))
