"""Poses with names: keep, apply, rename by keeping anew, delete, and blend two of them."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.edits import Preset
from app.flow_layout import FlowLayout
from app.icon_button import IconButton
from app.session import Session
from app.theme import SPACE_PX, text_scale

THUMBNAIL_PX = 56
NAME_PX = 28
"""Under a thumbnail."""
BLEND_STEPS = 100


class PresetPanel(QWidget):
    """A wall of small pictures; a double-click or Return applies one."""

    def __init__(
        self,
        session: Session,
        thumbnail: Callable[[tuple[float, ...], int], QImage],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._thumbnail = session, thumbnail
        self._pictures: dict[tuple[str, tuple[float, ...]], QIcon] = {}
        self._listed: tuple[Preset, ...] = ()
        self.list = QListWidget()
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        self.list.setSpacing(SPACE_PX // 2)
        self.list.setMinimumHeight(THUMBNAIL_PX + round(NAME_PX * text_scale()))
        self.list.setAccessibleName("Presets")
        self.list.itemActivated.connect(lambda item: self.apply())
        self._empty = QLabel("No presets yet. Keep a pose to find it again here.")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("tone", "muted")
        self.keep = QPushButton("Keep this pose…")
        self.keep.clicked.connect(self.ask_name)
        self.use = QPushButton("Apply")
        self.use.clicked.connect(self.apply)
        self._delete = IconButton("close", "Delete the preset", size_px=16)
        self._delete.clicked.connect(self.delete)
        row = FlowLayout()
        row.add(self.keep, stretch=1)
        row.add(self.use, self._delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE_PX, SPACE_PX, 0)
        column.setSpacing(SPACE_PX // 2)
        column.addWidget(self._empty, 1)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        column.addLayout(self._blend_row())
        self.list.itemSelectionChanged.connect(self._refresh_buttons)
        session.editor.changed.connect(self.refresh)
        session.model_changed.connect(self.refresh)
        self.refresh()

    def _blend_row(self) -> QHBoxLayout:
        self.one, self.other = QComboBox(), QComboBox()
        for box, name in ((self.one, "Blend from"), (self.other, "Blend to")):
            box.setAccessibleName(name)
            box.setMinimumContentsLength(3)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self.part = QSlider(Qt.Orientation.Horizontal)
        self.part.setRange(0, BLEND_STEPS)
        self.part.setAccessibleName("How far between the two presets")
        self.part.setToolTip("Blend: left is the first preset, right the second")
        self.part.sliderPressed.connect(self._session.editor.begin_gesture)
        self.part.sliderReleased.connect(self._session.editor.end_gesture)
        self.part.valueChanged.connect(self._blend)
        row = QHBoxLayout()
        row.addWidget(self.one, 1)
        row.addWidget(self.part, 2)
        row.addWidget(self.other, 1)
        return row

    def ask_name(self) -> None:
        """A name, then the pose is kept."""
        suggestion = f"Pose {len(self._listed) + 1}"
        name, is_ok = QInputDialog.getText(self, "Keep this pose", "Name:", text=suggestion)
        if is_ok:
            self._session.editor.save_preset(name)

    def _chosen(self) -> Preset | None:
        row = self.list.currentRow()
        return self._listed[row] if 0 <= row < len(self._listed) else None

    def apply(self) -> None:
        """Put the chosen preset into the sliders."""
        chosen = self._chosen()
        if chosen is not None:
            self._session.editor.apply_preset(chosen)

    def delete(self) -> None:
        """Forget the chosen preset; Undo brings it back."""
        chosen = self._chosen()
        if chosen is not None:
            self._session.editor.delete_preset(chosen.name)

    def _blend(self, value: int) -> None:
        one, other = self.one.currentIndex(), self.other.currentIndex()
        if min(one, other) >= 0:
            pair = self._listed[one], self._listed[other]
            self._session.editor.blend(*pair, value / BLEND_STEPS)

    def refresh(self) -> None:
        """Show the presets of the loaded model."""
        presets = self._session.editor.presets_here()
        if presets != self._listed:
            self._listed = presets
            chosen = self.list.currentRow()
            self.list.clear()
            for preset in presets:
                self.list.addItem(QListWidgetItem(self._picture(preset), preset.name))
            self.list.setCurrentRow(min(chosen, len(presets) - 1))
            for box, first in ((self.one, 0), (self.other, 1)):
                box.clear()
                box.addItems([preset.name for preset in presets])
                box.setCurrentIndex(min(first, len(presets) - 1))
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        self.keep.setEnabled(self._session.model is not None)
        self.use.setEnabled(self._chosen() is not None)
        self._delete.setEnabled(self._chosen() is not None)
        self._empty.setVisible(not self._listed)
        self.list.setVisible(bool(self._listed))
        for widget in (self.one, self.other, self.part):
            widget.setVisible(len(self._listed) > 1)

    def _picture(self, preset: Preset) -> QIcon:
        key = preset.model_name, preset.sigmas
        if key not in self._pictures:
            ratio = self.devicePixelRatioF()
            drawn = QPixmap.fromImage(self._thumbnail(preset.sigmas, round(THUMBNAIL_PX * ratio)))
            drawn.setDevicePixelRatio(ratio)
            self._pictures[key] = QIcon(drawn)
        return self._pictures[key]
