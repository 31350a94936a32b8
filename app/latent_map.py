"""A map of two components: where the take goes, and a point to drag."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.explore import LIMIT_SIGMA
from app.session import Session
from app.take_curves import take_sigmas
from app.theme import SPACE_PX, current_tones, scaled_font

REFRESH_MS = 400
REACH_SIGMA = LIMIT_SIGMA + 0.2


class LatentPad(QWidget):
    """Drag to move both components; the take's way is drawn behind."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.axes: tuple[int, int] = (0, 1)
        self.path = np.zeros((0, 2))
        """Of the take, in sigma; NaN where there is no subject."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 80)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Map of two components")
        self.setAccessibleDescription("Drag to move both; the sliders above do the same.")

    @property
    def square(self) -> QRectF:
        """The largest square that fits."""
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def place_of(self, x_sigma: float, y_sigma: float) -> QPointF:
        """Where two values are on the screen; y points up."""
        square, scale = self.square, self.square.width() / (2 * REACH_SIGMA)
        return square.center() + QPointF(x_sigma * scale, -y_sigma * scale)

    def sigmas_at(self, place: QPointF) -> tuple[float, float]:
        """The inverse of `place_of`, held inside the limits."""
        scale = self.square.width() / (2 * REACH_SIGMA)
        away = (place - self.square.center()) / max(scale, 1e-6)
        x, y = np.clip([away.x(), -away.y()], -LIMIT_SIGMA, LIMIT_SIGMA)
        return float(x), float(y)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._session.editor.begin_gesture()
            self._move(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._session.editor.end_gesture()

    def _move(self, place: QPointF) -> None:
        x, y = self.sigmas_at(place)
        one, other = self.axes
        name = f"PC {one + 1} and {other + 1}"
        self._session.editor.set_sigmas({one: x, other: y}, name)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tones = QPainter(self), current_tones()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tones.field))
        painter.drawRoundedRect(self.square, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for sigma in (1, 2, 3):
            painter.setPen(QPen(QColor(tones.line), 1))
            corner = self.place_of(-sigma, sigma)
            painter.drawEllipse(QRectF(corner, self.place_of(sigma, -sigma)))
        painter.drawLine(self.place_of(-LIMIT_SIGMA, 0), self.place_of(LIMIT_SIGMA, 0))
        painter.drawLine(self.place_of(0, -LIMIT_SIGMA), self.place_of(0, LIMIT_SIGMA))
        self._paint_path(painter)
        sigmas = self._session.explore.sigmas
        if max(self.axes) < len(sigmas):
            here = self.place_of(sigmas[self.axes[0]], sigmas[self.axes[1]])
            painter.setPen(QPen(QColor(tones.field), 2))
            painter.setBrush(QColor(tones.accent))
            painter.drawEllipse(here, 6, 6)

    def _paint_path(self, painter: QPainter) -> None:
        line = QColor(current_tones().accent)
        line.setAlpha(120)
        painter.setPen(QPen(line, 1.2))
        run = QPolygonF()
        for x, y in [*self.path, (np.nan, np.nan)]:
            if np.isnan(x):
                painter.drawPolyline(run)
                run = QPolygonF()
            else:
                run.append(self.place_of(float(x), float(y)))


class LatentMap(QWidget):
    """The pad and its two axes."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.pad = LatentPad(session)
        self.boxes = (QComboBox(), QComboBox())
        row = QHBoxLayout()
        for box, name in zip(self.boxes, ("Across", "Up"), strict=True):
            label = QLabel(name)
            label.setFont(scaled_font(0.9))
            box.setAccessibleName(f"Component {name.lower()}")
            box.setMinimumContentsLength(4)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.activated.connect(self._on_axes)
            row.addWidget(label)
            row.addWidget(box, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE_PX, SPACE_PX, 0)
        column.addLayout(row)
        column.addWidget(self.pad, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        session.model_changed.connect(self._on_model)
        session.explore_changed.connect(self.pad.update)
        session.results_changed.connect(self._refresh_soon)
        session.editor.changed.connect(self._refresh_soon)
        self._on_model()

    def _on_model(self) -> None:
        model = self._session.model
        count = 0 if model is None else len(model.latent.variance_share)
        for box, axis in zip(self.boxes, self.pad.axes, strict=True):
            if box.count() != count:
                box.clear()
                box.addItems([f"PC {number + 1}" for number in range(count)])
                box.setCurrentIndex(min(axis, count - 1))
            box.setEnabled(count > 0)
        self._refresh_soon()

    def _on_axes(self) -> None:
        self.pad.axes = (self.boxes[0].currentIndex(), self.boxes[1].currentIndex())
        self.refresh()

    def _refresh_soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Draw the take's way anew."""
        session = self._session
        if session.model is not None:
            sigmas = take_sigmas(session)
            one, other = self.pad.axes
            self.pad.path = sigmas[:, [one, other]] if len(sigmas) else np.zeros((0, 2))
        self.pad.update()
