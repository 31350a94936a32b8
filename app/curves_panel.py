"""Curves under the timeline: the first components, the body's turn; a click goes there."""

from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.session import Session
from app.take_curves import root_yaw_rad, take_sigmas
from app.theme import current_tones, scaled_font
from app.time_view import MARGIN_PX, TimeView

COMPONENTS = 3
REFRESH_MS = 500
HEIGHT_PX = 74
"""Of the plot; the legend above it is as high as its text."""
COLOURS = ("#2a9d8f", "#e9a13b", "#5b8def", "#c65f9f")
"""Told apart by the colour-blind, on light and on dark."""


class CurvesPanel(QWidget):
    """Made when first shown: pyqtgraph takes half a second to import."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._view = TimeView.whole(0)
        self.plot: Any = None
        self.curves: dict[str, Any] = {}
        self._playhead: Any = None
        legend_px = QFontMetrics(scaled_font(0.8)).height()
        self.setFixedHeight(HEIGHT_PX + legend_px)
        self.setAccessibleName("Curves over time")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 0)
        self._column.setSpacing(0)
        self._legend = QLabel()
        self._legend.setFont(scaled_font(0.8))
        self._legend.setProperty("tone", "muted")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        for signal in (session.results_changed, session.editor.changed, session.source_changed):
            signal.connect(self._refresh_soon)
        session.shown_changed.connect(self._move_playhead)

    def showEvent(self, event: object) -> None:
        if self.plot is None:
            self._build()
        self.refresh()
        self.set_view(self._view)

    def _build(self) -> None:
        import pyqtgraph as pg

        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.getPlotItem().hideAxis("left")
        self.plot.getPlotItem().hideAxis("bottom")
        self.plot.getPlotItem().layout.setContentsMargins(0, 0, 0, 0)
        self.plot.getPlotItem().getViewBox().setDefaultPadding(0)
        lines: list[str] = []
        names = [f"PC {number + 1}" for number in range(COMPONENTS)] + ["turn"]
        for name, colour in zip(names, COLOURS, strict=True):
            pen = pg.mkPen(colour, width=1.5)
            lines.append(f"<span style='color:{colour}'>■</span>&nbsp;{name}")
            self.curves[name] = self.plot.plot([], [], pen=pen, name=name, connect="finite")
        self._legend.setText("&nbsp;&nbsp;&nbsp;".join(lines))
        self._playhead = pg.InfiniteLine(angle=90)
        self.plot.addItem(self._playhead)
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        self._column.addWidget(self._legend)
        self._column.addWidget(self.plot, 1)
        self._tint()

    def _tint(self) -> None:
        import pyqtgraph as pg

        tones = current_tones()
        self.plot.setBackground(tones.panel)
        self._playhead.setPen(pg.mkPen(tones.text, width=1.5))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self.plot is not None:
            self._tint()
        super().changeEvent(event)

    def _on_click(self, event: Any) -> None:
        place = self.plot.getPlotItem().getViewBox().mapSceneToView(event.scenePos())
        self._session.transport.seek(int(place.x()))

    def _refresh_soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Read the take anew."""
        if self.plot is None:
            return
        sigmas, yaw = take_sigmas(self._session), root_yaw_rad(self._session)
        for number in range(COMPONENTS):
            values = sigmas[:, number] if sigmas.shape[1] > number else np.zeros(0)
            self._draw(f"PC {number + 1}", values)
        self._draw("turn", yaw)
        self._move_playhead()

    def _draw(self, name: str, values: np.ndarray) -> None:
        if np.isfinite(values).any():
            self.curves[name].setData(np.arange(len(values)) + 0.5, values)
        else:
            self.curves[name].setData([], [])

    def _move_playhead(self) -> None:
        if self._playhead is not None and self.isVisible():
            self._playhead.setValue(self._session.frame_index + 0.5)

    def set_view(self, view: TimeView) -> None:
        """Show the same part as the timeline."""
        self._view = view
        if self.plot is not None and view.count:
            self.plot.setXRange(view.first, view.first + view.span, padding=0)
