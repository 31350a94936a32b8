"""Shown over the centre while a source is being opened: what, a moving bar, and Cancel."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.session import Session
from app.theme import SPACE_PX, scaled_font


class OpeningVeil(QWidget):
    """Covers its parent; opening happens on the capture thread, so Cancel always answers."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._cover = session, parent
        self._text = QLabel()
        self._text.setFont(scaled_font(1.25))
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setFixedWidth(240)
        bar.setTextVisible(False)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(session.cancel_opening)
        column = QVBoxLayout(self)
        column.setSpacing(2 * SPACE_PX)
        column.addStretch(1)
        for widget in (self._text, bar, cancel):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        self.setAutoFillBackground(True)
        parent.installEventFilter(self)
        self.hide()

    def refresh(self) -> None:
        """Show or hide, as the session says."""
        text = self._session.opening_text
        if text is not None:
            name = text if "://" in text else Path(text).name
            self._text.setText(f"Opening {name}…")
            self.setGeometry(self._cover.rect())
            self.raise_()
        self.setVisible(text is not None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._cover.rect())
        return False
