"""Which action's key is held down: K with J or L steps by one frame."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

PRESSES = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)


class HeldKeys(QObject):
    """Watches a window's keys; those in text fields never get here."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._down: set[int] = set()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in PRESSES and isinstance(event, QKeyEvent):
            self._down.add(event.key())
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            if not event.isAutoRepeat():
                self._down.discard(event.key())
        elif kind == QEvent.Type.WindowDeactivate:
            self._down.clear()
        return False

    def has(self, keys: Callable[[], tuple[str, ...]]) -> bool:
        """Whether one of these single keys is down."""
        return any(
            sequence.count() == 1 and sequence[0].key() in self._down
            for sequence in (QKeySequence(one) for one in keys())
        )
