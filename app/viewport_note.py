"""A word in the viewport when there is no body to see: why, and what to do."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QLabel, QWidget

from app.session import Session
from app.theme import SPACE_PX

WIDEST_PX = 16_777_215
"""What Qt takes for no limit."""


class ViewportNote(QLabel):
    """A small plate at the bottom; clicks go through it."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._view = session, parent
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setStyleSheet(
            "background: rgba(12, 14, 16, 190); color: #f0f2f4; border-radius: 6px;"
            " padding: 8px 14px;"
        )
        parent.installEventFilter(self)
        for signal in (session.shown_changed, session.model_changed, session.source_changed,
                       session.explore_changed):  # fmt: skip
            signal.connect(self.refresh)
        self.refresh()

    def _text(self) -> str:
        session = self._session
        if session.is_model_loading:
            return "Loading the model…"
        if session.model is None:
            return "No model is installed: drop a model folder or .zip on the window."
        if session.explore.is_frozen or session.facts is None:
            return ""
        if session.shown is None:
            return "Reading the first picture…"
        result = session.shown.result
        if result is not None and not result.is_covered:
            return "No subject found here. Drag a box around it in the input picture."
        store = session.store
        if result is None and (store is None or store.covered_part() == 0):
            return "Reconstructing the first frame…"
        return ""

    def _size_in(self, room_px: int) -> QSize:
        """On one line if there is room, else on as many as it takes."""
        self.setWordWrap(False)
        self.setMinimumSize(0, 0)
        self.setMaximumSize(WIDEST_PX, WIDEST_PX)
        hint = self.sizeHint()
        if hint.width() <= room_px:
            return hint
        self.setWordWrap(True)
        return QSize(max(room_px, 1), self.heightForWidth(max(room_px, 1)))

    def refresh(self) -> None:
        """Show, hide and place."""
        text = self._text()
        self.setVisible(bool(text))
        if text and text != self.text():
            self.setText(text)
        if text:
            parent = self._view
            self.setFixedSize(self._size_in(parent.width() - 4 * SPACE_PX))
            self.move((parent.width() - self.width()) // 2,
                      parent.height() - self.height() - 2 * SPACE_PX)  # fmt: skip

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.refresh()
        return False
