"""Which camera to open: listed by name, off the GUI thread."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QThread, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.recents import settings
from app.session import Session
from app.theme import SPACE_PX

WAIT_MS = 5000


class CameraListThread(QThread):
    """Asks the system for cameras, which may take seconds.

    Signals (emitted on this thread):
        listed(list): (text to open, name) of each.
    """

    listed = Signal(list)

    def __init__(
        self, list_cameras: Callable[[], list[tuple[str, str]]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("camera-list")
        self._list_cameras = list_cameras

    def run(self) -> None:
        self.listed.emit(self._list_cameras())


class CameraDialog(QDialog):
    """Opens the chosen camera in the session."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("Live camera")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(380)
        self._said = QLabel("Looking for cameras…")
        self._said.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Cameras")
        self.list.itemActivated.connect(lambda item: self.accept())
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        refresh = self._buttons.addButton("Refresh", QDialogButtonBox.ButtonRole.ActionRole)
        refresh.clicked.connect(self.look)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.setSpacing(SPACE_PX)
        column.addWidget(self._said)
        column.addWidget(self.list)
        column.addWidget(self._buttons)
        self._thread = CameraListThread(session.services.list_cameras, self)
        self._thread.listed.connect(self._show)
        self.look()

    def look(self) -> None:
        """Ask again."""
        if not self._thread.isRunning():
            self._open_button.setEnabled(False)
            self._said.setText("Looking for cameras…")
            self._thread.start()

    @property
    def _open_button(self) -> QWidget:
        return self._buttons.button(QDialogButtonBox.StandardButton.Open)

    def _show(self, cameras: list[tuple[str, str]]) -> None:
        self.list.clear()
        for text, name in cameras:
            item = QListWidgetItem(name, self.list)
            item.setData(Qt.ItemDataRole.UserRole, text)
        texts = [text for text, _ in cameras]
        last = str(settings().value("camera", ""))
        self.list.setCurrentRow(texts.index(last) if last in texts else 0)
        self._open_button.setEnabled(bool(cameras))
        self._said.setText(
            "Choose a camera." if cameras
            else "No camera was found. Plug one in and press Refresh, or open a video."
        )  # fmt: skip

    def done(self, code: int) -> None:
        self._thread.wait(WAIT_MS)
        row = self.list.currentRow()
        if code == QDialog.DialogCode.Accepted and row >= 0:
            text = self.list.item(row).data(Qt.ItemDataRole.UserRole)
            settings().setValue("camera", text)
            self._session.open(text)
        super().done(code)
