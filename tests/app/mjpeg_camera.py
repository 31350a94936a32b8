"""A network camera on this machine that stalls, freezes, hangs up and changes size.

with MjpegCamera(pictures) as camera:
    window.open_text(camera.address)
    camera.mode = "frozen"; camera.size_px = (320, 240); camera.mode = "away"

Every picture carries the moment at which it was made, as bits in two rows of blocks, so that a test
can tell how old the picture on the screen is.
"""

import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import cv2
import numpy as np

Mode = Literal["running", "still", "stalled", "frozen", "away"]
"""`still` shows one scene, with a new clock; `frozen` sends the very same picture."""
BITS, BLOCK_PX = 20, 8
CLOCK_MS = 1 << BITS
"""The burnt-in clock counts milliseconds and begins anew after 17 minutes."""


def clock_ms() -> int:
    """The clock that is burnt in; the same in all processes of one machine."""
    return int(1e3 * time.monotonic()) % CLOCK_MS


def burn(rgb: np.ndarray, value: int) -> np.ndarray:
    """The picture with the bits of `value` in its upper left corner."""
    burnt = rgb.copy()
    for bit in range(BITS):
        row, column = divmod(bit, BITS // 2)
        block = burnt[row * BLOCK_PX :, column * BLOCK_PX :][:BLOCK_PX, :BLOCK_PX]
        block[:] = 235 if value >> bit & 1 else 20
    return burnt


def age_ms(rgb: np.ndarray) -> int:
    """How long ago the picture was made."""
    middle, value = BLOCK_PX // 2, 0
    for bit in range(BITS):
        row, column = divmod(bit, BITS // 2)
        lit = rgb[row * BLOCK_PX + middle, column * BLOCK_PX + middle].mean() > 128
        value |= int(lit) << bit
    return (clock_ms() - value) % CLOCK_MS


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    camera: "MjpegCamera"

    def handle_error(self, request: object, client_address: object) -> None:
        """The other side hung up: that is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    """Sends pictures until the camera goes away or the other side does."""

    def do_GET(self) -> None:
        camera = self.server.camera  # type: ignore[attr-defined]
        if camera.mode == "away":
            self.send_error(503)
            return
        camera.connections += 1
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        while (jpeg := camera.next_jpeg()) is not None:
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


class MjpegCamera:
    """Serves pictures in turn, over and over; `mode` and `size_px` may be changed any time."""

    def __init__(self, pictures: Sequence[np.ndarray], fps: float = 25.0) -> None:
        self.mode: Mode = "running"
        self.size_px: tuple[int, int] | None = None
        """Width and height; None is that of the pictures."""
        self.connections = 0
        self._pictures, self._fps = pictures, fps
        self.number, self._is_over = 0, False
        self._last = b""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.camera = self
        serve = {"poll_interval": 0.02}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=serve)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/video"

    def next_jpeg(self) -> bytes | None:
        """The next picture when it is due; None when the connection is to be closed."""
        time.sleep(1 / self._fps)
        while self.mode == "stalled" and not self._is_over:
            time.sleep(0.01)
        if self.mode == "away" or self._is_over:
            return None
        if self.mode == "frozen" and self._last:
            return self._last
        self.number += self.mode != "still"
        rgb = self._pictures[self.number % len(self._pictures)]
        if self.size_px is not None:
            rgb = cv2.resize(rgb, self.size_px, interpolation=cv2.INTER_AREA)
        self._last = cv2.imencode(".jpg", burn(rgb, clock_ms())[..., ::-1])[1].tobytes()
        return self._last

    def __enter__(self) -> "MjpegCamera":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
