"""A tool button whose icon follows light and dark, with a name for screen readers."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from app.icons import icon
from app.theme import icon_px


class IconButton(QToolButton):
    """Shows an action's icon, or an icon of its own."""

    def __init__(
        self,
        icon_name: str,
        name: str,
        action: QAction | None = None,
        size_px: int = 20,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        if action is not None:
            self.setDefaultAction(action)
        self.setIconSize(QSize(icon_px(size_px), icon_px(size_px)))
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        if action is None:
            self.setToolTip(name)
            self.setIcon(icon(icon_name))

    def set_icon_name(self, icon_name: str) -> None:
        """Show another icon."""
        if icon_name != self._icon_name:
            self._icon_name = icon_name
            self.setIcon(icon(icon_name))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and not self.defaultAction():
            self.setIcon(icon(self._icon_name))
        super().changeEvent(event)
