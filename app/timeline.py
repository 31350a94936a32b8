"""The scrub bar: time ruler, confidence by frame, in and out points, playhead."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.session import Session
from app.theme import Tones, current_tones, scaled_font
from app.timecode import timecode

MARGIN_PX = 12
RULER_PX = 20
STRIP_PX = 22
TICK_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
GOOD, MIDDLING = 0.6, 0.3
"""Confidence from which a frame is drawn as good, and as middling."""


class Timeline(QWidget):
    """Drag anywhere to scrub; playback is held while the button is down."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._strip = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Timeline")
        self.setAccessibleDescription("Drag to scrub. The arrow keys step by one frame.")
        session.shown_changed.connect(self.update)
        session.play_changed.connect(self.update)
        session.source_changed.connect(self.update)
        session.results_changed.connect(self._on_results)

    def sizeHint(self) -> QSize:
        return QSize(400, RULER_PX + STRIP_PX + 14)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    # Geometry.

    @property
    def _count(self) -> int:
        facts = self._session.facts
        return 0 if facts is None or facts.frame_count is None else facts.frame_count

    def x_of(self, frame: int) -> float:
        """Where the middle of a frame's column is."""
        return MARGIN_PX + (frame + 0.5) * (self.width() - 2 * MARGIN_PX) / max(self._count, 1)

    def frame_at(self, x: float) -> int:
        """The frame under a position, held inside the video."""
        part = (x - MARGIN_PX) / max(self.width() - 2 * MARGIN_PX, 1)
        return min(max(int(part * self._count), 0), max(self._count - 1, 0))

    @property
    def _strip_rect(self) -> QRectF:
        return QRectF(MARGIN_PX, RULER_PX + 4, self.width() - 2 * MARGIN_PX, STRIP_PX)

    # Mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._session.transport.can_scrub:
            self._session.transport.begin_scrub()
            self._session.transport.seek(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._session.transport.can_scrub:
            return
        frame = self.frame_at(event.position().x())
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._session.transport.seek(frame)
        else:
            self._tell(frame, event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._session.transport.can_scrub:
            self._session.transport.end_scrub()

    def _tell(self, frame: int, event: QMouseEvent) -> None:
        facts, store = self._session.facts, self._session.store
        if facts is None or facts.times_s is None or store is None:
            return
        confidence = float(store.confidence()[frame])
        said = "not reconstructed yet" if np.isnan(confidence) else f"confidence {confidence:.0%}"
        text = f"Frame {frame}  ·  {timecode(facts.times_s[frame])}  ·  {said}"
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    # Painting.

    def _on_results(self) -> None:
        store = self._session.store
        self._strip = (
            QImage() if store is None else strip_image(store.confidence(), current_tones())
        )
        self.update()

    def changeEvent(self, event: object) -> None:
        self._on_results()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tones = QPainter(self), current_tones()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self._strip_rect
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tones.field))
        painter.drawRoundedRect(rect, 3, 3)
        if not self._count:
            self._paint_empty(painter, tones)
            return
        if not self._strip.isNull():
            painter.drawImage(rect, self._strip)
        self._paint_range(painter, tones)
        self._paint_ruler(painter, tones)
        self._paint_playhead(painter, tones)

    def _paint_empty(self, painter: QPainter, tones: Tones) -> None:
        painter.setPen(QColor(tones.muted))
        painter.setFont(scaled_font(0.9))
        is_live = self._session.shown_is_live
        text = "Live: nothing to scrub" if is_live else "Open a video to scrub through it"
        painter.drawText(self._strip_rect, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_ruler(self, painter: QPainter, tones: Tones) -> None:
        facts = self._session.facts
        assert facts is not None
        assert facts.times_s is not None
        length_s = float(facts.times_s[-1]) or 1.0
        width = self.width() - 2 * MARGIN_PX
        step_s = next((s for s in TICK_STEPS_S if width * s / length_s >= 72), TICK_STEPS_S[-1])
        painter.setFont(scaled_font(0.8))
        for tick in range(int(length_s / step_s) + 1):
            frame = int(np.searchsorted(facts.times_s, tick * step_s - 1e-6))
            x = self.x_of(min(frame, self._count - 1))
            painter.setPen(QPen(QColor(tones.line), 1))
            painter.drawLine(QPointF(x, RULER_PX - 4), QPointF(x, RULER_PX + 2))
            if x < self.width() - 56:
                painter.setPen(QColor(tones.muted))
                said = timecode(tick * step_s)[: -4 if step_s >= 1 else -2]
                painter.drawText(QPointF(x + 4, RULER_PX - 5), said)

    def _paint_range(self, painter: QPainter, tones: Tones) -> None:
        play, rect = self._session.transport.state, self._strip_rect
        if play.in_frame is None and play.out_frame is None:
            return
        half = (self.x_of(1) - self.x_of(0)) / 2
        left = self.x_of(play.in_frame or 0) - half
        right = self.x_of(self._count - 1 if play.out_frame is None else play.out_frame) + half
        veil = QColor(tones.window)
        veil.setAlpha(190)
        painter.fillRect(QRectF(rect.left(), rect.top(), left - rect.left(), rect.height()), veil)
        painter.fillRect(QRectF(right, rect.top(), rect.right() - right, rect.height()), veil)
        painter.setPen(QPen(QColor(tones.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left, rect.top() - 2, right - left, rect.height() + 4))

    def _paint_playhead(self, painter: QPainter, tones: Tones) -> None:
        x, rect = self.x_of(self._session.frame_index), self._strip_rect
        painter.setPen(QPen(QColor(tones.text), 2))
        painter.drawLine(QPointF(x, rect.top() - 5), QPointF(x, rect.bottom() + 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tones.text))
        top = rect.top() - 4
        painter.drawPolygon(
            QPolygonF([QPointF(x - 6, top - 7), QPointF(x + 6, top - 7), QPointF(x, top + 1)])
        )


def strip_image(confidence: np.ndarray, tones: Tones) -> QImage:
    """One column a frame: its height and colour say how sure the reconstruction is."""
    height = STRIP_PX
    picture = np.zeros((height, len(confidence), 4), np.uint8)
    for colour, low, high in (
        (tones.bad, -1.0, MIDDLING), (tones.middling, MIDDLING, GOOD), (tones.good, GOOD, 2.0)
    ):  # fmt: skip
        columns = np.flatnonzero((confidence >= low) & (confidence < high))
        tone = QColor(colour)
        for column in columns:
            tall = max(3, round(float(np.clip(confidence[column], 0, 1)) * height))
            picture[height - tall :, column] = (tone.red(), tone.green(), tone.blue(), 255)
    return QImage(
        picture.data, len(confidence), height, 4 * len(confidence),
        QImage.Format.Format_RGBA8888,
    ).copy()  # fmt: skip
