"""All shortcuts, from the one actions table, with a search field; and a row to change them."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from app.action import Action
from app.actions import ACTIONS, MENUS, put_keys
from app.key_map import keys_of, owner_of, reset_keys, set_keys, take_keys
from app.theme import SPACE_PX, grown

if TYPE_CHECKING:
    from app.main_window import MainWindow

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
"""In the manner that the window begins with; Look has those of Blender and Maya."""
ID = Qt.ItemDataRole.UserRole


class ShortcutSheet(QDialog):
    """Type to find; choose a row to change its keys; Escape closes."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._taking = ""
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(grown(520, 600))
        self._groups: list[QTreeWidgetItem] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search for a shortcut")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["What", "Keys"])
        self.tree.setAccessibleName("Shortcuts")
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setIndentation(12)
        self.tree.currentItemChanged.connect(lambda now, before: self._on_chosen())
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setProperty("tone", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addLayout(self._editor())
        column.addWidget(self.said)
        self._fill()
        self._on_chosen()

    def _editor(self) -> QHBoxLayout:
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.keys.setClearButtonEnabled(True)
        self.keys.setAccessibleName("New keys")
        self.keys.keySequenceChanged.connect(lambda keys: self._on_typed())
        self.set, self.reset, self.reset_all = (
            QPushButton(text) for text in ("Set", "Reset", "Reset all")
        )
        for button, press in (
            (self.set, self._set), (self.reset, self._reset), (self.reset_all, self._reset_all)
        ):  # fmt: skip
            button.setAutoDefault(False)
            button.clicked.connect(press)
        row = QHBoxLayout()
        row.setSpacing(SPACE_PX)
        row.addWidget(self.keys, 1)
        for button in (self.set, self.reset, self.reset_all):
            row.addWidget(button)
        return row

    # The list.

    def _fill(self) -> None:
        chosen = self.action
        self.tree.clear()
        self._groups = []
        for title in MENUS:
            group = self._add_group(title)
            for action in (one for one in ACTIONS if one.menu == title):
                item = QTreeWidgetItem(group, [action.title.rstrip("…"), keys_text(action)])
                item.setData(0, ID, action.id)
                if action is chosen:
                    self.tree.setCurrentItem(item)
        group = self._add_group("Mouse")
        for keys, what in MOUSE:
            QTreeWidgetItem(group, [what, keys])
        self.tree.expandAll()
        self._filter(self.search.text())

    def _add_group(self, title: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self.tree, [title])
        self._groups.append(group)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        return group

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

    # Changing one.

    @property
    def action(self) -> Action | None:
        """The chosen row's."""
        item = self.tree.currentItem()
        action_id = None if item is None else item.data(0, ID)
        return next((action for action in ACTIONS if action.id == action_id), None)

    def choose(self, action_id: str) -> None:
        """Bring a row to the eye."""
        for group in self._groups:
            for row in range(group.childCount()):
                item = group.child(row)
                if item is not None and item.data(0, ID) == action_id:
                    self.tree.setCurrentItem(item)

    def _on_chosen(self) -> None:
        action, self._taking = self.action, ""
        for widget in (self.keys, self.set, self.reset):
            widget.setEnabled(action is not None)
        own = keys_of(action) if action is not None else ()
        self.keys.setKeySequence(QKeySequence(own[0]) if own else QKeySequence())
        self.said.setText("Choose a row, press the keys you want, and Set." if not action else "")

    def _on_typed(self) -> None:
        self._taking = ""
        owner = self._owner()
        self.said.setText("" if owner is None else f"{self._text()} is “{owner.title}”.")

    def _text(self) -> str:
        return self.keys.keySequence().toString()

    def _owner(self) -> Action | None:
        action, text = self.action, self._text()
        return owner_of(text, ACTIONS, but=action.id) if action is not None and text else None

    def _set(self) -> None:
        action, text = self.action, self._text()
        if action is None:
            return
        owner = self._owner()
        if owner is not None and self._taking != text:
            self._taking = text
            self.said.setText(f"{text} is “{owner.title}”. Press Set again to take it from there.")
            return
        if text:
            take_keys(action, text, ACTIONS)
        else:
            set_keys(action.id, ())
        self._apply(f"{action.title.rstrip('…')}: {text or 'no keys'}")

    def _reset(self) -> None:
        if self.action is not None:
            reset_keys(self.action.id)
            self._apply("As at the first start")

    def _reset_all(self) -> None:
        reset_keys()
        self._apply("All as at the first start")

    def _apply(self, said: str) -> None:
        for action in ACTIONS:
            put_keys(action, self._window.actions_by_id[action.id])
        self._fill()
        self._on_chosen()
        self.said.setText(said)


def keys_text(action: Action) -> str:
    """As this system writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return ",  ".join(QKeySequence(keys).toString(native) for keys in keys_of(action))
