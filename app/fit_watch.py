"""Notices that the model does not fit what is filmed: outline and mask disagree for many frames."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.agreement import agreement_of

if TYPE_CHECKING:
    from app.session import Session

EVERY_MS = 500
SMALL_PX = 96
ENOUGH = 16
"""Frames to look at before judging."""
LAST = 48
"""After so many that agree, looking costs more than it tells."""
LEAST_IOU = 0.4
"""The shipped dog on dogs: 0.7 and more (docs/evaluation.md); on other bodies seldom above this."""


class FitWatch(QObject):
    """Looks at a frame now and then; speaks once for a source and a model.

    Signals:
        doubted(float): The median overlap is this low.
    """

    doubted = Signal(float)

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self._seen: dict[int, float] = {}
        self._subject: tuple[object, object] = (None, None)
        self._has_spoken = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Measure the frame shown, if it was not measured yet."""
        session = self._session
        subject = (session.facts, session.model)
        if subject != self._subject:
            self._subject, self._seen, self._has_spoken = subject, {}, False
        result = session.shown.result if session.shown is not None else None
        is_over = self._has_spoken or len(self._seen) >= LAST
        if is_over or result is None or session.model is None:
            return
        if result.frame_index in self._seen or session.explore.is_frozen:
            return
        seen = agreement_of(session.model, result, SMALL_PX)
        if seen is not None:
            self._seen[result.frame_index] = seen.iou
        self._judge()

    def _judge(self) -> None:
        if len(self._seen) < ENOUGH:
            return
        median = float(np.median(list(self._seen.values())))
        if median < LEAST_IOU:
            self._has_spoken = True
            self.doubted.emit(median)
