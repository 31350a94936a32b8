"""Asks what to train a model of a new category from: rigged files, a name, and time."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.model_shelf import free_name
from app.theme import SPACE_PX, scaled_font
from app.train_order import Training, plain_name

FIRST_MINUTES = 40
EXPLAINED = (
    "The model learns from pictures drawn of these bodies in the motions of their files, so they "
    "must be skinned and animated. Nothing leaves this machine. An hour gives a usable model on an "
    "ordinary processor; you can stop at any time and keep what it has learned."
)


class TrainDialog(QDialog):
    """Hands a `Training` to `start` and closes."""

    def __init__(
        self,
        start: Callable[[Training], object],
        first: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._start = start
        self.setWindowTitle("Train from a rigged file")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(520)
        self.rigs = QListWidget()
        self.rigs.setAccessibleName("Rigged files, the template first")
        self.rigs.setMaximumHeight(110)
        self.add = QPushButton("Add a file…")
        self.remove = QPushButton("Remove")
        self.add.clicked.connect(self._ask)
        self.remove.clicked.connect(self._remove)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the model")
        self.minutes = QSpinBox()
        self.minutes.setAccessibleName("Minutes of learning")
        self.minutes.setRange(1, 24 * 60)
        self.minutes.setValue(FIRST_MINUTES)
        self.minutes.setSuffix(" minutes")
        self.length = QDoubleSpinBox()
        self.length.setAccessibleName("Length of the body in metres")
        self.length.setRange(0.0, 99.0)
        self.length.setSingleStep(0.05)
        self.length.setSuffix(" m")
        self.length.setSpecialValueText("as the file says")
        self.length.setToolTip("Its longest side; many files are in centimetres")
        self.said = QLabel(EXPLAINED)
        self.said.setWordWrap(True)
        self.said.setProperty("tone", "muted")
        self.said.setFont(scaled_font(0.9))
        self._lay_out()
        if first is not None:
            self.add_rig(first)
        self.refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addWidget(self.remove)
        row.addStretch(1)
        form = QFormLayout()
        form.setVerticalSpacing(SPACE_PX)
        form.setHorizontalSpacing(2 * SPACE_PX)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Rigged files", self.rigs)
        form.addRow("", row)
        form.addRow("Name", self.name)
        form.addRow("Body length", self.length)
        form.addRow("Learn for", self.minutes)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = buttons.addButton("Train", QDialogButtonBox.ButtonRole.ApplyRole)
        self.go.setProperty("primary", True)
        self.go.setDefault(True)
        self.go.clicked.connect(self._press)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.setSpacing(2 * SPACE_PX)
        column.addLayout(form)
        column.addWidget(self.said)
        column.addWidget(buttons)
        self.name.textChanged.connect(lambda text: self.refresh())
        self.rigs.currentRowChanged.connect(lambda row: self.refresh())

    def add_rig(self, path: Path) -> None:
        """One more body; the first names the model."""
        self.rigs.addItem(str(path))
        self.rigs.setCurrentRow(self.rigs.count() - 1)
        if not self.name.text():
            self.name.setText(free_name(plain_name(path.stem)))
        self.refresh()

    def _ask(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Rigged files", "", "Rigged glTF (*.glb *.gltf)"
        )
        for path in paths:
            self.add_rig(Path(path))

    def _remove(self) -> None:
        self.rigs.takeItem(self.rigs.currentRow())
        self.refresh()

    def paths(self) -> tuple[Path, ...]:
        """The files, the template first."""
        return tuple(Path(self.rigs.item(row).text()) for row in range(self.rigs.count()))

    def refresh(self) -> None:
        """Training needs a file and a name."""
        self.go.setEnabled(self.rigs.count() > 0 and bool(self.name.text().strip()))
        self.remove.setEnabled(self.rigs.currentRow() >= 0)

    def _length_m(self) -> float | None:
        return round(self.length.value(), 2) or None

    def _press(self) -> None:
        name = free_name(plain_name(self.name.text()))
        self.accept()
        self._start(Training(name, self.paths(), float(self.minutes.value()), self._length_m()))
