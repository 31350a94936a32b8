"""A layout that puts widgets side by side and begins a new line where the width ends."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from app.theme import SPACE_PX


class FlowLayout(QLayout):
    """Widgets with a horizontal stretch share what is left of their line.

    The widest widget is the least width; the height follows from the width.
    """

    def __init__(self, spacing_px: int = SPACE_PX // 2) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._line_count = 1
        self.setSpacing(spacing_px)
        self.setContentsMargins(0, 0, 0, 0)

    def add(self, *widgets: QWidget, stretch: int = 0) -> None:
        """Put these at the end; those with a stretch fill their line."""
        for widget in widgets:
            policy = widget.sizePolicy()
            policy.setHorizontalStretch(stretch)
            widget.setSizePolicy(policy)
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), is_dry=True)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, is_dry=False)
        count = len(self._lines(rect.width()))
        if count != self._line_count:  # those above must hear that the least height is another
            self._line_count = count
            self.update()

    def sizeHint(self) -> QSize:
        """All on one line."""
        hints = [item.sizeHint() for item in self._shown()]
        gaps = self.spacing() * max(len(hints) - 1, 0)
        width = sum(hint.width() for hint in hints) + gaps
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize().expandedTo(_least(item)) for item in self._shown()]
        width = max((size.width() for size in sizes), default=0)
        tall = max((size.height() for size in sizes), default=0)
        if self._line_count > 1:
            tall = max(tall, self.heightForWidth(self.geometry().width()))
        return QSize(width, tall)

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        left = 0
        for item in self._shown():
            wide = item.sizeHint().width()
            if lines and wide <= left:
                lines[-1].append(item)
                left -= wide + self.spacing()
            else:
                lines.append([item])
                left = width - wide - self.spacing()
        return lines

    def _place(self, rect: QRect, is_dry: bool) -> int:
        """Lay out the lines inside a rectangle; gives the height they take."""
        y = rect.top()
        for line in self._lines(rect.width()):
            tall = max(item.sizeHint().height() for item in line)
            if not is_dry:
                self._place_line(line, QRect(rect.left(), y, rect.width(), tall))
            y += tall + self.spacing()
        return max(y - self.spacing() - rect.top(), 0)

    def _place_line(self, line: list[QLayoutItem], rect: QRect) -> None:
        hints = [item.sizeHint() for item in line]
        stretches = [_stretch(item) for item in line]
        used = sum(hint.width() for hint in hints) + self.spacing() * (len(line) - 1)
        left, x = max(rect.width() - used, 0), rect.left()
        for item, hint, stretch in zip(line, hints, stretches, strict=True):
            wide = min(hint.width() + (left * stretch // sum(stretches) if stretch else 0),
                       rect.width())  # fmt: skip
            corner = QPoint(x, rect.top() + (rect.height() - hint.height()) // 2)
            item.setGeometry(QRect(corner, QSize(wide, hint.height())))
            x += wide + self.spacing()


def _stretch(item: QLayoutItem) -> int:
    widget = item.widget()
    return 0 if widget is None else widget.sizePolicy().horizontalStretch()


def _least(item: QLayoutItem) -> QSize:
    """What a widget needs to be read; a fixed width is its own."""
    widget = item.widget()
    if widget is None:
        return item.sizeHint()
    return widget.minimumSizeHint().boundedTo(widget.maximumSize())
