"""A strip over the window that says what went wrong, with Details and Copy report."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QWidget,
)

from app.flow_layout import FlowLayout
from app.icon_button import IconButton
from app.icons import pixmap
from app.report import report_of
from app.theme import SPACE_PX, current_tones
from core.errors import ExplainedError


class Banner(QFrame):
    """Hidden until something is said; stays until closed or replaced."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._error: BaseException | None = None
        self._sign = QLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details = QPushButton("Details")
        self._copy = QPushButton("Copy report")
        close = IconButton("close", "Close this message", size_px=16)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACE_PX, SPACE_PX, SPACE_PX, SPACE_PX)
        row.setSpacing(SPACE_PX)
        row.addWidget(self._sign)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(SPACE_PX)
        self._body.addWidget(self.text, 1)
        row.addLayout(self._body, 1)
        self._offered: Callable[[], object] | None = None
        self.offer = QPushButton("Open")
        self.offer.clicked.connect(self._take_offer)
        buttons = FlowLayout()
        buttons.add(self.offer, self._details, self._copy)
        self._body.addLayout(buttons)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._details.clicked.connect(self._show_details)
        self._copy.clicked.connect(self._copy_report)
        close.clicked.connect(self.hide)
        self.setAutoFillBackground(True)
        self.hide()

    def say(
        self,
        title: str,
        error: BaseException | None = None,
        offer: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """Show a sentence; with an error, Details and Copy report; with an offer, its button."""
        self._error, self._offered = error, None if offer is None else offer[1]
        self.offer.setVisible(offer is not None)
        self.offer.setText("" if offer is None else offer[0])
        text = title
        if isinstance(error, ExplainedError):
            text = f"<b>{title}.</b> {error}"
        elif error is not None:
            text = f"<b>{title}.</b> This is a mistake in the program; the report says where."
        self.text.setText(text)
        self._details.setVisible(error is not None)
        self._copy.setVisible(error is not None)
        self._copy.setText("Copy report")
        if error is not None:
            self._tint("warning", current_tones().bad)
        else:
            self._tint("info", current_tones().accent)
        self.show()
        self._ask_height()

    def resizeEvent(self, event: object) -> None:
        """Where words and buttons have no room side by side, the buttons stand below."""
        buttons = (self.offer, self._details, self._copy)
        wide = sum(one.sizeHint().width() for one in buttons if not one.isHidden())
        below, beside = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._body.setDirection(below if self.width() < 2 * wide else beside)
        self._ask_height()

    def _ask_height(self) -> None:
        """Docks give way to a minimum only, not to a height that follows from the width."""
        layout = self.layout()
        if layout is not None:
            self.setMinimumHeight(layout.heightForWidth(self.width()))

    def _take_offer(self) -> None:
        self.hide()
        if self._offered is not None:
            self._offered()

    def _tint(self, icon_name: str, colour: str) -> None:
        self._sign.setPixmap(pixmap(icon_name, 20, colour, self.devicePixelRatioF()))
        tint = QColor(colour)
        tint.setAlpha(38)
        self.setStyleSheet(
            f"Banner {{ background: rgba({tint.red()},{tint.green()},{tint.blue()},38);"
            f" border: 0; border-bottom: 1px solid {colour}; }}"
        )

    def _report(self) -> str:
        return report_of(self._error)

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self._report())
        self._copy.setText("Copied")

    def _show_details(self) -> None:
        box = QMessageBox(self.window())
        box.setWindowTitle("Details")
        box.setText(self.text.text())
        box.setDetailedText(self._report())
        copy = box.addButton("Copy report", QMessageBox.ButtonRole.ActionRole)
        copy.clicked.connect(self._copy_report)
        box.addButton(QMessageBox.StandardButton.Close)
        box.open()
