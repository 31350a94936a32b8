"""The one mutable truth of the window: what is open, what is shown, how.

Widgets show it and call it, and keep none of it.

    session = Session(services)
    session.open("walk.mp4"); session.transport.seek(120); session.close()
"""

import logging
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from app.capture_thread import CaptureThread, retire
from app.editor import Editor
from app.edits import KeyedCode
from app.explore import ExploreState
from app.feed_check import FeedCheck
from app.inference_thread import Assignment, InferenceThread
from app.job_runner import JobRunner
from app.look import Look
from app.mailbox import Latest
from app.meter import RateMeter
from app.model_thread import ModelThread
from app.ports import Services
from app.recorder import Recorder
from app.result_store import ResultStore
from app.shown_pose import explored, rest_result
from app.take import Shot, Shown, SourceFacts, fitting
from app.transport import Transport
from app.travel import Travel
from core.results import Box, FrameResult
from core.sources.watch import FeedHealth

LOG = logging.getLogger(__name__)
THREAD_WAIT_MS = 10_000


class Session(QObject):
    """What is open, what is shown, and how; owns the threads that do the work.

    Signals (all on the GUI thread):
        source_changed(): Another source was opened, or none is.
        opening_changed(): A source is being opened, or no longer.
        model_changed(): Another model is loaded, or is being loaded.
        shown_changed(): Another frame, result or slider pose is to be shown.
        play_changed(): Playing, speed or range changed.
        look_changed(): Display settings changed.
        explore_changed(): Sliders moved or were frozen or freed.
        results_changed(): More frames are reconstructed, or results were forgotten.
        feed_changed(): A live source stands still, or is back.
        leaving(): What is open is about to be closed.
        source_missing(str, str): The video of a session folder is not where it was.
        rig_given(str): A rigged file was opened: it can be played or learned from.
        failed(str, Exception): Something went wrong; the title says what was tried.
    """

    source_changed = Signal()
    opening_changed = Signal()
    model_changed = Signal()
    shown_changed = Signal()
    play_changed = Signal()
    look_changed = Signal()
    explore_changed = Signal()
    results_changed = Signal()
    feed_changed = Signal()
    leaving = Signal()
    source_missing = Signal(str, str)
    rig_given = Signal(str)
    failed = Signal(str, object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.services = services
        self.facts: SourceFacts | None = None
        self.folder: Path | None = None
        """Of the session that is open or was saved; None for a bare video."""
        self.opening_text: str | None = None
        self.model: Any = None
        self.model_name: str | None = None
        self.is_model_loading = False
        self.segmenter = services.segmenters[0].id if services.segmenters else ""
        self.smoothing = 1.0
        self.shown: Shown | None = None
        self._drawn: Shown | None = None
        self.store: ResultStore | None = None
        self.transport = Transport(self)
        self.transport.changed.connect(self.play_changed)
        self.editor = Editor(self)
        self.jobs = JobRunner(self)
        self.recorder = Recorder(self)
        self.look = Look()
        self.travel, self.renderer_name = Travel(), ""
        self.window_meter, self.render_meter = RateMeter(), RateMeter()
        self.draw_ms = 0.0
        self.latency_ms = 0.0
        self._take_id = 0
        self._known: tuple[FrameResult, ...] = ()
        self._known_keys: tuple[KeyedCode, ...] = ()
        self._plays_when_loaded = False
        self.capture: CaptureThread | None = None
        self._model_thread: ModelThread | None = None
        self._workers: set[QThread] = set()
        self._first_box: Box | None = None
        self.feed_check = FeedCheck(self)
        self.feed_check.changed.connect(self.feed_changed)
        self.inbox: Latest[Shot] = Latest()
        self.inference = InferenceThread(self.inbox, self)
        self.inference.produced.connect(self._on_produced)
        self.inference.filled.connect(self._on_filled)
        self.inference.failed.connect(self._on_inference_failed)
        self.inference.start()

    # Opening and closing.

    def open(
        self,
        text: str,
        known: tuple[FrameResult, ...] = (),
        box: Box | None = None,
        keys: tuple[KeyedCode, ...] = (),
        folder: Path | None = None,
    ) -> None:
        """Open a video, folder, camera or address.

        Args:
            known: Results it was given before, as a saved session holds them.
            box: Where the subject is on the first frame, if that is known.
            keys: Codes that a person put in place of predicted ones.
            folder: The session it belongs to.
        """
        self.leaving.emit()
        self.folder = folder
        self._known, self._first_box, self._known_keys = known, box, keys
        self._stop_capture()
        self._take_id += 1
        self.opening_text = text
        self.capture = CaptureThread(
            self.services.open_source, text, self._take_id, self.inbox, self
        )
        self.capture.opened.connect(self._on_opened)
        self.capture.failed.connect(self._on_capture_failed)
        self.capture.ran_out.connect(self.transport.stop)
        self.capture.start()
        self.opening_changed.emit()

    @property
    def place(self) -> str | None:
        """What opens this again: the session's folder, or the source."""
        if self.facts is None:
            return None
        return self.facts.text if self.folder is None else str(self.folder)

    def cancel_opening(self) -> None:
        """Give up on a source that is still being opened."""
        if self.opening_text is None:
            return
        self.opening_text = None
        self.opening_changed.emit()
        self.close_source()

    def close_source(self) -> None:
        """Back to the start page."""
        self.leaving.emit()
        self.folder = None
        self._stop_capture()
        self._take_id += 1
        self.opening_text = None
        self.opening_changed.emit()
        self.facts = self.shown = self.store = None
        self.transport.detach()
        self.source_changed.emit()
        self.shown_changed.emit()

    def close(self) -> None:
        """Stop every thread; the session cannot be used afterwards."""
        self.leaving.emit()
        self._stop_capture()
        self.jobs.close()
        self.inference.stop()
        self.inference.wait(THREAD_WAIT_MS)
        if self._model_thread is not None:
            self._model_thread.wait(THREAD_WAIT_MS)
        for worker in set(self._workers):
            worker.wait()

    def adopt(self, worker: QThread) -> None:
        """Hold on to a worker that writes a file; closing waits for it."""
        self._workers.add(worker)
        worker.finished.connect(lambda: self._workers.discard(worker))

    def _stop_capture(self) -> None:
        self.feed_check.end()
        self.recorder.stop()
        capture, self.capture = self.capture, None
        if capture is None:
            return
        self.inbox.clear()
        retire(capture)

    def _on_opened(self, facts: SourceFacts) -> None:
        if self.sender() is not self.capture or self.capture is None:
            return
        self.opening_text = None
        self.facts = facts
        self.shown = None
        self.store = None if facts.frame_count is None else ResultStore(facts.frame_count)
        self._put_known()
        # A video begins to play once there is a model to reconstruct it with, from its first frame.
        self._plays_when_loaded = self.is_model_loading
        self.editor.explore = replace(self.explore, is_frozen=False)
        self._assign()
        if self._first_box is not None:
            self.inference.set_prompt(0, self._first_box)
        self.feed_check.begin(facts.is_live)
        self.transport.attach(self.capture, facts, is_playing=not self.is_model_loading)
        box = self._first_box
        self.editor.start_take(self._known_keys, () if box is None else ((0, box),))
        self.opening_changed.emit()
        self.source_changed.emit()
        self.explore_changed.emit()
        self.results_changed.emit()

    @property
    def feed_health(self) -> FeedHealth:
        """How a live source is doing."""
        return self.feed_check.health

    def _put_known(self) -> None:
        """Results of a saved session are final: they are not made anew."""
        for result in self._known:
            if self.store is not None and result.frame_index < self.store.frame_count:
                self.store.put(result, is_final=True)

    def _on_capture_failed(self, error: Exception) -> None:
        if self.sender() is not self.capture:
            return
        text = self.opening_text or (self.facts.text if self.facts else "")
        was_opening, self.opening_text = self.opening_text is not None, None
        self.opening_changed.emit()
        self.failed.emit("Could not open this" if was_opening else "The source stopped", error)
        LOG.warning("source %s failed: %s", text, error)
        if was_opening:
            self.close_source()

    # Model and segmenter.

    def load_model(self, name: str) -> None:
        """Load a category model off the GUI thread and reconstruct with it."""
        if self._model_thread is not None:
            self._model_thread.wait(THREAD_WAIT_MS)
        if name != self.model_name and self.facts is not None:
            self._known, self._known_keys = (), ()
        self.model_name, self.is_model_loading = name, True
        self._model_thread = ModelThread(self.services.load_model, name, self)
        self._model_thread.loaded.connect(self._on_model_loaded)
        self._model_thread.failed.connect(self._on_model_failed)
        self._model_thread.start()
        self.model_changed.emit()

    @property
    def model_title(self) -> str | None:
        """The model's name; of one given by its path, the last part."""
        return None if self.model_name is None else Path(self.model_name).name

    def set_segmenter(self, segmenter: str) -> None:
        """Find the subject in another way, from now on."""
        if segmenter != self.segmenter:
            self.segmenter = segmenter
            self._known = ()
            self._forget_results()

    def set_smoothing(self, strength: float) -> None:
        """How much to smooth over time; a recorded video is reconstructed anew with it."""
        if strength != self.smoothing:
            self.smoothing = strength
            self.inference.set_smoothing(strength)
            if not self.shown_is_live:
                self._known = ()
                self._forget_results()
            self.look_changed.emit()

    def _on_model_loaded(self, model: Any) -> None:
        self.model, self.is_model_loading = model, False
        self.shown = fitting(self.shown, None)
        self.editor.explore = ExploreState((0.0,) * len(model.latent.variance_share))
        self.editor.start_take(self._known_keys, self.editor.prompts)
        self._forget_results()
        self.model_changed.emit()
        self.explore_changed.emit()
        self.shown_changed.emit()
        self._play_if_waiting()

    def _play_if_waiting(self) -> None:
        if self._plays_when_loaded:
            self._plays_when_loaded = False
            self.transport.resume()

    def _on_model_failed(self, error: Exception) -> None:
        self.is_model_loading = False
        self.model_name = None if self.model is None else self.model.name
        self._play_if_waiting()
        self.model_changed.emit()
        self.failed.emit("Could not load the model", error)

    def _forget_results(self) -> None:
        if self.store is not None and self.facts is not None and self.facts.frame_count:
            self.store = ResultStore(self.facts.frame_count)
            self._put_known()
        self._assign()
        self.show_again()
        self.results_changed.emit()

    def _assign(self) -> None:
        if self.facts is None:
            return
        made = self.services.make_reconstructor
        make = None if self.model is None else partial(made, self.model, self.segmenter)
        source = None if self.facts.is_live else self.services.open_source
        self.inference.assign(Assignment(self._take_id, self.facts, make, self.store, source))

    def _on_inference_failed(self, error: Exception) -> None:
        self.failed.emit("The reconstruction stopped", error)

    # What is shown.

    def _on_produced(self, shown: Shown) -> None:
        if shown.take_id != self._take_id or self.facts is None:
            return
        self.shown = shown if self.model is None else fitting(shown, self.model) or shown
        self.recorder.saw(self.shown)
        self.window_meter.tick()
        if not shown.was_cached:
            self.results_changed.emit()
        self.transport.arrived(shown.frame.index)
        if self.shown.result and self.model is not None and not self.explore.is_frozen:
            self.editor.follow()
            self.explore_changed.emit()
        self.shown_changed.emit()

    def _on_filled(self, index: int) -> None:
        self.results_changed.emit()
        is_shown = self.shown is not None and self.shown.frame.index == index
        if is_shown and not self.transport.state.is_playing:
            self.show_again()

    def show_again(self) -> None:
        """Read the present frame once more, to see it with new results."""
        self.transport.seek(self.frame_index)

    @property
    def shown_is_live(self) -> bool:
        return self.facts is not None and self.facts.is_live

    @property
    def frame_index(self) -> int:
        """The frame shown, or on its way after a seek."""
        return self.transport.frame_index

    def frame_result(self) -> FrameResult | None:
        """The shown frame's result with its key, whatever the sliders say."""
        result = self.shown.result if self.shown is not None else None
        return None if result is None else self.editor.edited(result)

    def result(self) -> FrameResult | None:
        """The result to draw: the shown frame's, with the pose of frozen sliders."""
        if self.model is None:
            return None
        result = self.frame_result()
        if result is None:
            if self.facts is not None and not self.explore.is_frozen:
                return None
            result = rest_result(self.model)
        return explored(self.model, result, self.explore)

    @property
    def explore(self) -> ExploreState:
        """The sliders; `editor` moves them."""
        return self.editor.explore

    def set_look(self, **changes: Any) -> None:
        """Change display settings, by the names of `Look`."""
        look = replace(self.look, **changes)
        if look != self.look:
            self.look = look
            self.look_changed.emit()

    # Numbers for the heads-up display.

    def note_drawn(self) -> None:
        """The viewport has drawn: from here the latency of the shown frame is known."""
        self.render_meter.tick()
        shown = self.shown
        if shown is not None and shown is not self._drawn:
            self._drawn = shown
            self.latency_ms = 1e3 * (time.perf_counter() - shown.captured_s)
