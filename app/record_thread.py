"""Writes a take on its own thread, so that neither camera nor window waits for the disk.

thread = RecordThread(folder, model, (640, 480)); thread.start()
thread.put(frame); thread.put(result); thread.stop()
"""

import logging
import queue
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from app.take_writer import TakeWriter
from core.frame import Frame
from core.results import FrameResult

LOG = logging.getLogger(__name__)
WAITING = 120
"""Items that may wait; beyond it frames are left out of the video, and counted."""


class RecordThread(QThread):
    """Takes frames and results in the order they come.

    Signals (emitted on this thread):
        finished_take(str, float): The folder, and how many seconds are in it.
        failed(Exception): The disk is full or gone; what was written stays.
    """

    finished_take = Signal(str, float)
    failed = Signal(object)

    def __init__(
        self, folder: Path, model: Any, size_px: tuple[int, int], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("record")
        self.folder = folder
        self.left_out_count = 0
        self.frame_count = 0
        self._model, self._size_px = model, size_px
        self._queue: queue.Queue[Frame | FrameResult | None] = queue.Queue()

    def put(self, item: Frame | FrameResult) -> None:
        """Hand over a frame or a result; never waits."""
        if isinstance(item, Frame) and self._queue.qsize() >= WAITING:
            self.left_out_count += 1
            return
        self._queue.put(item)

    def stop(self) -> None:
        """Write what is waiting and end; call `wait` after."""
        self._queue.put(None)

    def run(self) -> None:
        try:
            with TakeWriter(self.folder, self._model, self._size_px) as writer:
                while (item := self._queue.get()) is not None:
                    if isinstance(item, Frame):
                        writer.add_frame(item)
                        self.frame_count = writer.frame_count
                    else:
                        writer.add_result(item)
            if self.left_out_count:
                LOG.warning("%d frames were left out of the take", self.left_out_count)
            if writer.frame_count:
                self.finished_take.emit(str(self.folder), writer.duration_s)
        except Exception as error:
            LOG.exception("recording failed")
            self.failed.emit(error)
