"""Recording a live take: countdown, then frames and results go to the disk until stopped.

recorder.toggle()            # count down; again: cancel or stop
"""

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, QTimer, Signal

from app.recents import settings
from app.record_thread import RecordThread
from app.take import Shot, Shown

if TYPE_CHECKING:
    from app.session import Session

COUNTDOWN_S = 3
WAIT_MS = 10_000


def takes_folder() -> Path:
    """Where takes go: chosen before, or a folder among the person's videos."""
    kept = settings().value("takes-folder", "")
    if kept:
        return Path(str(kept))
    movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
    return Path(movies or str(Path.home())) / "DASR Studio"


class Recorder(QObject):
    """Owned by the session.

    Signals:
        changed(): The countdown went on, or recording began or ended.
        recorded(str, float): A take is complete: its folder and length in seconds.
    """

    changed = Signal()
    recorded = Signal(str, float)

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self.count = 0
        """Seconds left to count down; 0 when not counting."""
        self.folder = takes_folder()
        self._thread: RecordThread | None = None
        self._began_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)

    @property
    def is_recording(self) -> bool:
        return self._thread is not None

    @property
    def seconds(self) -> float:
        """How long it has been recording."""
        return time.monotonic() - self._began_s if self.is_recording else 0.0

    @property
    def can_record(self) -> bool:
        """A live source and a model are there."""
        return self._session.shown_is_live and self._session.model is not None

    def toggle(self) -> None:
        """Begin to count down; while counting, cancel; while recording, stop."""
        if self.is_recording:
            self.stop()
        elif self.count:
            self.cancel()
        elif self.can_record:
            self.count = COUNTDOWN_S
            self._timer.start()
            self.changed.emit()

    def cancel(self) -> None:
        """Stop counting down."""
        self._timer.stop()
        self.count = 0
        self.changed.emit()

    def _tick(self) -> None:
        if self.is_recording:
            self.changed.emit()
            return
        self.count -= 1
        if self.count <= 0:
            self.count = 0
            self._begin()
        self.changed.emit()

    def _begin(self) -> None:
        session = self._session
        if not self.can_record or session.facts is None or session.capture is None:
            self.cancel()
            return
        name = datetime.now().strftime("take-%Y%m%d-%H%M%S.session")
        thread = RecordThread(self.folder / name, session.model, session.facts.size_px)
        thread.failed.connect(self._on_failed)
        thread.finished_take.connect(self.recorded)
        session.adopt(thread)
        self._thread, self._began_s = thread, time.monotonic()
        thread.start()
        session.capture.tap = self._on_shot

    def _on_shot(self, shot: Shot) -> None:
        """Called on the capture thread, for every frame it reads."""
        thread = self._thread
        if thread is not None:
            thread.put(shot.frame)

    def saw(self, shown: Shown) -> None:
        """A frame was reconstructed."""
        if self._thread is not None and shown.result is not None:
            self._thread.put(shown.result)

    def stop(self) -> None:
        """Finish the take."""
        self._timer.stop()
        self.count = 0
        thread, self._thread = self._thread, None
        if self._session.capture is not None:
            self._session.capture.tap = None
        if thread is not None:
            thread.stop()
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self.stop()
        self._session.failed.emit("Recording stopped", error)
