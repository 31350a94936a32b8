"""A row of tools that folds into a menu, tool by tool, where the width ends."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from app.icon_button import IconButton
from app.theme import SPACE_PX


class FoldingBar(QWidget):
    """What folds first was given so first, whatever its place; what has an action is in the menu.

    bar.add(button)                 # stays for good
    bar.add(button, folds=2)        # goes after what folds at 1
    bar.add_space()                 # pushes the rest, and the menu, to the right
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folds: dict[QWidget, int] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACE_PX // 2)
        self.menu = QMenu(self)
        self.more = IconButton("more", "More tools")
        self.more.setMenu(self.menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def add(self, widget: QWidget, folds: int = 0) -> None:
        """At the end; 0 never folds."""
        self._folds[widget] = folds
        self._row.addWidget(widget)

    def add_space(self) -> None:
        """What comes after it stands at the right."""
        self._row.addStretch(1)

    def add_more(self) -> None:
        """The menu's button stands here."""
        self._row.addWidget(self.more)

    @property
    def folded(self) -> list[QWidget]:
        """What is not to be seen for lack of room."""
        return [widget for widget, order in self._folds.items() if order and widget.isHidden()]

    def resizeEvent(self, event: object) -> None:
        self.fold()

    def event(self, event: QEvent) -> bool:
        answer = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # a button has another text
            self.fold()
        return answer

    def fold(self) -> None:
        """Show as much as there is room for."""
        last = max(self._folds.values(), default=0)
        level = 0
        while level < last and self._needed_px(level) > self.width():
            level += 1
        changed = False
        for widget, order in self._folds.items():
            is_hidden = 0 < order <= level
            changed |= widget.isHidden() != is_hidden
            widget.setVisible(not is_hidden)
        if changed:
            self._fill_menu()

    def _fill_menu(self) -> None:
        actions = self._folded_actions()
        self.menu.clear()
        self.menu.addActions(actions)
        self.more.setVisible(bool(actions))

    def _folded_actions(self) -> list[QAction]:
        buttons = [one for one in self.folded if isinstance(one, QToolButton)]
        return [action for one in buttons if (action := one.defaultAction()) is not None]

    def _needed_px(self, level: int) -> int:
        shown = [one for one, order in self._folds.items() if not 0 < order <= level]
        has_menu = any(
            isinstance(one, QToolButton) for one, order in self._folds.items() if 0 < order <= level
        )
        shown += [self.more] * has_menu
        gaps = self._row.spacing() * len(shown)
        return sum(one.sizeHint().width() for one in shown) + gaps

    def minimumSizeHint(self) -> QSize:
        last = max(self._folds.values(), default=0)
        return QSize(self._needed_px(last), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self._needed_px(0), super().sizeHint().height())


def separator(parent: QWidget | None = None) -> QWidget:
    """A thin line between groups."""
    line = QWidget(parent)
    line.setProperty("surface", "line")
    line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    line.setFixedWidth(1)
    return line
