"""Small pictures of a video at even distances, read on a thread of their own."""

import logging

import cv2
import numpy as np
from PySide6.QtCore import QObject, QThread, Signal
from PySide6.QtGui import QImage

from app.input_view import image_of
from app.ports import Services
from core.errors import SourceError

LOG = logging.getLogger(__name__)
COUNT = 24
HEIGHT_PX = 80
"""Twice the height they are shown at, for dense screens."""


class ThumbnailThread(QThread):
    """Reads and ends.

    Signals (emitted on this thread):
        read(int, QImage): Frame number and its picture.
    """

    read = Signal(int, QImage)

    def __init__(
        self, services: Services, text: str, frame_count: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("thumbnails")
        self._services, self._text, self._count = services, text, frame_count
        self._is_stopped = False

    def stop(self) -> None:
        """Ask the thread to end after the picture it is at."""
        self._is_stopped = True

    def run(self) -> None:
        number = min(COUNT, self._count)
        frames = ((np.arange(number) + 0.5) / number * self._count).astype(int)
        try:
            with self._services.open_source(self._text) as source:
                for frame in frames:
                    if self._is_stopped:
                        return
                    source.seek(int(frame))
                    picture = source.read()
                    if picture is not None:
                        self.read.emit(int(frame), small(picture.rgb))
        except SourceError as error:  # the capture thread says so where it matters
            LOG.warning("no thumbnails: %s", error)


def small(rgb: np.ndarray) -> QImage:
    """A picture of the thumbnails' height."""
    height, width = rgb.shape[:2]
    size = (max(1, round(width * HEIGHT_PX / height)), HEIGHT_PX)
    return image_of(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
