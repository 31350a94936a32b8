"""The line at the bottom: rate, latency, frame, model."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from app.elided_label import ElidedLabel
from app.session import Session
from app.theme import SPACE_PX, scaled_font
from core.progress import clock_text

REFRESH_MS = 300
WIDEST = {"rate": "000 fps", "latency": "0000 ms", "frame": "frame 0000"}
"""Numbers that change all the time must not push their neighbours about."""


class StatusBar(QStatusBar):
    """Reads the session a few times a second."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setSizeGripEnabled(False)
        self.setContentsMargins(SPACE_PX, 0, SPACE_PX, 0)
        self._labels: dict[str, QLabel] = {"subject": ElidedLabel()}
        for name in ("record", "rate", "latency", "frame", "model"):
            self._labels[name] = QLabel()
        for name, label in self._labels.items():
            label.setFont(scaled_font(0.9))
            label.setProperty("tone", "muted")
            label.setContentsMargins(SPACE_PX, 2, SPACE_PX, 2)
            widest = label.fontMetrics().horizontalAdvance(WIDEST.get(name, ""))
            label.setMinimumWidth(widest + 2 * SPACE_PX if widest else 0)
            if name == "subject":  # long: it stands at the left, and ends in dots if need be
                self.addWidget(label, 1)
            else:
                self.addPermanentWidget(label)
        self._labels["record"].setStyleSheet("color: #d9382c; font-weight: 600;")
        self._labels["record"].setAccessibleName("Recording")
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        session.model_changed.connect(self.refresh)
        session.source_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Write the labels anew."""
        session = self._session
        shown = session.shown
        result = shown.result if shown is not None else None
        said = dict.fromkeys(self._labels, "")
        if session.facts is not None:
            is_moving = session.transport.state.is_playing or session.facts.is_live
            said["rate"] = f"{session.window_meter.per_second():.0f} fps" if is_moving else "paused"
            said["frame"] = f"frame {session.frame_index}"
            if shown is not None and is_moving:
                said["latency"] = f"{session.latency_ms:.0f} ms"
        if session.recorder.is_recording:
            said["record"] = f"● REC {clock_text(session.recorder.seconds)}"
        if result is not None and not result.is_covered:
            said["subject"] = "no subject found: drag a box around it in the input picture"
        said["model"] = "loading model…" if session.is_model_loading else "no model"
        if session.model is not None and not session.is_model_loading:
            said["model"] = f"model {session.model_title}"
        for name, label in self._labels.items():
            label.setText(said[name])
            label.setVisible(bool(said[name]))
