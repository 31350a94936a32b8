"""Cameras of this machine."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2

from core.errors import SourceError
from core.frame import Frame
from core.sources.camera_list import CameraInfo, list_cameras
from core.sources.source import ClosesItself

OPEN_TIMEOUT_S = 12.0
"""MSMF can take minutes; nobody waits that long."""
_BACKENDS = {
    "linux": (cv2.CAP_V4L2,),
    "win32": (cv2.CAP_MSMF, cv2.CAP_DSHOW),
    "darwin": (cv2.CAP_AVFOUNDATION,),
}


@runtime_checkable
class Capture(Protocol):
    """The part of cv2.VideoCapture that is used once it is open."""

    def read(self) -> tuple[bool, Any]: ...
    def get(self, propId: int) -> float: ...
    def getBackendName(self) -> str: ...
    def release(self) -> None: ...


class CameraSource(ClosesItself):
    """A camera, by number, device node or name.

    `read` waits for the next frame; keeping only the newest is up to the caller's thread.
    Motion JPEG is asked for first: raw pictures overload USB at high rates.

    Args:
        which: "0", "/dev/video0" or (part of) a name from `list_cameras`.
        size_px: Wanted width and height; the camera gives the nearest it can.
        fps: Wanted rate.

    Raises:
        SourceError: No such camera, or it does not answer in `OPEN_TIMEOUT_S`.
    """

    is_live = True
    frame_count = None
    times_s = None

    def __init__(
        self, which: str, size_px: tuple[int, int] = (640, 480), fps: float = 30.0
    ) -> None:
        self._info = _find_camera(which)
        self.name = self._info.name
        self._capture = _open_in_time(self._info, size_px, fps)
        self.backend = self._capture.getBackendName()
        self.width_px = round(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.height_px = round(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or fps
        self._start_s = time.monotonic()
        self._count = 0

    def read(self) -> Frame | None:
        got, bgr = self._capture.read()
        time_s = time.monotonic() - self._start_s
        if not got or bgr is None:
            raise SourceError(f"{self.name} stopped giving pictures; it may be unplugged.")
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        frame = Frame(self._count, time_s, rgb)
        self._count += 1
        return frame

    def seek(self, index: int) -> None:
        raise ValueError("a camera cannot seek")

    def close(self) -> None:
        self._capture.release()


def _find_camera(which: str) -> CameraInfo:
    cameras = list_cameras()
    known = ", ".join(f"camera:{camera.index} ({camera.name})" for camera in cameras)
    advice = f"there is {known}" if known else "none is plugged in; open a video file instead"
    if which.isdecimal():
        index = int(which)
        for camera in cameras:
            if camera.index == index:
                return camera
        if sys.platform == "linux" and not Path(f"/dev/video{index}").exists():
            raise SourceError(f"There is no camera {index}: {advice}.")
        return CameraInfo(index, f"Camera {index}", "")
    for camera in cameras:
        if which and (which == camera.path or which.lower() in camera.name.lower()):
            return camera
    raise SourceError(f"There is no camera {which!r}: {advice}.")


def _open_in_time(info: CameraInfo, size_px: tuple[int, int], fps: float) -> Capture:
    """Open on another thread, so that a driver that hangs cannot hang us."""
    opened: list[Capture] = []
    is_late = threading.Event()
    lock = threading.Lock()

    def open_and_hand_over() -> None:
        for capture in _working_captures(info, size_px, fps):
            with lock:
                if is_late.is_set():
                    capture.release()
                else:
                    opened.append(capture)
                return

    thread = threading.Thread(target=open_and_hand_over, name="open-camera", daemon=True)
    thread.start()
    thread.join(OPEN_TIMEOUT_S)
    with lock:
        is_late.set()
    if opened:
        return opened[0]
    if thread.is_alive():
        raise SourceError(f"{info.name} does not answer; unplug it and plug it in again.")
    raise SourceError(
        f"{info.name} gives no pictures; it may be in use by another program or not permitted."
    )


def _working_captures(info: CameraInfo, size_px: tuple[int, int], fps: float) -> Iterator[Capture]:
    """Captures that gave a picture, by order of preference; the others are released."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        for backend in _BACKENDS.get(sys.platform, (cv2.CAP_ANY,)):
            capture = cv2.VideoCapture(info.index, backend)
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, size_px[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size_px[1])
            capture.set(cv2.CAP_PROP_FPS, fps)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # an old frame is worth nothing
            if capture.isOpened() and capture.read()[0]:
                yield capture
            else:
                capture.release()
    except cv2.error:
        return  # the driver broke: the same as no picture
    finally:
        cv2.utils.logging.setLogLevel(level)
