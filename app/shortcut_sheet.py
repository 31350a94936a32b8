"""All shortcuts, from the one actions table, with a search field."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.actions import ACTIONS, MENUS
from app.theme import SPACE_PX

MOUSE = (
    ("Drag in the viewport", "Orbit"),
    ("Middle drag, Shift+drag", "Pan"),
    ("Wheel, right drag", "Nearer and farther"),
    ("Drag on the input picture", "Box around the subject"),
    ("Double-click a slider", "Back to 0"),
    ("Wheel on a slider", "A tenth of a sigma"),
    ("Drag on the map", "Move two components"),
    ("Drag on the timeline", "Scrub"),
    ("Wheel on the timeline", "Move along it"),
    ("Ctrl+wheel on the timeline", "Zoom about the mouse"),
    ("Drag the split line", "More or less of the bare video"),
)


class ShortcutSheet(QDialog):
    """Type to find; Escape closes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(480, 560)
        self._groups: list[QTreeWidgetItem] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["What", "Keys"])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setIndentation(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.addWidget(self.search)
        column.addWidget(self.tree)
        self._fill()

    def _fill(self) -> None:
        native = QKeySequence.SequenceFormat.NativeText
        for title in MENUS:
            rows = [
                (action.title.rstrip("…"),
                 ",  ".join(QKeySequence(keys).toString(native) for keys in action.shortcuts))
                for action in ACTIONS if action.menu == title and action.shortcuts
            ]  # fmt: skip
            self._add_group(title, rows)
        self._add_group("Mouse", [(what, keys) for keys, what in MOUSE])
        self.tree.expandAll()

    def _add_group(self, title: str, rows: list[tuple[str, str]]) -> None:
        group = QTreeWidgetItem(self.tree, [title])
        self._groups.append(group)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        for row in rows:
            QTreeWidgetItem(group, list(row))

    def _filter(self, text: str) -> None:
        wanted = text.lower()
        for group in self._groups:
            found = 0
            for row in range(group.childCount()):
                item = group.child(row)
                assert item is not None
                is_hit = wanted in f"{item.text(0)} {item.text(1)}".lower()
                item.setHidden(not is_hit)
                found += is_hit
            group.setHidden(not found)
