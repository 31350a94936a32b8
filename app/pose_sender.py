"""Sends the pose of every shown frame to a port of this machine, once the person has asked for it.

sender.start("json", 39540); sender.stop()
"""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QHostAddress, QUdpSocket

from app.pose_message import json_message, vmc_message

if TYPE_CHECKING:
    from app.session import Session

PoseForm = Literal["json", "vmc"]
FORMS: tuple[tuple[PoseForm, str], ...] = (
    ("json", "JSON, one object a frame"),
    ("vmc", "OSC, as in the VMC protocol"),
)
FIRST_PORTS: dict[PoseForm, int] = {"json": 39540, "vmc": 39539}
HERE = QHostAddress.SpecialAddress.LocalHost
MAKERS = {"json": json_message, "vmc": vmc_message}


class PoseSender(QObject):
    """Off until started; datagrams never leave this machine.

    Signals:
        changed(): It was started or stopped.
    """

    changed = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self._socket: QUdpSocket | None = None
        self.form: PoseForm = "json"
        self.port = FIRST_PORTS["json"]
        self.sent_count = 0
        session.shown_changed.connect(self._on_shown)

    @property
    def is_on(self) -> bool:
        return self._socket is not None

    def start(self, form: PoseForm, port: int) -> None:
        """Send from the next frame on."""
        self.form, self.port, self.sent_count = form, port, 0
        self._socket = QUdpSocket(self)
        self.changed.emit()

    def stop(self) -> None:
        """Send no more."""
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close()
            socket.deleteLater()
            self.changed.emit()

    def _on_shown(self) -> None:
        session = self._session
        result = session.result()
        if self._socket is None or result is None or session.model is None:
            return
        message = MAKERS[self.form](session.model, result)
        if self._socket.writeDatagram(message, QHostAddress(HERE), self.port) == len(message):
            self.sent_count += 1
