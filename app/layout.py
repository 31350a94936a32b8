"""Where docks are: hidden on the start page, kept between runs, put back on request."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QDockWidget, QWidget

from app.recents import settings
from app.theme import text_scale

if TYPE_CHECKING:
    from app.main_window import MainWindow

LAYOUT_VERSION = 3
FIRST_SIZE = QSize(1280, 800)
SIDE_WIDTHS_PX = (248, 324)
"""Left and right dock at the first start."""


class Layout:
    """The docks of one window."""

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self.docks: dict[str, QDockWidget] = {}
        self._hidden: list[QDockWidget] = []
        self._is_set = False
        window.resize(FIRST_SIZE.boundedTo(window.screen().availableSize()))
        self._first = window.saveState(LAYOUT_VERSION)

    def add(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        """A dock with a title."""
        dock = QDockWidget(title, self._window)
        dock.setObjectName(title.lower())
        dock.setWidget(widget)
        self._window.addDockWidget(area, dock)
        self.docks[title] = dock
        return dock

    def show_start_page(self, is_start: bool) -> None:
        """The start page stands alone: the docks come back with a source."""
        if is_start:
            if not self._hidden:
                self._hidden = [dock for dock in self.docks.values() if not dock.isHidden()]
            for dock in self._hidden:
                dock.hide()
        else:
            for dock in self._hidden:
                dock.show()
            self._hidden = []

    def settle(self) -> None:
        """Sizes of docks hold only once the window has one: called when it is first shown."""
        if not self._is_set:
            self._is_set = True
            docks = [self.docks["Input"], self.docks["Inspector"]]
            self._window.resizeDocks(docks, side_widths_px(), Qt.Orientation.Horizontal)
            self._first = self._window.saveState(LAYOUT_VERSION)

    def give_height(self, title: str) -> None:
        """A dock that was just opened is as high as it would like to be."""
        dock = self.docks[title]
        self._window.resizeDocks([dock], [dock.sizeHint().height()], Qt.Orientation.Vertical)

    def remember_first(self) -> None:
        """All docks are there, as at the first start."""
        self._first = self._window.saveState(LAYOUT_VERSION)

    def reset(self) -> None:
        """Docks where they were at the first start."""
        self._window.restoreState(self._first, LAYOUT_VERSION)
        self._hidden = []

    def keep(self) -> None:
        """For the next start."""
        kept = settings()
        kept.setValue("geometry", self._window.saveGeometry())
        kept.setValue("state", self._window.saveState(LAYOUT_VERSION))

    def restore(self) -> None:
        """As it was left, where a screen still shows it."""
        kept, window = settings(), self._window
        geometry, state = kept.value("geometry"), kept.value("state")
        if geometry is not None:
            window.restoreGeometry(geometry)
            if not any(s.geometry().intersects(window.frameGeometry()) for s in screens()):
                window.move(screens()[0].availableGeometry().topLeft())  # that screen is gone
        if state is not None:
            self._is_set = window.restoreState(state, LAYOUT_VERSION)


def side_widths_px() -> list[int]:
    """Wider with larger text, but the viewport keeps the larger part of a small window."""
    grown = 1 + (text_scale() - 1) / 3
    return [round(wide * grown) for wide in SIDE_WIDTHS_PX]


def screens() -> list[QScreen]:
    """All there are now."""
    return QGuiApplication.screens()
