"""Reconstructs frames on its own thread: what is shown first, the rest of the video when idle.

One thread does both, so that the shown frame never waits for more than one step of the background
fill, and two pipelines never fight for the processor.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal

from app.mailbox import Latest
from app.meter import RateMeter
from app.ports import Memory, Reconstructor
from app.result_store import ResultStore
from app.take import Shot, Shown, SourceFacts
from core.frame import Frame
from core.results import Box, FrameResult
from core.sources.source import Source

LOG = logging.getLogger(__name__)
IDLE_S = 0.25
"""How long the thread sleeps when there is nothing to do; a new shot wakes it at once."""
CARRY_FRAMES = 15
"""Across gaps of up to this many frames the state of the last frame is carried on."""


@dataclass(frozen=True, eq=False)
class Assignment:
    """What to reconstruct, and with what. Replaced as a whole when source or model change."""

    take_id: int
    facts: SourceFacts
    make_reconstructor: Callable[[int, int], Reconstructor] | None
    """None while no model is loaded: frames pass through without a result."""
    store: ResultStore | None
    """None for live sources."""
    open_source: Callable[[str], Source] | None = None
    """Given when the video may be reconstructed ahead in idle time."""


class _Lane:
    """A run of consecutive frames and the state after the last of them."""

    def __init__(self) -> None:
        self.index = -(10**9)
        self.memory: Memory = None
        self.is_final = False
        """Every frame since the start of the video, or since a prompt, went through this lane."""


class InferenceThread(QThread):
    """Takes shots from `inbox`, gives back what the window shows.

    Signals (emitted on this thread):
        produced(Shown): A frame with its result.
        filled(int): The background fill finished this frame.
        failed(Exception): The pipeline failed; frames pass through until the next assignment.
    """

    produced = Signal(object)
    filled = Signal(int)
    failed = Signal(object)

    def __init__(self, inbox: Latest[Shot], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inference")
        self.inbox = inbox
        self.meter = RateMeter()
        self._lock = threading.Lock()
        self._pending: Assignment | None = None
        self._assignment: Assignment | None = None
        self._reconstructor: Reconstructor | None = None
        self._prompts: dict[int, Box] = {}
        self._shown_lane, self._fill_lane = _Lane(), _Lane()
        self._fill_source: Source | None = None
        self._fill_position = -1
        self._was_cached = True
        self._last_shot_s = 0.0
        self.is_fill_paused = False
        self._smoothing = 1.0
        self._smoothing_in_use = 1.0

    # Orders, from the GUI thread.

    def assign(self, assignment: Assignment) -> None:
        """Work on this from the next frame on; prompts of another take are forgotten."""
        with self._lock:
            if self._pending is None or self._pending.take_id != assignment.take_id:
                self._prompts = {}
            self._pending = assignment

    def set_prompt(self, index: int, box: Box) -> None:
        """Say what the subject is from frame `index` on; for live sources, from the next frame."""
        with self._lock:
            self._prompts[index] = box
            store = self._pending.store if self._pending else None
        if store is not None:
            store.forget_from(index)

    def replace_prompts(self, prompts: dict[int, Box], since: int) -> None:
        """Take these boxes in place of all; results from frame `since` on are made anew."""
        with self._lock:
            self._prompts = dict(prompts)
            store = self._pending.store if self._pending else None
        if store is not None:
            store.forget_from(since)

    def set_smoothing(self, strength: float) -> None:
        """Smooth so much from the next frame on."""
        self._smoothing = strength

    def stop(self) -> None:
        """Ask the thread to end; call `wait` after."""
        self.inbox.close()

    # The thread itself.

    def run(self) -> None:
        while not self.inbox.is_closed:
            has_work = self._may_fill()
            shot = self.inbox.take(timeout_s=0.0 if has_work else IDLE_S)
            try:
                self._take_assignment()
                if shot is not None:
                    self._show(shot)
                elif self._may_fill():  # asked again: the assignment may be another by now
                    self._fill()
            except Exception as error:
                LOG.exception("reconstruction failed")
                self._reconstructor = None
                self.failed.emit(error)
                if shot is not None:
                    self._emit(shot, None, was_cached=False)
        self._close_fill()

    def _take_assignment(self) -> None:
        with self._lock:
            pending = self._pending
        if pending is self._assignment or pending is None:
            return
        self._assignment = pending
        self._shown_lane, self._fill_lane = _Lane(), _Lane()
        self._close_fill()
        self._reconstructor = None
        if pending.make_reconstructor is not None:
            facts = pending.facts
            self._reconstructor = pending.make_reconstructor(facts.width_px, facts.height_px)
            self._smoothing_in_use = 1.0

    def _show(self, shot: Shot) -> None:
        assignment = self._assignment
        if assignment is None or shot.take_id != assignment.take_id:
            return
        cached = assignment.store.get(shot.frame.index) if assignment.store else None
        self._was_cached, self._last_shot_s = cached is not None, time.perf_counter()
        if cached is not None or self._reconstructor is None:
            self._emit(shot, cached, was_cached=cached is not None)
            return
        result = self._step(shot.frame, self._shown_lane, self._fill_lane)
        if assignment.store is not None:
            assignment.store.put(result, self._shown_lane.is_final)
        self._emit(shot, result, was_cached=False)

    def _emit(self, shot: Shot, result: FrameResult | None, was_cached: bool) -> None:
        self.produced.emit(
            Shown(shot.frame, result, shot.captured_s, shot.decode_ms, was_cached, shot.take_id)
        )

    def _step(self, frame: Frame, lane: _Lane, other: _Lane) -> FrameResult:
        assert self._reconstructor is not None
        if self._smoothing != self._smoothing_in_use:
            self._smoothing_in_use = self._smoothing
            self._reconstructor = self._reconstructor.smoothed(self._smoothing)
        lane.memory, lane.is_final = self._memory_before(frame, lane, other)
        result, lane.memory = self._reconstructor.step(frame, lane.memory)
        lane.index = frame.index
        self.meter.tick()
        return result

    def _memory_before(self, frame: Frame, lane: _Lane, other: _Lane) -> tuple[Memory, bool]:
        """The state to step `frame` with, and whether its result may count as final."""
        assert self._reconstructor is not None
        assert self._assignment is not None
        box = self._prompt_for(frame.index, lane.index)
        if box is not None:
            return self._reconstructor.prompt(frame, box), True
        for candidate in (lane, other):
            if candidate.index == frame.index - 1:
                return candidate.memory, candidate.is_final
        if self._assignment.facts.is_live or 0 < frame.index - lane.index <= CARRY_FRAMES:
            memory = lane.memory if lane.memory is not None else self._reconstructor.first_memory()
            return memory, False
        near = self._assignment.store.nearest_box(frame.index) if self._assignment.store else None
        if near is not None:
            return self._reconstructor.prompt(frame, near), False
        return self._reconstructor.first_memory(), frame.index == 0

    def _prompt_for(self, index: int, lane_index: int) -> Box | None:
        """The prompt of this frame, or of one skipped just before it."""
        assert self._assignment is not None
        with self._lock:
            if self._assignment.facts.is_live:
                return self._prompts.popitem()[1] if self._prompts else None
            since = max(lane_index if lane_index < index else -1, index - CARRY_FRAMES - 1)
            new = [frame for frame in self._prompts if since < frame <= index]
            return self._prompts[max(new)] if new else None

    # The background fill: frames nobody has looked at yet, in order, in idle time.

    def _may_fill(self) -> bool:
        assignment = self._assignment
        is_idle = self._was_cached or time.perf_counter() - self._last_shot_s > IDLE_S
        return (
            is_idle
            and not self.is_fill_paused
            and self._reconstructor is not None
            and assignment is not None
            and assignment.open_source is not None
            and assignment.store is not None
            and assignment.store.first_missing() is not None
        )

    def _fill(self) -> None:
        assignment = self._assignment
        assert assignment is not None
        assert assignment.store is not None
        index = assignment.store.first_missing()
        if index is None or self._reconstructor is None:
            return
        result = self._step(self._fill_frame(index), self._fill_lane, self._shown_lane)
        assignment.store.put(result, is_final=True)
        self._fill_lane.is_final = True
        self.filled.emit(index)

    def _fill_frame(self, index: int) -> Frame:
        assignment = self._assignment
        assert assignment is not None
        assert assignment.open_source is not None
        if self._fill_source is None:
            self._fill_source = assignment.open_source(assignment.facts.text)
            self._fill_position = 0
        if self._fill_position != index:
            self._fill_source.seek(index)
        frame = self._fill_source.read()
        self._fill_position = index + 1
        if frame is None:
            raise ValueError(f"the video ended before frame {index}")
        return frame

    def _close_fill(self) -> None:
        if self._fill_source is not None:
            self._fill_source.close()
            self._fill_source = None


def latency_ms(shown: Shown) -> float:
    """From reading a frame to now, in milliseconds."""
    return 1e3 * (time.perf_counter() - shown.captured_s)
