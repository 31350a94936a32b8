"""Asks a live source every so often whether it still gives new pictures."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.sources.watch import FeedHealth

if TYPE_CHECKING:
    from app.session import Session

FEED_CHECK_MS = 250


class FeedCheck(QObject):
    """Owned by the session.

    Signals:
        changed(): It stands still, or is back.
    """

    changed = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self.health: FeedHealth = "live"
        self._timer = QTimer(self)
        self._timer.setInterval(FEED_CHECK_MS)
        self._timer.timeout.connect(self._check)

    def begin(self, is_live: bool) -> None:
        """Another source is open."""
        if self.health != "live":  # it is back with another size: the banner goes
            self.health = "live"
            self.changed.emit()
        self._timer.start() if is_live else self._timer.stop()

    def end(self) -> None:
        """The source is closed."""
        self._timer.stop()

    def _check(self) -> None:
        """Notice within two seconds that a camera stands still, and that it is back."""
        capture = self._session.capture
        health = "live" if capture is None else capture.feed.health()
        if health != self.health:
            self.health = health
            self.changed.emit()
