"""One principal component: its name and share, slider, number and lock."""

from PySide6.QtCore import QObject, QSignalBlocker, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel

from app.explore import ExploreState
from app.icon_button import IconButton
from app.session import Session
from app.sigma_slider import STEPS_PER_SIGMA, SigmaSlider
from app.theme import scaled_font

FIELD_FRAME_PX = 22
"""Border and padding of a number field, both sides."""


class SigmaField(QDoubleSpinBox):
    """A typed value; Return hands the keyboard on, so that Ctrl+Z undoes the edit, not letters."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setRange(-9.99, 9.99)
        self.setDecimals(2)
        self.setSingleStep(0.1)
        self.setSuffix(" σ")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFont(scaled_font(0.9))
        self.setFixedWidth(QFontMetrics(self.font()).horizontalAdvance("-9.99 σ") + FIELD_FRAME_PX)
        self.setKeyboardTracking(False)
        self.setAccessibleName(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()


class SliderRow(QObject):
    """The widgets of one row of the sliders' grid."""

    def __init__(self, session: Session, component: int, grid: QGridLayout) -> None:
        super().__init__()
        self._editor, self._component = session.editor, component
        number = component + 1
        self.label = QLabel()
        self.label.setFont(scaled_font(0.9))
        self.label.setToolTip(f"Principal component {number} and its share of the motion")
        self.slider = SigmaSlider(f"Principal component {number}, in sigma")
        self.slider.setToolTip("Double-click sets this component to 0")
        self.field = SigmaField(f"Value of principal component {number}")
        self.lock = IconButton("unlock", f"Lock component {number}", size_px=14)
        self.lock.setCheckable(True)
        self.slider.pressed.connect(self._editor.begin_gesture)
        self.slider.released.connect(self._editor.end_gesture)
        self.slider.zeroed.connect(lambda: self._editor.set_sigma(component, 0.0))
        self.slider.valueChanged.connect(self._on_slider)
        self.field.valueChanged.connect(lambda sigma: self._editor.set_sigma(component, sigma))
        self.lock.clicked.connect(lambda is_on: self._editor.set_lock(component, is_on))
        for place, widget in enumerate((self.label, self.slider, self.field, self.lock)):
            grid.addWidget(widget, component, place)

    def _on_slider(self, value: int) -> None:
        self._editor.set_sigma(self._component, value / STEPS_PER_SIGMA)

    def say_share(self, share: float) -> None:
        """Its part of the variance."""
        text = f"{share:.0%}" if share >= 0.01 else "<1%"
        self.label.setText(f"PC {self._component + 1}   {text}")

    def refresh(self, explore: ExploreState, is_locked: bool) -> None:
        """Show the value and the lock."""
        sigma = explore.sigmas[self._component]
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):
            self.slider.setValue(round(sigma * STEPS_PER_SIGMA))
            if not self.field.hasFocus() or explore.is_frozen:
                self.field.setValue(sigma)
        self.slider.setEnabled(not is_locked)
        self.field.setEnabled(not is_locked)
        self.lock.setChecked(is_locked)
        self.lock.set_icon_name("lock" if is_locked else "unlock")

    def remove(self) -> None:
        """Take the widgets away: another model has other components."""
        for widget in (self.label, self.slider, self.field, self.lock):
            widget.deleteLater()
        self.deleteLater()
