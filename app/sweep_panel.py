"""Swing one component to and fro: see what it does, and export the loop."""

import dataclasses
import time

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.explore import LIMIT_SIGMA, ExploreState, swept
from app.flow_layout import FlowLayout
from app.session import Session
from app.shown_pose import explored, rest_result
from app.theme import SPACE_PX
from core.results import FrameResult

TICK_MS = 33
LOOP_FPS = 30.0


class SweepPanel(QWidget):
    """Plays by itself; stopping puts the sliders back where they were."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._before: ExploreState | None = None
        self._began_s = 0.0
        self.component = QComboBox()
        self.component.setAccessibleName("Component to sweep")
        self.reach = _number("Reach in sigma", 0.1, 6.0, 2.0, " σ")
        self.seconds = _number("Seconds a loop", 0.5, 20.0, 2.0, " s")
        self.play = QPushButton("Play the sweep")
        self.play.setCheckable(True)
        self.play.toggled.connect(self._on_play)
        self.export = QPushButton("Export the loop…")
        self.export.setToolTip("The sweep as an animated .glb that loops without a jump")
        form = QFormLayout()
        form.setVerticalSpacing(SPACE_PX)
        form.addRow("Component", self.component)
        form.addRow("Reach", self.reach)
        form.addRow("Loop", self.seconds)
        row = FlowLayout(SPACE_PX)
        row.add(self.play, self.export, stretch=1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE_PX, SPACE_PX, 0)
        column.setSpacing(SPACE_PX)
        column.addLayout(form)
        column.addLayout(row)
        column.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        session.model_changed.connect(self._on_model)
        session.source_changed.connect(lambda: self.play.setChecked(False))
        self._on_model()

    def _on_model(self) -> None:
        model = self._session.model
        count = 0 if model is None else len(model.latent.variance_share)
        self.play.setChecked(False)
        if self.component.count() != count:
            self.component.clear()
            self.component.addItems([f"PC {number + 1}" for number in range(count)])
        for widget in (self.play, self.export, self.component):
            widget.setEnabled(count > 0)

    def _on_play(self, is_on: bool) -> None:
        self.play.setText("Stop" if is_on else "Play the sweep")
        if is_on:
            self._before = self._session.explore
            self._began_s = time.perf_counter()
            self._timer.start()
        elif self._before is not None:
            self._timer.stop()
            self._session.editor.show_pose(self._before)
            self._before = None

    def _tick(self) -> None:
        """One frame of the swing."""
        turn = (time.perf_counter() - self._began_s) / self.seconds.value() % 1
        if self._before is not None:
            self._session.editor.preview(self._at(self._before.sigmas, turn))

    def _at(self, sigmas: tuple[float, ...], turn: float) -> tuple[float, ...]:
        return swept(sigmas, self.component.currentIndex(), self.reach.value(), turn)

    def loop(self) -> list[FrameResult]:
        """One swing as results; the last equals the first, so that it can be played for ever."""
        model = self._session.model
        sigmas = (self._before or self._session.explore).sigmas
        rest = dataclasses.replace(rest_result(model), is_covered=True, confidence=1.0)
        result = self._session.frame_result()
        if result is not None:
            codes = dataclasses.replace(result.codes)
            rest = dataclasses.replace(rest, codes=codes)
        count = max(2, round(self.seconds.value() * LOOP_FPS))
        frames = []
        for frame, turn in enumerate(np.linspace(0, 1, count + 1)):
            pose = ExploreState(self._at(sigmas, float(turn)), is_frozen=True)
            one = dataclasses.replace(rest, frame_index=frame, time_s=frame / LOOP_FPS)
            frames.append(explored(model, one, pose))
        return frames

    def hideEvent(self, event: object) -> None:
        self.play.setChecked(False)


def _number(name: str, low: float, high: float, value: float, unit: str) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setRange(low, high)
    field.setDecimals(1)
    field.setSingleStep(0.5 if high > LIMIT_SIGMA else 0.1)
    field.setSuffix(unit)
    field.setValue(value)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    field.setAccessibleName(name)
    return field
