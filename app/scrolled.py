"""A panel that scrolls up and down when there is no room for all of it."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class Scrolled(QScrollArea):
    """As wide as what is in it needs; as low as `least_height_px`.

    One that scrolls across as well asks for no width.
    """

    def __init__(
        self, content: QWidget, least_height_px: int = 96, scrolls_across: bool = False
    ) -> None:
        super().__init__()
        self._scrolls_across = scrolls_across
        self._least_height_px = least_height_px
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is inside has the keyboard
        if not scrolls_across:
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)

    def minimumSizeHint(self) -> QSize:
        if self._scrolls_across:
            return QSize(self._least_height_px, self._least_height_px)
        content = self.widget()
        wide = content.minimumSizeHint().width() if content is not None else 0
        wide += self.verticalScrollBar().sizeHint().width()
        return QSize(wide, self._least_height_px)

    def sizeHint(self) -> QSize:
        """As high as it must be: how much is in it is no reason to take room from others."""
        content = self.widget()
        wide = content.sizeHint().width() if content is not None else 0
        return self.minimumSizeHint().expandedTo(QSize(wide, 0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is in it wants another size: so does this."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
