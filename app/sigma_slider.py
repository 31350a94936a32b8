"""A slider about zero, in units of sigma: filled from the middle, tails tinted."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from app.explore import LIMIT_SIGMA
from app.theme import current_tones

STEPS_PER_SIGMA = 100
TAIL_SIGMA = 2.0
"""Beyond this only one pose in twenty lies."""
HANDLE_PX = 14
NUDGES = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class SigmaSlider(QSlider):
    """Keyboard, wheel and dragging are QSlider's; only the painting and the jump are ours.

    Signals:
        zeroed(): Double-clicked.
        pressed(): The mouse took hold of the handle.
        released(): The mouse let it go.
    """

    zeroed = Signal()
    pressed = Signal()
    released = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        reach = round(LIMIT_SIGMA * STEPS_PER_SIGMA)
        self.setRange(-reach, reach)
        self.setPageStep(STEPS_PER_SIGMA // 2)
        self.setSingleStep(STEPS_PER_SIGMA // 10)
        self.setMinimumWidth(80)
        self.setAccessibleName(name)

    @property
    def sigma(self) -> float:
        return self.value() / STEPS_PER_SIGMA

    def event(self, event: QEvent) -> bool:
        """While it has the keyboard, arrows nudge it rather than step through the video."""
        if event.type() == QEvent.Type.ShortcutOverride and _nudges(event):
            event.accept()
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        return QSize(120, 24)

    def _x_of(self, value: float) -> float:
        span = self.width() - HANDLE_PX
        return HANDLE_PX / 2 + span * (value - self.minimum()) / (self.maximum() - self.minimum())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the handle jumps there, and the drag goes on from it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()
            self.setSliderDown(True)
            self.setValue(self._value_at(event.position().x()))
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setValue(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setSliderDown(False)
            self.released.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A notch is a tenth of a sigma; sliding sideways counts too."""
        turned = event.angleDelta()
        notches = (turned.y() or turned.x()) / 120
        if self.isEnabled() and notches:
            self.setValue(self.value() + round(notches * self.singleStep()))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.zeroed.emit()

    def _value_at(self, x: float) -> int:
        span = max(self.width() - HANDLE_PX, 1)
        part = min(max((x - HANDLE_PX / 2) / span, 0.0), 1.0)
        return round(self.minimum() + part * (self.maximum() - self.minimum()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tones = QPainter(self), current_tones()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle_y = self.height() / 2
        is_on = self.isEnabled()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tones.line))
        left, right = self._x_of(self.minimum()), self._x_of(self.maximum())
        painter.drawRoundedRect(QRectF(left, middle_y - 2, right - left, 4), 2, 2)
        tail = QColor(tones.middling)
        tail.setAlpha(110)
        painter.setBrush(tail)
        inner = self._x_of(TAIL_SIGMA * STEPS_PER_SIGMA)
        painter.drawRoundedRect(QRectF(inner, middle_y - 2, right - inner, 4), 2, 2)
        painter.drawRoundedRect(QRectF(left, middle_y - 2, self.width() - inner - left, 4), 2, 2)
        zero, here = self._x_of(0), self._x_of(self.value())
        painter.setBrush(QColor(tones.accent if is_on else tones.muted))
        painter.drawRect(QRectF(min(zero, here), middle_y - 2, abs(here - zero), 4))
        painter.setPen(QPen(QColor(tones.muted), 1))
        painter.drawLine(QPointF(zero, middle_y - 5), QPointF(zero, middle_y + 5))
        self._paint_handle(painter, here, middle_y, is_on)

    def _paint_handle(self, painter: QPainter, x: float, y: float, is_on: bool) -> None:
        tones = current_tones()
        if self.hasFocus():
            ring = QColor(tones.accent)
            ring.setAlpha(70)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ring)
            painter.drawEllipse(QPointF(x, y), 10, 10)
        painter.setPen(QPen(QColor(tones.accent if is_on else tones.line), 2))
        painter.setBrush(QColor(tones.field))
        painter.drawEllipse(QPointF(x, y), HANDLE_PX / 2 - 1, HANDLE_PX / 2 - 1)


def _nudges(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.key() in NUDGES and not event.modifiers()
