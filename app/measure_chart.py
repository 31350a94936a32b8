"""A small chart of a run's figures: where it is, and whether held-out frames still get better."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.measures import Curve
from app.theme import SPACE_PX, current_tones, scaled_font

HEIGHT_PX = 84
COLOURS = ("#2a9d8f", "#e9a13b")
"""Learning, and held out; told apart by the colour-blind, on light and on dark."""


class MeasureChart(QWidget):
    """Hidden until there are two points to join."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.curves: list[Curve] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT_PX + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def show_curves(self, curves: list[Curve]) -> None:
        """Draw these; the numbers are read out as well."""
        self.curves = curves
        said = [f"{curve.name} {curve.values[-1]:.3g}" for curve in curves]
        self.setAccessibleDescription(", ".join(said))
        self.setVisible(bool(curves))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tones = QPainter(self), current_tones()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(scaled_font(0.9))
        row = painter.fontMetrics().height()
        field = QRectF(0, row + SPACE_PX // 2, self.width(), self.height() - row - SPACE_PX // 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tones.field))
        painter.drawRoundedRect(field, 4, 4)
        self._paint_names(painter, QRectF(0, 0, self.width(), row))
        inner = field.adjusted(SPACE_PX, SPACE_PX, -SPACE_PX, -SPACE_PX)
        place = self._places(inner)
        for curve in self.curves:
            painter.setPen(QPen(_colour(curve), 1.6))
            points = zip(curve.steps, curve.values, strict=True)
            painter.drawPolyline(QPolygonF([place(*point) for point in points]))

    def _paint_names(self, painter: QPainter, line: QRectF) -> None:
        """What the colours mean, with the last figure of each."""
        x = line.left()
        for text, colour in [
            (self._title, QColor(current_tones().muted)),
            *((f"■ {curve.name} {curve.values[-1]:.3g}", _colour(curve)) for curve in self.curves),
        ]:
            painter.setPen(colour)
            painter.drawText(QPointF(x, line.bottom() - painter.fontMetrics().descent()), text)
            x += painter.fontMetrics().horizontalAdvance(text) + 2 * SPACE_PX

    def _places(self, inner: QRectF) -> Callable[[float, float], QPointF]:
        steps = np.concatenate([curve.steps for curve in self.curves] or [np.zeros(1)])
        values = np.concatenate([curve.values for curve in self.curves] or [np.zeros(1)])
        low, high = float(values.min()), float(np.quantile(values, 0.98))
        first, last = float(steps.min()), float(steps.max())

        def place(step: float, value: float) -> QPointF:
            across = (step - first) / max(last - first, 1e-9)
            up = min(max((value - low) / max(high - low, 1e-9), 0.0), 1.0)
            return QPointF(
                inner.left() + across * inner.width(), inner.bottom() - up * inner.height()
            )

        return place


def _colour(curve: Curve) -> QColor:
    return QColor(COLOURS[curve.name == "held out"])
