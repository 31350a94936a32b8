"""The heads-up display: performance numbers over a corner of the viewport (F10)."""

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.performance import performance_of
from app.session import Session
from app.theme import scaled_font

REFRESH_MS = 250
PADDING_PX = 10


class Hud(QWidget):
    """Numbers on a dark veil; clicks go through to the viewport."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: list[tuple[str, str]] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Performance numbers")
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        session.look_changed.connect(self._on_look)
        self._on_look()

    def _on_look(self) -> None:
        is_on = self._session.look.has_hud
        self.setVisible(is_on)
        if is_on:
            self._timer.start()
            self.refresh()
        else:
            self._timer.stop()

    def refresh(self) -> None:
        """Read the meters and repaint."""
        self._rows = performance_of(self._session).lines()
        self.resize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(scaled_font(0.85, mono=True))
        width = metrics.horizontalAdvance("0" * 24) + 2 * PADDING_PX
        return QSize(round(width), round(metrics.height() * len(self._rows) + 2 * PADDING_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 16, 190))
        painter.drawRoundedRect(self.rect(), 6, 6)
        font = scaled_font(0.85, mono=True)
        painter.setFont(font)
        height = QFontMetricsF(font).height()
        for row, (name, value) in enumerate(self._rows):
            line = QRectF(
                PADDING_PX, PADDING_PX + row * height, self.width() - 2 * PADDING_PX, height
            )
            painter.setPen(QColor(170, 178, 186))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)
            painter.setPen(QColor(240, 242, 244))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, value)
