"""What lies over the 3D view: the overlay's painting, and axes and countdown, which are no part of
its pictures."""

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.overlay_painter import OverlayPainter
from app.session import Session
from app.theme import scaled_font
from render.renderer import fitted

GRAB_PX = 8
GIZMO_PX = 30
GIZMO_MARGIN_PX = 46
AXES = (("X", "#d9534f"), ("Y", "#5aa55a"), ("Z", "#4a7fd6"))


class ViewLayer(QWidget):
    """Clicks go through it; the viewport asks it where the split line is."""

    def __init__(self, session: Session, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._session, self._viewport = session, viewport
        self.overlay = OverlayPainter(session)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        viewport.installEventFilter(self)
        for signal in (session.look_changed, session.shown_changed, session.recorder.changed):
            signal.connect(self.update)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._viewport.rect())
        return False

    # The split.

    def picture_rect(self) -> QRectF:
        """Where the video's frame is in the view."""
        shown = self._session.shown
        if shown is None:
            return QRectF(self.rect())
        size = shown.frame.width_px, shown.frame.height_px
        return QRectF(*fitted(*size, max(self.width(), 1), max(self.height(), 1)))

    @property
    def wipe_x(self) -> float:
        rect = self.picture_rect()
        return rect.left() + self._session.look.wipe * rect.width()

    def has_wipe_at(self, place: QPointF) -> bool:
        """Whether the split line is under the mouse."""
        is_shown = self.overlay.is_over and self._session.look.has_wipe
        return is_shown and abs(place.x() - self.wipe_x) <= GRAB_PX

    def share_at(self, place: QPointF) -> float:
        """How far across the picture a place is, 0..1."""
        rect = self.picture_rect()
        return min(max((place.x() - rect.left()) / max(rect.width(), 1), 0.0), 1.0)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:  # a painter that an error leaves open ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        look = self._session.look
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        if self.overlay.is_over:
            self.overlay.paint(painter, self.picture_rect())
        elif look.has_gizmo:
            self._paint_gizmo(painter)
        if self._session.recorder.count:
            self._paint_count(painter)

    def _paint_gizmo(self, painter: QPainter) -> None:
        """The world's axes as the camera sees them, the nearest drawn last."""
        world_to_cam = self._viewport.camera.world_to_cam[:3, :3]  # type: ignore[attr-defined]
        middle = QPointF(self.width() - GIZMO_MARGIN_PX, GIZMO_MARGIN_PX)
        painter.setFont(scaled_font(0.8, bold=True))
        for axis in np.argsort(-world_to_cam[2]):
            name, colour = AXES[axis]
            right, down, _ = world_to_cam[:, axis] * GIZMO_PX
            tip = middle + QPointF(float(right), float(down))
            painter.setPen(QPen(QColor(colour), 2))
            painter.drawLine(middle, tip)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawEllipse(tip, 8, 8)
            painter.setPen(QColor("white"))
            box = QRectF(tip - QPointF(8, 8), tip + QPointF(8, 8))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_count(self, painter: QPainter) -> None:
        painter.setFont(scaled_font(8, bold=True))
        painter.setPen(QColor(255, 255, 255, 230))
        painter.fillRect(self.rect(), QColor(12, 14, 16, 110))
        count = str(self._session.recorder.count)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, count)
