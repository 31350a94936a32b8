"""The heads-up display: performance numbers over a corner of the viewport (F10)."""

from math import ceil

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

    def _row_px(self) -> tuple[float, float]:
        """Width and height of one line."""
        metrics = QFontMetricsF(scaled_font(0.85, mono=True))
        return metrics.horizontalAdvance("0" * 24), metrics.height()

    def _rows_a_column(self) -> int:
        """As many as the view is high; more stand in a second column."""
        above = self.parentWidget()
        room = (above.height() if above is not None else 0) - 4 * PADDING_PX
        return min(max(int(room / self._row_px()[1]), 4), max(len(self._rows), 1))

    def _most_columns(self) -> int:
        """What has no room is not drawn: Copy performance numbers gives all."""
        above = self.parentWidget()
        room = (above.width() if above is not None else 0) - 2 * PADDING_PX
        return max(int(room / (self._row_px()[0] + 2 * PADDING_PX)), 1)

    def sizeHint(self) -> QSize:
        width, height = self._row_px()
        rows = self._rows_a_column()
        columns = min(max(ceil(len(self._rows) / rows), 1), self._most_columns())
        return QSize(
            round(columns * (width + 2 * PADDING_PX)), round(height * rows + 2 * PADDING_PX)
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 16, 190))
        painter.drawRoundedRect(self.rect(), 6, 6)
        font = scaled_font(0.85, mono=True)
        painter.setFont(font)
        width, height = self._row_px()
        rows = self._rows_a_column()
        for place, (name, value) in enumerate(self._rows):
            left = PADDING_PX + place // rows * (width + 2 * PADDING_PX)
            line = QRectF(left, PADDING_PX + place % rows * height, width, height)
            painter.setPen(QColor(170, 178, 186))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)
            painter.setPen(QColor(240, 242, 244))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, value)
