"""The scrub bar: time ruler, thumbnails, confidence by frame, keys, range, playhead; it zooms."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.session import Session
from app.theme import Tones, current_tones, scaled_font
from app.thumbnails import ThumbnailThread
from app.time_view import MARGIN_PX, TimeView
from app.timecode import timecode

THUMBS_PX = 32
ZOOM_PER_NOTCH = 1.25
STRIP_PX = 22
TICK_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
GOOD, MIDDLING = 0.6, 0.3
"""Confidence from which a frame is drawn as good, and as middling."""


class Timeline(QWidget):
    """Drag anywhere to scrub; playback is held while the button is down. Ctrl+wheel zooms.

    Signals:
        view_changed(TimeView): Zoomed or moved; the curves below follow.
    """

    view_changed = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._strip = QImage()
        self._thumbs: dict[int, QImage] = {}
        self._reader: ThumbnailThread | None = None
        self._shown_frame = -1
        self.view = TimeView.whole(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Timeline")
        self.setAccessibleDescription("Drag to scrub. The arrow keys step by one frame.")
        session.shown_changed.connect(self._on_shown)
        session.editor.changed.connect(self.update)
        session.play_changed.connect(self.update)
        session.source_changed.connect(self._on_source)
        session.results_changed.connect(self._on_results)

    def sizeHint(self) -> QSize:
        return QSize(400, self._ruler_px + THUMBS_PX + STRIP_PX + 18)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    # Geometry.

    @property
    def _ruler_px(self) -> int:
        """As high as its text, whatever size that has."""
        return QFontMetrics(scaled_font(0.8)).height() + 5

    @property
    def _count(self) -> int:
        facts = self._session.facts
        return 0 if facts is None or facts.frame_count is None else facts.frame_count

    def x_of(self, frame: int) -> float:
        """Where the middle of a frame's column is."""
        return self.view.x_of(frame, self.width())

    def frame_at(self, x: float) -> int:
        """The frame under a position, held inside the video."""
        return self.view.frame_at(x, self.width())

    @property
    def _inner_px(self) -> int:
        return self.width() - 2 * MARGIN_PX

    @property
    def _thumbs_rect(self) -> QRectF:
        return QRectF(MARGIN_PX, self._ruler_px + 4, self._inner_px, THUMBS_PX)

    @property
    def _strip_rect(self) -> QRectF:
        return QRectF(MARGIN_PX, self._ruler_px + THUMBS_PX + 8, self._inner_px, STRIP_PX)

    # Zoom.

    def set_view(self, view: TimeView) -> None:
        """Show another part of the take."""
        if view != self.view:
            self.view = view
            self.view_changed.emit(view)
            self.update()

    def zoom(self, factor: float, about: float | None = None) -> None:
        """Nearer or farther about a frame; about the playhead if none is given."""
        about = float(self._session.frame_index) if about is None else about
        self.set_view(self.view.zoomed(factor, about))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl zooms about the mouse; without it the view moves."""
        turned = event.angleDelta()
        notches = (turned.y() or turned.x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(ZOOM_PER_NOTCH**notches, self.frame_at(event.position().x()))
        else:
            self.set_view(self.view.moved(-notches * self.view.span / 8))
        event.accept()

    # The session.

    def _on_shown(self) -> None:
        """Keep the playhead in view while playing and stepping."""
        frame = self._session.frame_index
        if frame != self._shown_frame:
            self._shown_frame = frame
            self.set_view(self.view.showing(frame))
        self.update()

    def _on_source(self) -> None:
        """Another take: all of it in view, and its thumbnails on their way."""
        if self._reader is not None:
            self._reader.stop()
            self._reader = None
        self._thumbs = {}
        self.set_view(TimeView.whole(self._count))
        facts = self._session.facts
        self.setVisible(facts is None or not facts.is_live)  # live, there is nothing to scrub
        if facts is not None and facts.frame_count:
            self._reader = ThumbnailThread(self._session.services, facts.text, facts.frame_count)
            self._reader.read.connect(self._on_thumb)
            self._session.adopt(self._reader)
            self._reader.start()
        self.update()

    def _on_thumb(self, frame: int, picture: QImage) -> None:
        if self.sender() is self._reader:
            self._thumbs[frame] = picture
            self.update()

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
            shown = QRectF(self.view.first, 0, self.view.span, self._strip.height())
            painter.drawImage(rect, self._strip, shown)
        self._paint_thumbs(painter, tones)
        self._paint_range(painter, tones)
        self._paint_keys(painter, tones)
        self._paint_ruler(painter, tones)
        self._paint_playhead(painter, tones)

    def _paint_empty(self, painter: QPainter, tones: Tones) -> None:
        painter.setPen(QColor(tones.muted))
        painter.setFont(scaled_font(0.9))
        is_live = self._session.shown_is_live
        text = "Live: nothing to scrub" if is_live else "Open a video to scrub through it"
        painter.drawText(self._strip_rect, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_thumbs(self, painter: QPainter, tones: Tones) -> None:
        """As many as fit side by side; each begins at the column of its place."""
        rect = self._thumbs_rect
        painter.fillRect(rect, QColor(tones.field))
        if not self._thumbs:
            return
        some = next(iter(self._thumbs.values()))
        width = some.width() * THUMBS_PX / some.height()
        frames = sorted(self._thumbs)
        painter.save()
        painter.setClipRect(rect)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place in range(int(rect.width() / width) + 1):
            left = rect.left() + place * width
            wanted = self.frame_at(left + width / 2)
            nearest = min(frames, key=lambda frame: abs(frame - wanted))
            target = QRectF(left, rect.top(), width, THUMBS_PX)
            painter.drawImage(target, self._thumbs[nearest])
        painter.restore()

    def _paint_keys(self, painter: QPainter, tones: Tones) -> None:
        """A diamond on every frame whose pose a person set."""
        painter.setPen(QPen(QColor(tones.field), 1))
        painter.setBrush(QColor(tones.accent))
        y = self._strip_rect.center().y()
        for key in self._session.editor.keys:
            x = self.x_of(key.frame)
            corners = ((x, y - 6), (x + 5, y), (x, y + 6), (x - 5, y))
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    def _paint_ruler(self, painter: QPainter, tones: Tones) -> None:
        facts = self._session.facts
        assert facts is not None
        assert facts.times_s is not None
        last = min(int(self.view.first + self.view.span), self._count - 1)
        from_s, to_s = float(facts.times_s[int(self.view.first)]), float(facts.times_s[last])
        length_s = max(to_s - from_s, 1e-3)
        wide_px = 1.6 * QFontMetrics(scaled_font(0.8)).horizontalAdvance("00:00.0")
        step_s = next(
            (s for s in TICK_STEPS_S if self._inner_px * s / length_s >= wide_px), TICK_STEPS_S[-1]
        )
        painter.setFont(scaled_font(0.8))
        for tick in range(int(np.ceil(from_s / step_s)), int(to_s / step_s) + 1):
            frame = int(np.searchsorted(facts.times_s, tick * step_s - 1e-6))
            x = self.x_of(min(frame, self._count - 1))
            painter.setPen(QPen(QColor(tones.line), 1))
            painter.drawLine(QPointF(x, self._ruler_px - 4), QPointF(x, self._ruler_px + 2))
            if x < self.width() - 0.8 * wide_px:
                painter.setPen(QColor(tones.muted))
                said = timecode(tick * step_s)[: -4 if step_s >= 1 else -2]
                painter.drawText(QPointF(x + 4, self._ruler_px - 5), said)

    def _paint_range(self, painter: QPainter, tones: Tones) -> None:
        play = self._session.transport.state
        rect = self._thumbs_rect.united(self._strip_rect)
        if play.in_frame is None and play.out_frame is None:
            return
        half = (self.x_of(1) - self.x_of(0)) / 2
        left = self.x_of(play.in_frame or 0) - half
        right = self.x_of(self._count - 1 if play.out_frame is None else play.out_frame) + half
        veil = QColor(tones.window)
        veil.setAlpha(190)
        left, right = max(left, rect.left()), min(right, rect.right())
        painter.fillRect(QRectF(rect.left(), rect.top(), left - rect.left(), rect.height()), veil)
        painter.fillRect(QRectF(right, rect.top(), rect.right() - right, rect.height()), veil)
        painter.setPen(QPen(QColor(tones.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left, rect.top() - 2, right - left, rect.height() + 4))

    def _paint_playhead(self, painter: QPainter, tones: Tones) -> None:
        x = self.x_of(self._session.frame_index)
        rect = self._thumbs_rect.united(self._strip_rect)
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
