"""The command palette: type a few letters of what you want, Return does it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QKeyEvent, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import SPACE_PX, current_tones, grown

KEYS_ROLE = Qt.ItemDataRole.UserRole


class _KeysAtTheRight(QStyledItemDelegate):
    """Draws an action's keys at the end of its line."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        painter.save()
        painter.setPen(QColor(current_tones().muted))
        rect = option.rect.adjusted(0, 0, -SPACE_PX, 0)  # type: ignore[attr-defined]
        end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect, end, str(index.data(KEYS_ROLE) or ""))
        painter.restore()


class Palette(QDialog):
    """Lists the actions that can be done now, the best match first."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._actions = [action for action in actions if action.isEnabled()]
        self._shown: list[QAction] = []
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Commands")
        self.resize(grown(460, 360))
        self.search = QLineEdit()
        self.search.setPlaceholderText("What do you want to do?")
        self.search.setAccessibleName("Command")
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_KeysAtTheRight(self.list))
        blank = QPixmap(24, 24)
        blank.fill(Qt.GlobalColor.transparent)
        self._blank = QIcon(blank)  # keeps the titles in one column
        self.list.setAccessibleName("Matching commands")
        self.list.itemClicked.connect(lambda item: self.run())
        column = QVBoxLayout(self)
        column.setContentsMargins(*(SPACE_PX,) * 4)
        column.addWidget(self.search)
        column.addWidget(self.list)
        self._filter("")

    def showEvent(self, event: object) -> None:
        parent = self.parentWidget()
        if parent is not None:
            top = parent.mapToGlobal(parent.rect().topLeft())
            self.move(top.x() + (parent.width() - self.width()) // 2, top.y() + 80)
        self.search.setFocus()

    def _filter(self, text: str) -> None:
        ranked = [(rank(text, action.text()), action) for action in self._actions]
        found = [pair for pair in ranked if pair[0] is not None]
        found.sort(key=lambda pair: pair[0] or 0.0)
        self._shown = [action for _, action in found]
        self.list.clear()
        native = QKeySequence.SequenceFormat.NativeText
        for action in self._shown:
            keys = action.shortcut().toString(native)
            title = action.text().rstrip("…")
            icon = self._blank if action.icon().isNull() else action.icon()
            item = QListWidgetItem(icon, title)
            item.setData(KEYS_ROLE, keys)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title} {keys}".rstrip())
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move the choice while the keyboard stays in the field."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.run()
                return True
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
            if event.key() in steps and self._shown:
                row = (self.list.currentRow() + steps[Qt.Key(event.key())]) % len(self._shown)
                self.list.setCurrentRow(row)
                return True
        return False

    def run(self) -> None:
        """Do what is chosen."""
        row = self.list.currentRow()
        chosen = self._shown[row] if 0 <= row < len(self._shown) else None
        self.close()
        if chosen is not None:
            chosen.trigger()


def rank(wanted: str, title: str) -> float | None:
    """How badly a title matches what was typed; None if a letter is missing.

    Letters may be skipped; whole words and early places rank before scattered letters.
    """
    wanted, title = wanted.lower().strip(), title.lower()
    if wanted in title:
        starts_word = title.find(wanted) == 0 or title[title.find(wanted) - 1] == " "
        return title.find(wanted) / 100 + (0.0 if starts_word else 0.5)
    place, gaps = -1, 0
    for letter in wanted.replace(" ", ""):
        found = title.find(letter, place + 1)
        if found < 0:
            return None
        gaps += found - place - 1
        place = found
    return 1 + gaps
