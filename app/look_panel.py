"""How the viewport and the input picture look."""

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.look import BACKGROUNDS, DISPLAY_MODES, MOTIONS, MOUSE_PRESETS, SKINNINGS
from app.scrolled import Scrolled
from app.session import Session
from app.theme import SPACE_PX, scaled_font, text_scale

CHOICES = (
    ("mode", "Surface", DISPLAY_MODES),
    ("skinning", "Skinning", SKINNINGS),
    ("motion", "Motion", MOTIONS),
    ("background", "Background", BACKGROUNDS),
    ("mouse", "Mouse", MOUSE_PRESETS),
)
VIEW_TICKS = (
    ("has_grid", "Ground grid"),
    ("has_skeleton", "Skeleton"),
    ("is_xray", "X-ray"),
    ("has_ghosts", "Root hypotheses as ghosts"),
    ("has_uncertainty", "Uncertainty as colours"),
    ("has_reference", "Own pose behind frozen sliders"),
    ("has_gizmo", "Axes in the corner"),
    ("has_hud", "Performance numbers"),
)
INPUT_TICKS = (
    ("input_has_mask", "Mask"),
    ("input_has_box", "Box of the subject"),
    ("input_has_skeleton", "Skeleton"),
    ("mirrors_preview", "Mirror this preview only"),
)
OVERLAY_TICKS = (
    ("has_outline", "Outline of the subject"),
    ("has_difference", "Difference to the mask"),
    ("has_wipe", "Split: bare video on the left"),
)
LARGE = 1.3
"""From this text on, names stand above what they name."""
SMOOTHING_STEPS = 10
STILL_CUTOFF_HZ, QUICK_CUTOFF_HZ = 1.2, 3.7
"""Of the filter at rest, and for a turn a second (`core.temporal.SmoothingConfig`)."""


class LookPanel(QWidget):
    """Every control sets one field of `Session.look`, and shows it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._boxes: dict[str, QComboBox] = {}
        self._ticks: dict[str, QCheckBox] = {}
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        form = QFormLayout()
        form.setContentsMargins(2 * SPACE_PX, 2 * SPACE_PX, 2 * SPACE_PX, SPACE_PX)
        form.setVerticalSpacing(SPACE_PX)
        form.setHorizontalSpacing(2 * SPACE_PX)
        if text_scale() > LARGE:  # else choices would lose their ends
            form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(_heading("Viewport"))
        for name, title, choices in CHOICES:
            form.addRow(title, self._choice(name, title, choices))
        for name, title in VIEW_TICKS:
            form.addRow(self._tick(name, title))
        form.addRow(_heading("Over the video"))
        form.addRow(self._overlay_tick())
        form.addRow("Opacity", self._opacity_slider())
        for name, title in OVERLAY_TICKS:
            form.addRow(self._tick(name, title))
        form.addRow(_heading("Smoothing over time"))
        form.addRow("Strength", self._smoothing_slider())
        form.addRow(self._smoothing_said)
        form.addRow(_heading("Input picture"))
        for name, title in INPUT_TICKS:
            form.addRow(self._tick(name, title))
        holder = QWidget()
        holder.setLayout(form)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Scrolled(holder))
        session.look_changed.connect(self.refresh)
        session.source_changed.connect(self.refresh)
        self.refresh()

    def _choice(self, name: str, title: str, choices: tuple[tuple[str, str], ...]) -> QComboBox:
        box = QComboBox()
        for value, text in choices:
            box.addItem(text, value)
        box.setAccessibleName(title)
        box.setMinimumContentsLength(8 if text_scale() < LARGE else 16)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.activated.connect(lambda row: self._session.set_look(**{name: box.itemData(row)}))
        self._boxes[name] = box
        return box

    def _tick(self, name: str, title: str) -> QCheckBox:
        tick = QCheckBox(title)
        tick.toggled.connect(lambda is_on: self._session.set_look(**{name: is_on}))
        self._ticks[name] = tick
        return tick

    def _overlay_tick(self) -> QCheckBox:
        tick = QCheckBox("Look through its camera")
        tick.toggled.connect(
            lambda is_on: self._session.set_look(camera="input" if is_on else "orbit")
        )
        self._overlay = tick
        return tick

    def _opacity_slider(self) -> QSlider:
        self._opacity.setRange(0, 100)
        self._opacity.setAccessibleName("Opacity of the mesh over the video")
        self._opacity.valueChanged.connect(
            lambda value: self._session.set_look(mesh_opacity=value / 100)
        )
        return self._opacity

    def _smoothing_slider(self) -> QSlider:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 3 * SMOOTHING_STEPS)
        self.smoothing.setAccessibleName("Strength of smoothing over time")
        self.smoothing.setTracking(False)
        self.smoothing.valueChanged.connect(
            lambda value: self._session.set_smoothing(value / SMOOTHING_STEPS)
        )
        self._smoothing_said = QLabel()
        self._smoothing_said.setWordWrap(True)
        self._smoothing_said.setProperty("tone", "muted")
        self._smoothing_said.setFont(scaled_font(0.9))
        return self.smoothing

    def refresh(self) -> None:
        """Show the session's look."""
        look = self._session.look
        with QSignalBlocker(self.smoothing):
            self.smoothing.setValue(round(self._session.smoothing * SMOOTHING_STEPS))
        self._smoothing_said.setText(smoothing_sentence(self._session.smoothing))
        for name, box in self._boxes.items():
            box.setCurrentIndex(box.findData(getattr(look, name)))
        for name, tick in self._ticks.items():
            with QSignalBlocker(tick):
                tick.setChecked(getattr(look, name))
        with QSignalBlocker(self._overlay), QSignalBlocker(self._opacity):
            self._overlay.setChecked(look.camera == "input")
            self._opacity.setValue(round(100 * look.mesh_opacity))
        self._overlay.setEnabled(self._session.facts is not None)
        self._opacity.setEnabled(look.camera == "input")


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(scaled_font(0.9, bold=True))
    label.setProperty("tone", "muted")
    label.setContentsMargins(0, 0 if text == "Viewport" else SPACE_PX, 0, 0)
    return label


def smoothing_sentence(strength: float) -> str:
    """What the strength costs, in milliseconds: the filter's time constant, 1 / (2 pi cut-off)."""
    if strength <= 0:
        return "Off: every frame as it was predicted, without delay."
    still_ms, quick_ms = (
        1e3 * strength / (2 * np.pi * cutoff) for cutoff in (STILL_CUTOFF_HZ, QUICK_CUTOFF_HZ)
    )
    return (
        f"The pose trails the video by about {still_ms:.0f} ms when slow and {quick_ms:.0f} ms in "
        "quick turns. It never waits for later frames."
    )
