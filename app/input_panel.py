"""The left dock: the input picture, what is drawn on it, and what the source is."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.flow_layout import FlowLayout
from app.input_view import InputView
from app.overlay_painter import lacks_mask
from app.scrolled import Scrolled
from app.session import Session
from app.theme import SPACE_PX, scaled_font

LOST = "Saved sessions keep no masks"
TICKS = (("input_has_mask", "Mask"), ("input_has_box", "Box"), ("input_has_skeleton", "Skeleton"))


class InputPanel(QWidget):
    """Picture on top, switches and facts below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.input_view = InputView(session)
        self._buttons: dict[str, QPushButton] = {}
        self._facts = QLabel()
        self._facts.setWordWrap(True)
        self._hint = QLabel("Not the right subject? Drag a box around it in the picture.")
        self._hint.setWordWrap(True)
        for label in (self._facts, self._hint):
            label.setFont(scaled_font(0.9))
            label.setProperty("tone", "muted")
        self._facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(12, SPACE_PX // 2, 12, SPACE_PX)
        column.setSpacing(SPACE_PX)
        column.addWidget(self.input_view)
        column.addLayout(self._switches())
        column.addWidget(self._facts)
        column.addWidget(self._hint)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(holder))
        session.look_changed.connect(self.refresh)
        session.source_changed.connect(self.refresh)
        session.shown_changed.connect(self._refresh_mask)
        self.refresh()

    def _switches(self) -> FlowLayout:
        row = FlowLayout()
        for name, title in TICKS:
            button = QPushButton(title)
            button.setCheckable(True)
            button.setToolTip(f"Show the {title.lower()} on the input picture")
            button.setFont(scaled_font(0.9))
            button.toggled.connect(lambda is_on, name=name: self._session.set_look(**{name: is_on}))
            self._buttons[name] = button
            row.add(button, stretch=1)
        return row

    def _refresh_mask(self) -> None:
        """A switch that shows nothing says why."""
        is_lost = lacks_mask(self._session)
        button = self._buttons["input_has_mask"]
        if button.isEnabled() == is_lost:
            button.setEnabled(not is_lost)
            button.setToolTip(LOST if is_lost else "Show the mask on the input picture")

    def refresh(self) -> None:
        """Show the session's look and source."""
        for name, button in self._buttons.items():
            with QSignalBlocker(button):
                button.setChecked(getattr(self._session.look, name))
        facts = self._session.facts
        self._hint.setVisible(facts is not None)
        if facts is None:
            self._facts.setText("")
            return
        length = "live" if facts.frame_count is None else f"{facts.frame_count} frames"
        self._facts.setText(
            f"{facts.name}\n{facts.width_px} × {facts.height_px}, {facts.fps:.4g} fps, {length}"
        )
        self.input_view.updateGeometry()
