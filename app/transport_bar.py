"""Buttons to play and step, the frame and time readout, and the speed."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.icon_button import IconButton
from app.icons import icon
from app.play_state import SPEEDS
from app.session import Session
from app.theme import SPACE_PX, scaled_font
from app.timecode import timecode

BUTTONS = ("to-start", "step-back", "play", "step-on", "to-end")
RANGE_BUTTONS = ("set-in", "set-out", "loop")


class TransportBar(QWidget):
    """The row under the timeline."""

    def __init__(
        self, session: Session, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._play = session, actions["play"]
        self._was_playing: bool | None = None
        self.timecode, self.frame = QLabel(), QLabel()
        self.progress = QLabel()
        self.speed = self._speed_box()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 12, SPACE_PX)
        row.setSpacing(SPACE_PX // 2)
        self.timecode.setFont(scaled_font(1.25, mono=True))
        self.frame.setFont(scaled_font(0.9, mono=True))
        self.timecode.setAccessibleName("Time")
        self.frame.setAccessibleName("Frame")
        for label, widest in ((self.timecode, "0:00:00.000"), (self.frame, "frame 00000, live")):
            label.setMinimumWidth(QFontMetrics(label.font()).horizontalAdvance(widest))
        for label in (self.frame, self.progress):
            label.setProperty("tone", "muted")
        row.addWidget(_side(self.timecode, self.frame), 1)
        self._buttons = self._button_row(actions)
        row.addWidget(self._buttons)
        row.addWidget(_side(None, self.progress, self.speed), 1)
        for signal in (session.play_changed, session.shown_changed, session.source_changed):
            signal.connect(self.refresh)
        session.results_changed.connect(self._refresh_progress)
        self.refresh()

    def _button_row(self, actions: dict[str, QAction]) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_PX // 2)
        for name in BUTTONS:
            size_px = 24 if name == "play" else 20
            row.addWidget(IconButton(name, actions[name].text(), actions[name], size_px))
        row.addSpacing(2 * SPACE_PX)
        for name in RANGE_BUTTONS:
            row.addWidget(IconButton(name, actions[name].text(), actions[name]))
        return holder

    def _speed_box(self) -> QComboBox:
        box = QComboBox()
        for speed in SPEEDS:
            box.addItem(f"{speed:g}×", speed)
        box.setCurrentIndex(SPEEDS.index(1.0))
        box.setAccessibleName("Playback speed")
        box.setToolTip("Playback speed")
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.activated.connect(lambda row: self._session.transport.set_speed(SPEEDS[row]))
        return box

    def refresh(self) -> None:
        session, facts = self._session, self._session.facts
        index = session.frame_index
        count = None if facts is None else facts.frame_count
        if facts is not None and facts.times_s is not None and count:
            self.timecode.setText(timecode(facts.times_s[index]))
            self.frame.setText(f"{index} / {count - 1}")
        else:
            shown = session.shown
            self.timecode.setText(timecode(shown.frame.time_s if shown else 0.0))
            self.frame.setText(f"frame {index}, live" if facts else "no source")
        is_live = facts is not None and facts.is_live
        self._buttons.setVisible(not is_live)
        self.speed.setVisible(not is_live)
        self.speed.setEnabled(session.transport.can_scrub)
        self._refresh_speed()
        if session.transport.state.is_playing != self._was_playing:
            self._was_playing = session.transport.state.is_playing
            self.tint()
        self._refresh_progress()

    def tint(self) -> None:
        """Draw the play button anew."""
        self._play.setIcon(icon("pause" if self._session.transport.state.is_playing else "play"))

    def _refresh_speed(self) -> None:
        rate = self._session.transport.state.rate
        if rate in SPEEDS:
            self.speed.setCurrentIndex(SPEEDS.index(rate))
        elif abs(rate) in SPEEDS:
            self.speed.setCurrentIndex(SPEEDS.index(abs(rate)))

    def _refresh_progress(self) -> None:
        store, rate = self._session.store, self._session.transport.state.rate
        said = ""
        if self._session.transport.state.is_playing and rate < 0:
            said = f"backwards {-rate:g}×"
        elif store is not None and self._session.model is not None:
            part = store.covered_part()
            said = "reconstructed" if part == 1 else f"reconstructing {part:.0%}"
        self.progress.setText(said)


def _side(*widgets: QWidget | None) -> QWidget:
    """One side of the row; both are equally wide, so that the buttons stay in the middle.

    None is the space that pushes the others to the right.
    """
    holder = QWidget()
    holder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2 * SPACE_PX)
    for widget in widgets:
        row.addStretch(1) if widget is None else row.addWidget(widget)
    if None not in widgets:
        row.addStretch(1)
    return holder
