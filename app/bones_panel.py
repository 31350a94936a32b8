"""The skeleton as a tree, with how far each joint is bent."""

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.session import Session
from app.theme import scaled_font

REFRESH_MS = 150
"""Angles are read, not watched: seven times a second is enough and costs little."""


class BonesPanel(QWidget):
    """Shows the joints of the loaded model; angles only while visible."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._items: list[QTreeWidgetItem] = []
        self._tree = QTreeWidget()
        self._tree.setHeaderLabels(["Joint", "Bend"])
        self._tree.setFont(scaled_font(0.9))
        self._tree.setIndentation(12)
        self._tree.setUniformRowHeights(True)
        self._tree.setAccessibleName("Joints and how far each is bent, in degrees")
        self._tree.header().setStretchLastSection(False)
        self._tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._tree.itemSelectionChanged.connect(self._on_pick)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._tree)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        session.model_changed.connect(self._build)
        session.shown_changed.connect(self._ask_refresh)
        self._build()

    def _ask_refresh(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _build(self) -> None:
        model = self._session.model
        self._tree.clear()
        self._items = []
        if model is None:
            return
        skeleton = model.rig.skeleton
        for name, parent in zip(skeleton.names, skeleton.parents, strict=True):
            above = self._tree if parent < 0 else self._items[parent]
            item = QTreeWidgetItem(above, [name, ""])
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._items.append(item)
        self._tree.expandAll()
        self.refresh()

    def _on_pick(self) -> None:
        """Mark the joint in the viewport; with "Bone weights", show what it moves."""
        picked = self._tree.selectedItems()
        self._session.set_look(joint=self._items.index(picked[0]) if picked else None)

    def showEvent(self, event: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Write the angles of the shown pose."""
        result = self._session.result()
        if result is None or len(result.joint_rotations) != len(self._items):
            return
        for item, angle in zip(self._items, angles_deg(result.joint_rotations), strict=True):
            item.setText(1, f"{angle:.0f}°")


def angles_deg(rotations: np.ndarray) -> np.ndarray:
    """How far each rotation turns, in degrees."""
    cosines = (np.trace(rotations, axis1=-2, axis2=-1) - 1) / 2
    return np.rad2deg(np.arccos(np.clip(cosines, -1, 1)))
