"""How large a picture of the view should be, and on what; saved or copied."""

from pathlib import Path

from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.recents import settings
from app.session import Session
from app.theme import SPACE_PX
from app.viewport import Viewport
from core.errors import ExplainedError

SCALES = (1, 2, 4)


class PictureDialog(QDialog):
    """Stays open until the picture is saved."""

    def __init__(self, session: Session, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._viewport = session, viewport
        self.setWindowTitle("Picture of the view")
        self.scale = QComboBox()
        self.scale.setAccessibleName("Size")
        for scale in SCALES:
            width, height = viewport.picture_size(scale)
            self.scale.addItem(f"{scale}×   {width} × {height} pixels", scale)
        self.scale.setCurrentIndex(1)
        self.transparent = QCheckBox("Transparent, without grid and shadow")
        self.said = QLabel()
        self.said.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.save = buttons.addButton("Save…", QDialogButtonBox.ButtonRole.ApplyRole)
        self.save.setProperty("primary", True)
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self._ask)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Size", self.scale)
        form.addRow("", self.transparent)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.setSpacing(2 * SPACE_PX)
        column.addLayout(form)
        column.addWidget(self.said)
        column.addWidget(buttons)

    def picture(self) -> QImage:
        """The picture as wished."""
        return self._viewport.large_picture(self.scale.currentData(), self.transparent.isChecked())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setImage(self.picture())
        self.said.setText("Copied.")

    def _ask(self) -> None:
        facts = self._session.facts
        stem = Path(facts.name).stem if facts else "view"
        name = f"{stem}-{self._session.frame_index:05d}.png"
        folder = Path(str(settings().value("export-folder", "")) or Path.home())
        path, _ = QFileDialog.getSaveFileName(
            self, "Save picture", str(folder / name), "Pictures (*.png *.jpg)"
        )
        if path:
            self.save_to(Path(path))

    def save_to(self, path: Path) -> None:
        """Write the picture and say so, or say why not."""
        try:
            is_saved = self.picture().save(str(path))
        except ExplainedError as error:
            self.said.setText(str(error))
            return
        if is_saved:
            self.said.setText(f"Saved {path.name}.")
        else:
            self.said.setText(f"{path} cannot be written; choose another folder or end in .png.")
