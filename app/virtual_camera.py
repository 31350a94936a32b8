"""Shows the 3D view to other programs as a camera, where pyvirtualcam and a driver are there.

camera = VirtualCamera(picture=viewport.picture); why_not()     # a sentence, or None
camera.start(); camera.stop()
"""

import importlib.util
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter

from core.errors import ExportError

LOG = logging.getLogger(__name__)
SIZE_PX = (1280, 720)
FPS = 30
LOOPBACK = Path("/sys/module/v4l2loopback")


def why_not() -> str | None:
    """What is missing for a virtual camera here; None if it can be tried."""
    if importlib.util.find_spec("pyvirtualcam") is None:
        return "It needs the package pyvirtualcam: pip install pyvirtualcam."
    if sys.platform.startswith("linux") and not LOOPBACK.exists():
        return "It needs the kernel module v4l2loopback: sudo modprobe v4l2loopback."
    return None  # elsewhere OBS brings the driver; opening it tells whether it is there


def open_camera() -> Any:
    """A `pyvirtualcam.Camera`.

    Raises:
        ExportError: No driver takes pictures.
    """
    import pyvirtualcam  # type: ignore[import-not-found]

    try:
        return pyvirtualcam.Camera(*SIZE_PX, FPS)
    except RuntimeError as error:
        raise ExportError(f"No virtual camera takes pictures here ({error}).") from error


class VirtualCamera(QObject):
    """Off until started; sends what the view shows, the whole of it, on black.

    Signals:
        changed(): It was started or stopped.
        failed(Exception): The driver takes no more pictures.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self,
        picture: Callable[[], QImage],
        make: Callable[[], Any] = open_camera,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._picture, self._make = picture, make
        self._camera: Any = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1000 // FPS)
        self._timer.timeout.connect(self.send)

    @property
    def is_on(self) -> bool:
        return self._camera is not None

    @property
    def device(self) -> str:
        """How other programs call it."""
        return str(getattr(self._camera, "device", ""))

    def start(self) -> None:
        """Send from now on.

        Raises:
            ExportError: It cannot be opened.
        """
        self._camera = self._make()
        self._timer.start()
        self.changed.emit()

    def stop(self) -> None:
        """Send no more."""
        self._timer.stop()
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
            self.changed.emit()

    def send(self) -> None:
        """One picture."""
        if self._camera is None:
            return
        try:
            self._camera.send(letterboxed(self._picture()))
        except RuntimeError as error:
            self.stop()
            self.failed.emit(error)


def letterboxed(drawn: QImage) -> UInt8[np.ndarray, "height width 3"]:
    """The whole picture in the middle of a black one of the camera's size."""
    page = QImage(QSize(*SIZE_PX), QImage.Format.Format_RGB888)
    page.fill(Qt.GlobalColor.black)
    if not drawn.isNull():
        small = drawn.scaled(
            page.size(), Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )  # fmt: skip
        painter = QPainter(page)
        place = (page.width() - small.width()) // 2, (page.height() - small.height()) // 2
        painter.drawImage(*place, small)
        painter.end()
    raw = np.frombuffer(page.constBits(), np.uint8).reshape(SIZE_PX[1], page.bytesPerLine())
    return raw[:, : 3 * SIZE_PX[0]].reshape(SIZE_PX[1], SIZE_PX[0], 3).copy()
